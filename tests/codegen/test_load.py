"""Reading a bundle: flattening, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from codegen.findings import CodegenError
from codegen.load import load
from openai_codex._schema.bundle import Schema, ref_name
from tests.codegen.small_schema import STRING, bundle, message, obj, ref


def test_namespaces_are_flattened_and_references_with_them() -> None:
    source = bundle({"Inner": STRING}, outer={"Outer": obj(a={"$ref": "#/definitions/v2/Inner"})})
    loaded = load(source)
    assert list(loaded.definitions) == ["Inner", "Outer"]
    assert loaded.definitions["Outer"]["properties"]["a"] == ref("Inner")


def test_envelopes_and_json_rpc_types_are_set_apart() -> None:
    requests = [message("thread/start", ref("ThreadStartParams"))]
    loaded = load(bundle({"ThreadStartParams": obj()}, requests=requests, outer={"JSONRPCError": obj()}))
    assert loaded.client_requests == requests
    assert list(loaded.definitions) == ["ThreadStartParams"]


def test_type_in_both_namespaces_may_differ_in_its_title_only() -> None:
    outer = {"Path": {**STRING, "title": "Path", "$schema": "http://json-schema.org/draft-07/schema#"}}
    assert list(load(bundle({"Path": STRING}, outer=outer)).definitions) == ["Path"]


def test_type_with_two_meanings_is_refused() -> None:
    with pytest.raises(CodegenError) as caught:
        load(bundle({"Path": STRING}, outer={"Path": {"type": "integer"}}), name="experimental.json")
    assert str(caught.value) == (
        "experimental.json: two different types are called Path; teach openai_codex/_schema/bundle.py about it"
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"", "JSONDecodeError"),
        (b'"\xff"', "UnicodeDecodeError"),
        (b"[]", "TypeError"),
        (b"{}", "KeyError: 'definitions'"),
        (b'{"definitions": {}}', "KeyError: 'v2'"),
        (b'{"definitions": {"v2": {}}}', "KeyError: 'ClientRequest'"),
        (b'{"definitions": {"v2": {}, "ClientRequest": []}}', "TypeError"),
        (b'{"definitions": {"v2": {}, "ClientRequest": {"oneOf": 3}}}', "TypeError"),
    ],
)
def test_anything_else_is_refused_with_one_line(tmp_path: Path, content: bytes, cause: str) -> None:
    path = tmp_path / "experimental.json"
    path.write_bytes(content)
    with pytest.raises(CodegenError) as caught:
        load(path)
    (finding,) = caught.value.findings
    assert finding.where == "experimental.json"
    assert cause in finding.reason
    assert finding.next_step == 'run "make schema"'


@pytest.mark.parametrize(
    "branch",
    [
        pytest.param({"type": "object", "properties": {"method": {"const": "job/x"}}}, id="constant"),
        pytest.param({"type": "object", "properties": {"method": {"enum": []}}}, id="no value"),
        pytest.param({"type": "object", "properties": {"method": {"enum": [1]}}}, id="number"),
        pytest.param({"type": "object", "properties": {"method": True}}, id="anything"),
        pytest.param(message("job/x", cast(Schema, True)), id="params"),
        pytest.param({"type": "object"}, id="no properties"),
        pytest.param(ref("Note"), id="reference"),
        pytest.param(True, id="true"),
        pytest.param([], id="list"),
    ],
)
def test_message_without_a_method_is_refused_by_its_envelope(branch: Schema) -> None:
    with pytest.raises(CodegenError) as caught:
        load(bundle({"Note": obj()}, notifications=[message("note", ref("Note")), branch]), name="experimental.json")
    assert str(caught.value) == (
        "experimental.json: a branch of ServerNotification is of unknown shape; "
        "teach openai_codex/_schema/bundle.py about it"
    )


@pytest.mark.parametrize(
    "schema",
    [
        False,
        None,
        [],
        "Note",
        {"properties": []},
        {"properties": {"a": 1}},
        {"oneOf": [False]},
        obj(a={"anyOf": ["a"]}),
        {"anyOf": {}},
        {"allOf": [{"required": "a"}]},
        {"required": [1]},
        {"type": 1},
        {"type": [None]},
        {"enum": {}},
        {"enum": []},
        {"type": "array", "items": {"items": 1}},
        {"type": "object", "additionalProperties": {"properties": []}},
        {"type": "object", "additionalProperties": []},
        {"$ref": 1},
    ],
)
def test_definition_of_unknown_shape_is_refused(schema: Any) -> None:
    with pytest.raises(CodegenError) as caught:
        load(bundle({"Anything": schema, "Thing": obj(a=ref("Anything"))}), name="experimental.json")
    assert (
        str(caught.value)
        == "experimental.json: Anything is of unknown shape; teach openai_codex/_schema/bundle.py about it"
    )


def test_true_is_a_definition_and_a_branch_that_say_nothing() -> None:
    source = bundle({"Anything": cast(Schema, True), "Thing": obj(a={"anyOf": [True, {"type": "null"}]}, b=True)})
    assert load(source).definitions == {
        "Anything": {},
        "Thing": obj(a={"anyOf": [{}, {"type": "null"}]}, b=True),
    }


def test_property_called_as_a_keyword_is_none() -> None:
    thing = obj(**{"$ref": STRING, "anyOf": STRING, "type": STRING, "enum": STRING, "required": STRING})
    assert load(bundle({"Thing": thing})).definitions == {"Thing": thing}


@pytest.mark.parametrize("params", [{"properties": []}, {"anyOf": [False]}, {"$ref": 1}])
def test_params_of_unknown_shape_are_refused_by_their_envelope(params: Schema) -> None:
    with pytest.raises(CodegenError, match="a branch of ClientRequest is of unknown shape"):
        load(bundle({}, requests=[message("job/x", params)]))


def test_missing_file_is_refused_with_one_line(tmp_path: Path) -> None:
    with pytest.raises(CodegenError, match=r"gone\.json: unreadable \(.*No such file"):
        load(tmp_path / "gone.json")


def test_ref_name_of_anything_else_is_none() -> None:
    assert ref_name(ref("A")) == "A"
    assert ref_name(STRING) is None
    assert ref_name(json.loads("true")) is None
