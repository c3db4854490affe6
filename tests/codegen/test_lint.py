"""Rules that need the whole picture: what the schema names must be usable, and free."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from codegen.lint import lint
from codegen.normalise import normalise
from codegen.partition import partition
from tests.codegen.small_schema import Schema, bundle, message, obj, overrides, protocol, ref


def errors(
    tmp_path: Path, definitions: dict[str, Schema], *, methods: Sequence[str] = (), exceptions: str = ""
) -> list[str]:
    """Errors about these definitions, and about requests of these methods."""
    entries = overrides(tmp_path, exceptions)
    source = bundle(
        {**definitions, "GoParams": obj(), "GoResponse": obj()},
        requests=[message(method, ref("GoParams")) for method in methods],
    )
    made = protocol(source, entries)
    out = normalise(made, entries)
    return [str(finding) for finding in lint(made, out, partition(made, out, entries))[0]]


def test_ordinary_protocol_has_no_errors(tmp_path: Path) -> None:
    words: Schema = {"type": "string", "enum": ["a", "b"]}
    assert errors(tmp_path, {"Words": words}, methods=["job/start", "job/readCore"]) == []


@pytest.mark.parametrize(
    "name",
    [
        "NotificationPayload",
        "OpenEnum",
        "OpenKey",
        "OpenTag",
        "OpenUnion",
        "Unrecognized",
        "UnknownNotification",
        "Variant",
    ],
)
def test_type_with_a_name_that_the_models_need_themselves_is_refused(tmp_path: Path, name: str) -> None:
    line = f"schema: {name} cannot be a class name; teach codegen/normalise.py another"
    assert errors(tmp_path, {name: obj()}) == [line]


@pytest.mark.parametrize(
    "definition",
    [
        pytest.param({"type": "integer", "enum": [1, 2]}, id="integers"),
        pytest.param({"type": "string", "enum": ["a", True]}, id="boolean"),
        pytest.param({"type": ["string", "null"], "enum": ["a", "b", None]}, id="nullable"),
        pytest.param({"oneOf": [{"type": "integer", "enum": [1]}, {"type": "integer", "enum": [2]}]}, id="branches"),
    ],
)
def test_enum_of_anything_but_strings_is_refused(tmp_path: Path, definition: Schema) -> None:
    line = "schema: enum Level has values that are no strings; teach codegen/normalise.py about it"
    assert errors(tmp_path, {"Level": definition}) == [line]


def test_inline_enum_of_integers_is_refused_under_the_name_it_gets(tmp_path: Path) -> None:
    line = "schema: enum ThingLevel has values that are no strings; teach codegen/normalise.py about it"
    assert errors(tmp_path, {"Thing": obj(level={"type": "integer", "enum": [1, 2]})}) == [line]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("core/x", "core.x"),
        ("m/x", "m.x"),
        ("property/x", "property.x"),
        ("README/x", "readme.x"),
        ("1st/x", "1st.x"),
        ("job/1", "job.1"),
    ],
)
def test_method_that_cannot_be_a_python_path_is_refused_until_it_is_named(
    tmp_path: Path, method: str, path: str
) -> None:
    step = f'give it another name in [rpc_name]: `"{method}" = ["{path.rpartition(".")[0]}", "..."]`'
    line = f"overrides.toml: {method} cannot be rpc.{path}; {step}"
    assert errors(tmp_path, {}, methods=[method]) == [line]
    assert errors(tmp_path, {}, methods=[method], exceptions=f'[rpc_name]\n"{method}" = ["job", "go"]\n') == []


def test_server_request_that_cannot_be_a_handler_is_refused(tmp_path: Path) -> None:
    entries = overrides(tmp_path)
    asked = [message("1st/x", ref("AskParams"))]
    made = protocol(bundle({"AskParams": obj(), "AskResponse": obj()}, server_requests=asked), entries)
    out = normalise(made, entries)
    assert [str(finding) for finding in lint(made, out, partition(made, out, entries))[0]] == [
        "schema: 1st/x cannot be the handler 1st_x; teach codegen/naming.py another name"
    ]
