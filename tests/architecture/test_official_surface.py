"""Whatever programs use of the official package is here: names, parameters, kinds, defaults, results and bases.

What may differ is more: parameters that are given by keyword and can be left out, members of enums, bases. What is
changed or missing is listed with the reason; an entry of the list that is no difference any more fails as well.
``summary()`` says how much is the same.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import json
import re
from collections.abc import Callable, Iterator
from inspect import Parameter
from typing import Any

import pytest

import openai_codex
from openai_codex import models
from tests.architecture.source import ROOT

OFFICIAL: dict[str, Any] = json.loads(
    (ROOT / "tests" / "data" / "official-surface-0.163.0.json").read_text(encoding="utf-8")
)

DIFFERENCES: dict[str, str] = {}
"""``kind name``, as in the name of the test, -> why it is not as in the official package."""

Recorded = tuple[str, str, str | None]
"""Name, kind and default of a parameter; no default is None."""

MODULES = {"exports": "", "types": ".types", "models": ".models", "errors": ".errors", "retry": ".retry"}
"""Kinds of cases that are names of a module."""


# Cases


def cases() -> Iterator[tuple[str, str]]:
    """Kind and name of everything that is recorded."""
    for kind, content in OFFICIAL.items():
        if kind in ("fields", "enums"):
            yield from ((kind, f"{owner}.{name}") for owner, names in content.items() for name in names)
        elif kind != "about":
            yield from ((kind, name) for name in content)


def problems(kind: str, name: str) -> list[str]:
    """What differs, in words; empty where nothing does."""
    try:
        if kind in MODULES:
            return differences_of_name(importlib.import_module(f"openai_codex{MODULES[kind]}"), name)
        return CHECKS[kind](name)
    except AttributeError as error:
        return [str(error)]


def summary() -> list[str]:
    """How much is the same, one line a kind: ``37 of 37 types``."""
    found = [(kind, not problems(kind, name)) for kind, name in cases()]
    kinds = list(dict.fromkeys(kind for kind, _ in found))
    return [f"{found.count((kind, True))} of {sum(each == kind for each, _ in found)} {kind}" for kind in kinds]


# Checks


def differences_of_name(module: Any, name: str) -> list[str]:
    getattr(module, name)
    # A module without such a list offers everything.
    return [] if name in getattr(module, "__all__", [name]) else [f"{name} is not in __all__"]


def owner_of(name: str) -> Any:
    """The class that ``Class.member`` or ``Class`` names."""
    owner = name.partition(".")[0]
    return getattr(openai_codex if owner in OFFICIAL["exports"] else models, owner)


def public(parameters: list[Parameter]) -> list[Recorded]:
    """What callers see: private parameters are left out if a call can leave them out."""
    return [
        (each.name, each.kind.name, None if each.default is Parameter.empty else repr(each.default))
        for each in parameters
        if not each.name.startswith("_") or each.default is Parameter.empty
    ]


def differences_of_parameters(recorded: list[Recorded], ours: list[Recorded]) -> list[str]:
    """Changes and losses, and additions that a call of the official package could not do without."""
    here = {name: (kind, default) for name, kind, default in ours}
    expected = {
        name: (kind, repr(openai_codex.__version__) if default == "<version>" else default)
        for name, kind, default in recorded
    }
    found = [
        f"{name} is {here.get(name)}, not {expected[name]}" for name in expected if here.get(name) != expected[name]
    ]
    found += [
        f"{name} is {kind} with default {default}, and new"
        for name, (kind, default) in here.items()
        if name not in expected and (kind != "KEYWORD_ONLY" or default is None)
    ]
    by_place = [[name for name, kind, _ in each if kind != "KEYWORD_ONLY"] for each in (recorded, ours)]
    if by_place[0] != by_place[1]:
        found.append(f"the order is {by_place[1]}, not {by_place[0]}")
    return found


def differences_of_function(recorded: dict[str, Any], function: Any, *, method: bool) -> list[str]:
    parameters = list(inspect.signature(function).parameters.values())[method:]
    found: list[str] = []
    if not function.__name__.startswith("__"):  # Python itself calls those, by place
        found += differences_of_parameters([tuple(each) for each in recorded["parameters"]], public(parameters))
    if inspect.iscoroutinefunction(function) is not recorded["coroutine"]:
        found.append(f"it is {'not ' * recorded['coroutine']}a coroutine function")
    result = inspect.get_annotations(function).get("return")
    plain = str(result).partition("[")[0].rpartition(".")[2]  # a generic class is still that class
    if recorded["returns"] is not None and plain != recorded["returns"]:
        found.append(f"it returns {plain}, not {recorded['returns']}")
    return found


def differences_of_module_function(name: str) -> list[str]:
    module, _, function = name.partition(".")
    ours = getattr(importlib.import_module(f"openai_codex.{module}"), function)
    return differences_of_function(OFFICIAL["functions"][name], ours, method=False)


def differences_of_method(name: str) -> list[str]:
    recorded, cls, attribute = OFFICIAL["methods"][name], owner_of(name), name.partition(".")[2]
    ours: Any = inspect.getattr_static(cls, attribute, None)
    if ours is None:
        return [f"there is no {attribute}"]
    if recorded == "property" or isinstance(ours, property):
        return [] if recorded == "property" and isinstance(ours, property) else ["it is a property in one of both"]
    return differences_of_function(recorded, ours, method=True)


def differences_of_constructor(name: str) -> list[str]:
    recorded: list[Recorded] = [tuple(each) for each in OFFICIAL["constructors"][name]]
    return differences_of_parameters(recorded, public(list(inspect.signature(owner_of(name)).parameters.values())))


def differences_of_field(name: str) -> list[str]:
    cls, attribute = owner_of(name), name.partition(".")[2]
    if issubclass(cls, Exception):
        cls = cls(0, "")
    known = {*dir(cls), *getattr(cls, "model_fields", ()), *getattr(cls, "__dataclass_fields__", ())}
    return [] if attribute in known else [f"there is no {attribute}"]


def differences_of_dataclass(name: str) -> list[str]:
    """Order for ``match``, ``astuple`` and the like."""
    cls, expected = owner_of(name), OFFICIAL["fields"][name]
    fields = [field.name for field in dataclasses.fields(cls)][: len(expected)]
    matched = list(cls.__match_args__)
    return [f"{each}, not {expected}" for each in (fields, matched) if each != expected]


def differences_of_member(name: str) -> list[str]:
    cls, _, member = name.partition(".")
    ours, expected = getattr(owner_of(name), member), OFFICIAL["enums"][cls][member]
    # Equal itself, and not only its value: it is a string as well.
    return [] if ours == expected and ours.value == expected else [f"{ours!r}, not {expected!r}"]


def differences_of_bases(name: str) -> list[str]:
    expected: list[str] = OFFICIAL["bases"][name]
    ours = [base.__name__ for base in owner_of(name).__mro__[1:] if base.__name__ in expected]
    return [] if ours == expected else [f"{ours}, not {expected}"]


CHECKS: dict[str, Callable[[str], list[str]]] = {
    "functions": differences_of_module_function,
    "constructors": differences_of_constructor,
    "methods": differences_of_method,
    "fields": differences_of_field,
    "dataclasses": differences_of_dataclass,
    "enums": differences_of_member,
    "bases": differences_of_bases,
}


# Tests


@pytest.mark.parametrize(("kind", "name"), list(cases()), ids=lambda part: part)
def test_is_as_in_the_official_package(kind: str, name: str) -> None:
    if f"{kind} {name}" not in DIFFERENCES:
        assert problems(kind, name) == []


def test_every_listed_difference_is_one() -> None:
    recorded = {f"{kind} {name}": (kind, name) for kind, name in cases()}
    assert [each for each in DIFFERENCES if each not in recorded or not problems(*recorded[each])] == []


def test_every_listed_difference_has_a_reason() -> None:
    assert [each for each, reason in DIFFERENCES.items() if len(reason) < 20] == []


def test_summary_counts_what_is_the_same() -> None:
    listed = [name.partition(" ")[0] for name in DIFFERENCES]
    totals = [kind for kind, _ in cases()]
    assert summary() == [
        f"{totals.count(kind) - listed.count(kind)} of {totals.count(kind)} {kind}" for kind in dict.fromkeys(totals)
    ]
    assert {"37 of 37 exports", "37 of 37 types"} <= set(summary())


def test_record_is_of_the_version_that_the_types_are_held_against() -> None:
    types = json.loads((ROOT / "tests" / "data" / "official-types-0.163.0.json").read_text(encoding="utf-8"))
    versions = [re.search(r"openai-codex (\S+):", each["about"]) for each in (OFFICIAL, types)]
    assert len({version and version[1] for version in versions}) == 1 and all(versions)


RECORDED: list[Recorded] = [
    ("a", "POSITIONAL_OR_KEYWORD", None),
    ("b", "POSITIONAL_OR_KEYWORD", "1"),
    ("c", "KEYWORD_ONLY", "None"),
]


def same(a: Any, b: int = 1, *, c: Any = None) -> None: ...
def more(a: Any, b: int = 1, *, c: Any = None, d: bool = False, _e: Any = None) -> None: ...
def reordered_keywords(a: Any, b: int = 1, *, z: int = 0, c: Any = None) -> None: ...


def fewer(a: Any, *, c: Any = None) -> None: ...
def renamed(a: Any, x: int = 1, *, c: Any = None) -> None: ...
def other_default(a: Any, b: int = 2, *, c: Any = None) -> None: ...
def required(a: Any, b: int, *, c: Any = None) -> None: ...
def other_kind(a: Any, b: int = 1, c: Any = None) -> None: ...
def keyword_only(a: Any, *, b: int = 1, c: Any = None) -> None: ...
def swapped(b: int = 1, a: Any = None, *, c: Any = None) -> None: ...
def inserted(a: Any, d: int = 0, b: int = 1, *, c: Any = None) -> None: ...
def appended(a: Any, b: int = 1, d: int = 0, *, c: Any = None) -> None: ...
def demanding(a: Any, b: int = 1, *, c: Any = None, d: int) -> None: ...
def demanding_in_private(_e: Any, a: Any, b: int = 1, *, c: Any = None) -> None: ...


def differences(function: Callable[..., None]) -> list[str]:
    return differences_of_parameters(RECORDED, public(list(inspect.signature(function).parameters.values())))


@pytest.mark.parametrize("function", [same, more, reordered_keywords])
def test_additions_that_can_be_left_out_are_no_difference(function: Callable[..., None]) -> None:
    assert differences(function) == []


@pytest.mark.parametrize(
    "function",
    [
        fewer,
        renamed,
        other_default,
        required,
        other_kind,
        keyword_only,
        swapped,
        inserted,
        appended,
        demanding,
        demanding_in_private,
    ],
)
def test_what_breaks_a_call_is_a_difference(function: Callable[..., None]) -> None:
    assert differences(function) != []


def test_coroutine_and_result_are_compared() -> None:
    recorded = {"parameters": RECORDED, "coroutine": True, "returns": "Thread"}
    assert differences_of_function(recorded, same, method=False) == [
        "it is not a coroutine function",
        "it returns None, not Thread",
    ]
