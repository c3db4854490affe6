"""Every rule of the normaliser on a small schema, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.findings import CodegenError
from codegen.ir import Notification, Protocol, Request, ServerRequest
from codegen.normalise import UNRECOGNIZED, Union, normalise
from openai_codex._schema.bundle import references
from tests.codegen.small_schema import STRING, Schema, normalised, obj, overrides, ref, tag

INTEGER: Schema = {"type": "integer", "format": "int64"}


def variant(*required: str, **properties: Schema) -> Schema:
    return obj(*required, **properties)


def const(value: str) -> Schema:
    return {"const": value, "type": "string"}


# --- enums -----------------------------------------------------------------------------------------------


def test_string_enum_branches_become_one_enum_with_their_descriptions(tmp_path: Path) -> None:
    schema = {
        "description": "How to sum up.",
        "oneOf": [
            {"type": "string", "enum": ["auto", "concise"]},
            {"type": "string", "enum": ["none"], "description": "No\n  summary."},
        ],
    }
    out = normalised(tmp_path, {"Summary": schema})
    assert out.definitions["Summary"] == {
        "type": "string",
        "enum": ["auto", "concise", "none"],
        "description": "How to sum up.\n\n- ``none``: No summary.",
    }
    assert not out.unions


def test_one_value_enum_of_a_property_becomes_a_constant(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"A": obj(kind={"type": "string", "enum": ["only"]})})
    assert out.definitions["A"]["properties"]["kind"] == const("only")


def test_one_value_enum_definition_stays_an_enum(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"Kind": {"type": "string", "enum": ["only"]}})
    assert "enum" in out.definitions["Kind"]


def test_open_string_gets_the_values_known_today(tmp_path: Path) -> None:
    exceptions = '[open_enum]\nEffort = { values = ["low", "high"] }\n'
    out = normalised(tmp_path, {"Effort": STRING}, exceptions)
    assert out.definitions["Effort"]["enum"] == ["low", "high"]


def test_open_enum_entry_is_stale_once_the_schema_has_an_enum(tmp_path: Path) -> None:
    exceptions = overrides(tmp_path, '[open_enum]\nEffort = { values = ["low"] }\n')
    closed: Schema = {"type": "string", "enum": ["low", "high"]}
    normalise(Protocol((), (), (), {"Effort": closed}, frozenset(), frozenset()), exceptions)
    assert [str(each) for each in exceptions.stale()] == [
        "overrides.toml: [open_enum] Effort matches nothing in this schema; remove or limit it (since, until)"
    ]


@pytest.mark.parametrize(
    "constants",
    [
        pytest.param([{"type": "integer", "enum": [1]}, {"type": "integer", "enum": [2]}], id="integers"),
        pytest.param([{"type": "boolean", "enum": [True]}, {"type": "boolean", "enum": [False]}], id="booleans"),
    ],
)
def test_union_with_tags_that_are_no_strings_is_refused(tmp_path: Path, constants: list[Schema]) -> None:
    with pytest.raises(CodegenError, match=r"schema: .* needed for Outcome .*; teach codegen/normalise\.py"):
        normalised(tmp_path, {"Outcome": {"oneOf": [variant("kind", kind=constant) for constant in constants]}})


# --- tagged unions ---------------------------------------------------------------------------------------


def test_tagged_union_gets_a_definition_per_variant_and_a_fallback(tmp_path: Path) -> None:
    schema = {
        "description": "An item.",
        "oneOf": [
            variant("type", "id", **tag("agentMessage"), id=STRING, text=STRING),
            variant("type", "id", **tag("plan"), id=STRING, text=STRING, steps=INTEGER),
        ],
    }
    out = normalised(tmp_path, {"Item": schema})
    assert out.unions == {
        "Item": Union("tagged", ("AgentMessageItem", "PlanItem", "UnrecognizedItem"), "type"),
    }
    assert out.variants == {"AgentMessageItem", "PlanItem", "UnrecognizedItem"}
    assert out.fallbacks == {"UnrecognizedItem": "Item"}
    assert out.definitions["Item"] == {
        "anyOf": [ref("AgentMessageItem"), ref("PlanItem"), ref("UnrecognizedItem")],
        "description": "An item.",
    }
    assert out.definitions["PlanItem"] == {
        "type": "object",
        "properties": {"id": STRING, "steps": {"type": "integer"}, "text": STRING, "type": const("plan")},
        "required": ["id", "type"],
    }


def test_fallback_repeats_the_fields_that_all_variants_share(tmp_path: Path) -> None:
    schema = {
        "oneOf": [
            variant("type", "id", **tag("a"), id={**STRING, "description": "of a"}, n=INTEGER, only=STRING),
            variant("type", "id", **tag("b"), id=STRING, n=STRING),
        ]
    }
    fallback = normalised(tmp_path, {"Item": schema}).definitions["UnrecognizedItem"]
    assert set(fallback["properties"]) == {"id", "type"}
    assert fallback["properties"]["type"] == const(UNRECOGNIZED)
    assert fallback["required"] == ["type"]


def test_tagged_union_merges_properties_that_stand_beside_its_branches(tmp_path: Path) -> None:
    schema = {
        "properties": {"key": STRING, "note": STRING},
        "required": ["key"],
        "oneOf": [
            variant("handlerType", **tag("command", "handlerType"), command=STRING),
            variant("handlerType", **tag("prompt", "handlerType")),
        ],
    }
    out = normalised(tmp_path, {"Hook": schema})
    assert out.unions["Hook"].tag == "handlerType"
    assert set(out.definitions["CommandHook"]["properties"]) == {"command", "handlerType", "key", "note"}
    assert out.definitions["CommandHook"]["required"] == ["handlerType", "key"]
    assert set(out.definitions["PromptHook"]["properties"]) == {"handlerType", "key", "note"}
    assert set(out.definitions["UnrecognizedHook"]["properties"]) == {"handlerType", "key", "note"}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
def test_nested_alternatives_of_required_properties_become_optional(tmp_path: Path, keyword: str) -> None:
    image = variant("type", **tag("image"), detail=STRING)
    image[keyword] = [obj("url", url=STRING), obj("fileId", fileId=STRING)]
    out = normalised(tmp_path, {"Part": {"oneOf": [image, variant("type", **tag("text"), text=STRING)]}})
    assert set(out.definitions["ImagePart"]["properties"]) == {"detail", "fileId", "type", "url"}
    assert out.definitions["ImagePart"]["required"] == ["type"]


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("ChatgptLoginParams", "ChatgptLoginParams"),
        ("Chatgptv2::LoginParams", "ChatgptLoginParams"),
        ("v2::ChatgptLoginParams", "ChatgptLoginParams"),
        ("Some words", "WebLoginParams"),
        ("OtherName", "WebLoginParams"),
        ("", "WebLoginParams"),
    ],
)
def test_variant_is_named_by_its_title_where_that_ends_like_the_union(
    tmp_path: Path, title: str, expected: str
) -> None:
    branches = [
        {**variant("type", **tag("web")), "title": title},
        variant("type", **tag("apiKey")),
    ]
    out = normalised(tmp_path, {"LoginParams": {"oneOf": branches}})
    assert out.unions["LoginParams"].members[:2] == (expected, "ApiKeyLoginParams")


def test_tags_that_spell_the_same_class_get_their_slash_spelt_out(tmp_path: Path) -> None:
    branches = [variant("mode", **tag(value, "mode")) for value in ("form", "openai/form", "openaiForm")]
    out = normalised(tmp_path, {"Ask": {"oneOf": branches}})
    assert out.unions["Ask"].members == ("FormAsk", "OpenaiSlashFormAsk", "OpenaiFormAsk", "UnrecognizedAsk")


# --- keyed unions ----------------------------------------------------------------------------------------


def test_keyed_union_becomes_an_enum_of_words_and_a_definition_per_key(tmp_path: Path) -> None:
    granular = {**variant("granular", granular=ref("Granular")), "additionalProperties": False}
    out = normalised(
        tmp_path,
        {"Ask": {"oneOf": [{"type": "string", "enum": ["never", "on-request"]}, granular]}, "Granular": obj()},
    )
    assert out.unions["Ask"] == Union("keyed", ("AskValue", "GranularAsk", "UnrecognizedAsk"))
    assert out.definitions["AskValue"] == {"type": "string", "enum": ["never", "on-request"]}
    assert out.definitions["GranularAsk"] == variant("granular", granular=ref("Granular"))


def test_keyed_union_promotes_the_object_behind_a_key(tmp_path: Path) -> None:
    free = variant("httpFailed", httpFailed=obj(status=INTEGER))
    taken = variant("spawn", spawn=obj(depth=INTEGER))
    out = normalised(
        tmp_path, {"Error": {"oneOf": [{"type": "string", "enum": ["other"]}, free, taken]}, "Spawn": obj()}
    )
    assert out.definitions["HttpFailedError"]["properties"]["httpFailed"] == ref("HttpFailed")
    assert out.definitions["HttpFailed"]["properties"] == {"status": {"type": "integer"}}
    assert out.definitions["SpawnError"]["properties"]["spawn"] == ref("ErrorSpawn")


def test_keyed_union_leaves_a_catch_all_branch_to_the_fallback(tmp_path: Path) -> None:
    branches = [variant("custom", custom=STRING), {"type": "object", "additionalProperties": True}]
    out = normalised(tmp_path, {"Source": {"oneOf": branches}})
    assert out.unions["Source"].members == ("CustomSource", "UnrecognizedSource")


def test_untagged_objects_are_named_by_what_only_they_require(tmp_path: Path) -> None:
    branches = [variant("uri", "text", uri=STRING, text=STRING), variant("uri", "blob", uri=STRING, blob=STRING)]
    out = normalised(tmp_path, {"Content": {"anyOf": branches}})
    assert out.unions["Content"] == Union("open", ("TextContent", "BlobContent", "UnrecognizedContent"))


def test_union_of_scalars_stays_plain(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"Id": {"anyOf": [STRING, INTEGER]}})
    assert out.unions["Id"] == Union("plain", ())
    assert out.definitions["Id"] == {"anyOf": [STRING, {"type": "integer"}]}


def test_union_inside_an_untagged_union_gives_it_its_variants(tmp_path: Path) -> None:
    inner = {"oneOf": [variant("type", **tag("a")), variant("type", **tag("b"))]}
    out = normalised(
        tmp_path, {"Inner": inner, "Other": obj("x", x=STRING), "Outer": {"anyOf": [ref("Inner"), ref("Other")]}}
    )
    assert out.unions["Outer"] == Union("open", ("AInner", "BInner", "Other", "UnrecognizedOuter"))
    assert out.definitions["Outer"]["anyOf"] == [ref(name) for name in out.unions["Outer"].members]


# --- inside definitions ----------------------------------------------------------------------------------


def test_single_all_of_collapses_and_keeps_description_and_default(tmp_path: Path) -> None:
    prop = {"allOf": [ref("B")], "description": "Which.", "default": "x"}
    out = normalised(tmp_path, {"A": obj(b=prop), "B": STRING})
    assert out.definitions["A"]["properties"]["b"] == {**ref("B"), "description": "Which.", "default": "x"}


def test_inline_object_is_promoted_under_owner_and_property(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"A": obj(gitInfo={**obj("sha", sha=STRING), "description": "Git."})})
    assert out.definitions["A"]["properties"]["gitInfo"] == {**ref("AGitInfo"), "description": "Git."}
    assert out.definitions["AGitInfo"]["required"] == ["sha"]


def test_inline_enum_is_promoted_and_keeps_its_default_at_the_property(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"A": obj(mode={"type": "string", "enum": ["x", "y"], "default": "x"})})
    assert out.definitions["A"]["properties"]["mode"] == {**ref("AMode"), "default": "x"}
    assert out.definitions["AMode"] == {"type": "string", "enum": ["x", "y"]}


def test_inline_union_of_an_array_is_promoted_as_item(tmp_path: Path) -> None:
    items = {"oneOf": [variant("type", **tag("a")), variant("type", **tag("b"))]}
    out = normalised(tmp_path, {"A": obj(parts={"type": "array", "items": items})})
    assert out.definitions["A"]["properties"]["parts"]["items"] == ref("APartsItem")
    assert out.unions["APartsItem"].kind == "tagged"


def test_nullable_reference_stays_nullable(tmp_path: Path) -> None:
    prop = {"anyOf": [ref("B"), {"type": "null"}]}
    out = normalised(tmp_path, {"A": obj(b=prop), "B": STRING})
    assert out.definitions["A"]["properties"]["b"] == prop


def test_constraints_and_titles_are_dropped(tmp_path: Path) -> None:
    number = {"type": "integer", "format": "uint32", "minimum": 0.0, "maximum": 9, "title": "N"}
    text = {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "x"}
    out = normalised(tmp_path, {"A": {**obj(n=number, t=text), "title": "A", "$schema": "x"}})
    assert out.definitions["A"] == obj(n={"type": "integer"}, t=STRING)


@pytest.mark.parametrize(("given", "kept"), [(False, None), (True, True), (STRING, STRING)])
def test_additional_properties_are_dropped_only_where_they_close_an_object(
    tmp_path: Path, given: object, kept: object
) -> None:
    inline: Schema = {"type": "object", "additionalProperties": given}
    out = normalised(tmp_path, {"A": {**obj(m=inline), "additionalProperties": given}})
    assert out.definitions["A"].get("additionalProperties") == kept
    assert out.definitions["A"]["properties"]["m"].get("additionalProperties") == kept


def test_string_default_of_a_union_is_dropped(tmp_path: Path) -> None:
    union = {"oneOf": [{"type": "string", "enum": ["never"]}, variant("x", x=STRING)]}
    word: Schema = {"allOf": [ref("Ask")], "default": "never"}
    null: Schema = {"anyOf": [ref("Ask"), {"type": "null"}], "default": None}
    out = normalised(tmp_path, {"A": obj(word=word, null=null), "Ask": union})
    assert "default" not in out.definitions["A"]["properties"]["word"]
    assert out.definitions["A"]["properties"]["null"]["default"] is None


def test_default_of_an_enum_is_kept(tmp_path: Path) -> None:
    out = normalised(
        tmp_path, {"A": obj(e={"allOf": [ref("E")], "default": "x"}), "E": {"type": "string", "enum": ["x"]}}
    )
    assert out.definitions["A"]["properties"]["e"]["default"] == "x"


def test_null_may_be_missing_from_what_is_read_and_not_from_what_is_sent(tmp_path: Path) -> None:
    null: Schema = {"anyOf": [STRING, {"type": "null"}]}
    both: Schema = {"type": ["string", "null"]}
    definitions = {
        "GoParams": obj("inner", "x", inner=ref("Inner"), x=null),
        "Inner": obj("x", x=both),
        "Read": obj("x", "y", "z", x=null, y=both, z=STRING),
    }
    request = Request("go", "", "go", "GoParams", "Read", "", experimental=False, long_running=False)
    protocol = Protocol((request,), (), (), definitions, frozenset(), frozenset())
    out = normalise(protocol, overrides(tmp_path, "")).definitions
    assert {name: schema["required"] for name, schema in out.items()} == {
        "GoParams": ["inner", "x"],
        "Inner": ["x"],
        "Read": ["z"],
    }


def test_null_counts_as_missing_in_what_is_read_and_not_in_what_is_only_sent(tmp_path: Path) -> None:
    flag: Schema = {"type": "boolean", "default": False}
    null: Schema = {"type": ["boolean", "null"], "default": False}
    definitions = {
        "GoParams": obj("needed", flag=flag, both=ref("Both"), needed=flag),
        "Both": obj(flag=flag),
        "Sent": obj(flag=flag),
        "Read": obj("needed", flag=flag, null=null, plain=STRING, both=ref("Both"), needed=flag, any=True),
        "Asked": obj(flag=flag, sent=ref("Sent")),
        "Told": obj(flag=flag),
        "Nowhere": obj(flag=flag),
    }
    request = Request("go", "", "go", "GoParams", "Read", "", experimental=False, long_running=False)
    asked = ServerRequest("ask", "ask", "Told", "Sent", "", experimental=False, refusal=None)
    told = Notification("told", "Asked", "", experimental=False)
    protocol = Protocol((request,), (told,), (asked,), definitions, frozenset(), frozenset())
    found = {name for name, prop in normalise(protocol, overrides(tmp_path, "")).null_is_missing if prop == "flag"}
    assert found == {"Both", "Sent", "Read", "Asked", "Told", "Nowhere"}
    protocol = Protocol((request,), (), (asked,), definitions, frozenset(), frozenset())
    out = normalise(protocol, overrides(tmp_path, "")).null_is_missing
    assert out == {(name, "flag") for name in ("Both", "Read", "Asked", "Told", "Nowhere")}


def test_requirement_of_what_is_not_described_stays(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"A": {**obj("ghost", "any", any=True)}, "B": {"type": "object", "required": ["x"]}})
    assert (out.definitions["A"]["required"], out.definitions["B"]["required"]) == (["ghost", "any"], ["x"])


def test_secret_field_is_marked(tmp_path: Path) -> None:
    exceptions = overrides(tmp_path, '[secret_fields]\nnames = ["A.apiKey", "Gone.token"]\n')
    protocol = Protocol((), (), (), {"A": obj(apiKey=STRING, other=STRING)}, frozenset(), frozenset())
    properties = normalise(protocol, exceptions).definitions["A"]["properties"]
    assert properties == {"apiKey": {**STRING, "x-repr": False}, "other": STRING}
    assert [finding.reason for finding in exceptions.stale()] == [
        "[secret_fields] Gone.token matches nothing in this schema"
    ]


def test_experimental_types_and_fields_are_marked_once(tmp_path: Path) -> None:
    definitions = {
        "New": {**obj(), "description": "A thing."},
        "Old": obj(
            fresh=STRING,
            marked={**STRING, "description": "EXPERIMENTAL - careful."},
            stable={**STRING, "description": "S."},
        ),
    }
    protocol = Protocol((), (), (), definitions, frozenset({"New"}), frozenset({("Old", "fresh"), ("Old", "marked")}))
    out = normalise(protocol, overrides(tmp_path)).definitions
    assert out["New"]["description"] == "Experimental. A thing."
    assert {prop: value["description"] for prop, value in out["Old"]["properties"].items()} == {
        "fresh": "Experimental.",
        "marked": "EXPERIMENTAL - careful.",
        "stable": "S.",
    }


def test_definitions_come_out_sorted_and_the_protocol_is_left_alone(tmp_path: Path) -> None:
    definitions = {
        "B": obj(z=obj(), a=STRING),
        "A": {"oneOf": [variant("type", **tag("x")), variant("type", **tag("y"))]},
        "K": {"oneOf": [variant("key", key=obj(x=STRING)), variant("other", other=obj(y=STRING))]},
    }
    before = repr(definitions)
    out = normalised(tmp_path, definitions)
    assert list(out.definitions) == sorted(out.definitions)
    assert list(out.definitions["B"]["properties"]) == ["a", "z"]
    assert repr(definitions) == before


def test_references_finds_them_at_any_depth() -> None:
    schema = {"properties": {"a": {"items": [ref("A"), {"anyOf": [ref("B")]}]}}}
    assert sorted(references(schema)) == ["A", "B"]


# --- findings --------------------------------------------------------------------------------------------


def findings(tmp_path: Path, definitions: dict[str, Schema]) -> list[str]:
    with pytest.raises(CodegenError) as caught:
        normalised(tmp_path, definitions)
    return [str(finding) for finding in caught.value.findings]


def test_variant_name_that_the_schema_already_uses_is_refused(tmp_path: Path) -> None:
    union = {"oneOf": [variant("type", **tag("plan")), variant("type", **tag("text"))]}
    assert findings(tmp_path, {"Item": union, "PlanItem": obj()}) == [
        "schema: the name PlanItem is needed for Item but taken; teach codegen/normalise.py another name",
        "schema: the name PlanItem is needed for PlanItem but taken; teach codegen/normalise.py another name",
    ]


@pytest.mark.parametrize("name", ["AMode", "ZMode"])
def test_promoted_name_that_the_schema_already_uses_is_refused(tmp_path: Path, name: str) -> None:
    owner = name.removesuffix("Mode")
    inline: Schema = {"type": "string", "enum": ["x", "y"]}
    (line,) = findings(tmp_path, dict(sorted({owner: obj(mode=inline), name: obj()}.items())))
    assert line.startswith(f"schema: the name {name} is needed for {name} but taken")


def test_union_of_unknown_shape_is_refused(tmp_path: Path) -> None:
    (line,) = findings(
        tmp_path, {"U": {"oneOf": [variant("x", x=STRING), {"type": "object", "properties": {"a": {}, "b": {}}}]}}
    )
    assert line == (
        "schema: union U has a branch of unknown shape (keys: properties, type); teach codegen/normalise.py about it"
    )


def test_untagged_objects_that_nothing_tells_apart_are_refused(tmp_path: Path) -> None:
    lines = findings(tmp_path, {"U": {"anyOf": [variant("a", a=STRING, b=STRING), variant("a", a=INTEGER, c=STRING)]}})
    assert len(lines) == 2
    assert all("union U has a branch of unknown shape (keys: properties, required, type)" in line for line in lines)


def test_branch_of_nothing_known_is_refused(tmp_path: Path) -> None:
    (line,) = findings(tmp_path, {"U": {"anyOf": [STRING, {"not": {}}]}})
    assert line.startswith("schema: union U has a branch of unknown shape (keys: not)")


def test_branch_that_says_nothing_is_refused(tmp_path: Path) -> None:
    (line,) = findings(tmp_path, {"U": {"anyOf": [STRING, {}]}})
    assert line.startswith("schema: union U has a branch of unknown shape (keys: )")


@pytest.mark.parametrize("more", [{"anyOf": [STRING, INTEGER]}, {"allOf": [ref("A")]}])
def test_keyed_union_with_a_union_inside_is_refused(tmp_path: Path, more: Schema) -> None:
    (line,) = findings(tmp_path, {"A": obj(), "U": {"anyOf": [variant("x", x=STRING), more]}})
    assert line.startswith(f"schema: union U has a branch of unknown shape (keys: {', '.join(more)})")


def test_variants_of_the_same_tag_are_refused(tmp_path: Path) -> None:
    """They used to become one: of two branches with the same tag only the last one was left."""
    branches = [variant("type", **tag("x"), a=STRING), variant("type", **tag("x"), b=STRING)]
    lines = findings(tmp_path, {"U": {"oneOf": branches}})
    assert all("union U has a branch of unknown shape (keys: properties, required, type)" in line for line in lines)
    assert len(lines) == 2


def test_definition_that_says_nothing_is_anything(tmp_path: Path) -> None:
    out = normalised(tmp_path, {"Anything": {}, "Holder": obj("a", a=ref("Anything"))})
    assert out.definitions["Anything"] == {}


def test_cycle_is_refused_and_drawn(tmp_path: Path) -> None:
    (line,) = findings(
        tmp_path, {"A": obj(b=ref("B")), "B": obj(c=ref("C")), "C": obj(a={"type": "array", "items": ref("A")})}
    )
    assert line == (
        "schema: types refer to each other in a cycle: A -> B -> C -> A;"
        " the module layout needs forward references now; see codegen/partition.py"
    )


def test_dangling_reference_is_refused(tmp_path: Path) -> None:
    assert findings(tmp_path, {"A": obj(b=ref("Gone"))}) == [
        'schema: A refers to Gone, which does not exist; run "make schema"'
    ]


def test_all_findings_come_at_once(tmp_path: Path) -> None:
    assert len(findings(tmp_path, {"A": obj(b=ref("Gone")), "B": obj(b=ref("B")), "C": obj(x=ref("Lost"))})) == 3


@pytest.mark.parametrize(
    "value",
    [
        {"type": ["string", "null"], "enum": ["a", "b", None]},
        {"type": ["object", "null"], "properties": {"x": STRING}},
        {"anyOf": [obj(x=STRING, **tag("x")), obj(y=STRING, **tag("y")), {"type": "null"}]},
    ],
    ids=["enum", "object", "union"],
)
def test_nameless_value_that_may_be_null_stays_nullable_when_it_gets_a_name(tmp_path: Path, value: Schema) -> None:
    out = normalised(tmp_path, {"Owner": obj(prop=value)}).definitions
    assert out["Owner"]["properties"]["prop"]["anyOf"] == [ref("OwnerProp"), {"type": "null"}]
    assert "null" not in str(out["OwnerProp"]) and None not in out["OwnerProp"].get("enum", [])


def test_untagged_union_keeps_its_scalars_when_a_nested_union_is_flattened(tmp_path: Path) -> None:
    inner = {"anyOf": [ref("A"), ref("B")]}
    outer = {"anyOf": [STRING, ref("Inner"), ref("C")]}
    letters = {name: obj(name, **{name: STRING}) for name in "ABC"}
    out = normalised(tmp_path, {**letters, "Inner": inner, "Outer": outer}).definitions
    assert out["Outer"]["anyOf"] == [STRING, *map(ref, ("A", "B", "C", "UnrecognizedOuter"))]
