"""Imports point down only. The tables below are the architecture; the tests only read them."""

from __future__ import annotations

import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.architecture.source import Import, Module, package_modules

# From the top down. A module belongs to the longest prefix that fits it, and may import from its own layer and from
# every layer below, at any moment: when imported, when called, and for type checkers alone.
LAYERS: list[tuple[str, tuple[str, ...]]] = [
    ("entry", ("", "__main__", "_cli", "_exports", "_terminal", "console", "models", "protocol", "retry", "types")),
    ("testing", ("testing",)),
    ("facade", ("_async", "_sync")),
    ("rpc", ("_generated.rpc_async", "_generated.rpc_sync", "_rpc", "_calls")),
    ("engine", ("_engine", "_compat")),
    ("transport", ("_transport",)),
    ("core", ("_core",)),
    ("handlers", ("_generated.handlers_async", "_generated.handlers_sync")),
    (
        "values",
        (
            "_answers",
            "_approval_policy",
            "_approval_subjects",
            "_approvals",
            "_command_line",
            "_config",
            "_forms",
            "_inputs",
            "_media",
            "_metadata",
            "_output",
            "_policy",
            "_questions",
            "_refusal",
            "_results",
            "_sources",
            "_strict",
            "_tool_arguments",
            "_tool_output",
            "_tools",
        ),
    ),
    ("models", ("_generated.models", "_generated._methods", "_generated._docs")),
    ("schema", ("_schema",)),
    (
        "base",
        (
            "_failure",
            "_model",
            "_unknown",
            "_unset",
            "_checks",
            "_json",
            "_log",
            "errors",
            "_generated",
            "_generated._version",
        ),
    ),
]

# (importing module, imported module, when): why it may point up.
UPWARD: dict[tuple[str, str, str], str] = {
    ("errors", "_generated.models", "typing"): "the error of a turn has a typed cause",
    ("errors", "_results", "typing"): "the errors of a turn carry its result",
}

# Modules that do something to the world, and the only modules of the package that may import them.
CONFINED: dict[str, tuple[str, ...]] = {
    "asyncio": ("_compat", "_engine"),
    "concurrent": ("_engine",),
    "http": ("testing",),
    "multiprocessing": (),
    "queue": ("_engine",),
    "select": ("_engine",),
    "selectors": ("_engine",),
    "signal": ("_cli", "_transport"),
    "socket": ("_transport", "testing"),
    "socketserver": ("testing",),
    "ssl": ("_transport",),
    "subprocess": ("_transport",),
    "threading": ("_compat", "_engine", "_model", "_terminal", "_transport", "testing"),
    "time": ("_compat", "_engine", "_refusal", "retry", "testing"),
}

# What the package may import besides the standard library.
DEPENDENCIES = {"pydantic", "pydantic_core", "typing_extensions"}

# What it may use where it is installed: inside of functions, and only in these modules.
OPTIONAL: dict[str, tuple[str, ...]] = {"rich": ("_terminal",)}

# The two worlds. Neither side may import from the other.
TWINS = [
    ("_async", "_sync"),
    ("_generated.rpc_async", "_generated.rpc_sync"),
    ("_generated.handlers_async", "_generated.handlers_sync"),
    ("_engine.aio", "_engine.threads"),
]


def fits(module: str, prefix: str) -> bool:
    return module == prefix or (prefix != "" and module.startswith(f"{prefix}."))


def layer_of(module: str) -> int:
    """Position of a module's layer, counted from the top."""
    found = [
        (len(prefix), level)
        for level, (_, prefixes) in enumerate(LAYERS)
        for prefix in prefixes
        if fits(module, prefix)
    ]
    assert found, f"{module} is in no layer: add it to LAYERS"
    return max(found)[1]


@cache
def imports() -> list[tuple[Module, Import]]:
    return [(module, each) for module in package_modules().values() for each in module.imports()]


def place(module: Module, each: Import) -> str:
    return f"{module.name or 'openai_codex'}:{each.line} imports {each.target} ({each.when})"


def test_every_module_has_a_layer() -> None:
    assert all(0 <= layer_of(name) < len(LAYERS) for name in package_modules())


def test_imports_point_down_only() -> None:
    upward = [
        f"{place(module, each)}: {LAYERS[layer_of(module.name)][0]} -> {LAYERS[layer_of(each.target)][0]}"
        for module, each in imports()
        if each.internal
        and layer_of(each.target) < layer_of(module.name)
        and (module.name, each.target, each.when) not in UPWARD
    ]
    assert upward == []


def test_every_exception_is_still_needed() -> None:
    present = {(module.name, each.target, each.when) for module, each in imports()}
    assert set(UPWARD) - present == set()


def test_modules_import_each_other_without_a_cycle() -> None:
    graph = {
        name: {each.target for each in module.imports() if each.internal and each.when == "import"}
        for name, module in package_modules().items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize(("left", "right"), TWINS)
def test_twins_do_not_know_each_other(left: str, right: str) -> None:
    crossing = [
        place(module, each)
        for module, each in imports()
        for here, there in ((left, right), (right, left))
        if fits(module.name, here) and fits(each.target, there)
    ]
    assert crossing == []


@pytest.mark.parametrize("name", CONFINED)
def test_what_touches_the_world_is_imported_only_where_it_may(name: str) -> None:
    misplaced = [
        place(module, each)
        for module, each in imports()
        if not each.internal
        and each.target.partition(".")[0] == name
        and not any(fits(module.name, prefix) for prefix in CONFINED[name])
    ]
    assert misplaced == []


def test_core_and_facade_import_nothing_that_touches_the_world() -> None:
    # The table above must not be widened to let these in.
    pure = ("_core", "_async", "_sync", "_generated")
    widened = [(name, prefix) for name, prefixes in CONFINED.items() for prefix in prefixes if prefix.startswith(pure)]
    assert widened == []


def test_package_imports_only_its_dependencies() -> None:
    foreign = [
        place(module, each)
        for module, each in imports()
        if not each.internal
        and each.target.partition(".")[0] not in sys.stdlib_module_names | DEPENDENCIES
        and not (each.when == "call" and module.name in OPTIONAL.get(each.target.partition(".")[0], ()))
    ]
    assert foreign == []


def test_nothing_in_the_package_needs_the_testing_module() -> None:
    users = [
        place(module, each)
        for module, each in imports()
        if fits(each.target, "testing") and not fits(module.name, "testing")
    ]
    assert users == []
