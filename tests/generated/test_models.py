"""All generated models: tolerant when reading, exact when sending, and good Python objects.

What they read and write back, and what they make of the unknown, is in ``test_vectors``.
"""

from __future__ import annotations

import contextlib
import pickle
import re
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, RootModel, TypeAdapter, ValidationError

from openai_codex._calls import encode_params
from openai_codex._generated import models as m
from openai_codex._model import OpenUnion, Unrecognized, Variant, WireModel, to_wire
from openai_codex._unset import UNSET
from tests.generated.catalogue import (
    ALIASES,
    CLASSES,
    ENUMS,
    KEYED,
    OPEN,
    TAGGED,
    adapter,
    constants,
    example,
    literals,
    marked,
)

FUTURE = "from/the-future"
VARIANTS = {member for union in (TAGGED, KEYED, OPEN) for members, _ in union.values() for member in members}


# --- shape -----------------------------------------------------------------------------------------------


def test_no_class_is_a_root_model_and_none_is_numbered() -> None:
    assert len(CLASSES) > 900
    assert [name for name, model in CLASSES.items() if issubclass(model, RootModel)] == []
    assert [name for name in CLASSES if re.search(r"[a-z]\d+$", name)] == []
    assert all(issubclass(model, WireModel) for model in CLASSES.values())


def test_every_union_of_objects_has_a_fallback() -> None:
    unions = {**TAGGED, **KEYED, **OPEN}
    assert len(unions) > 50
    for name, (members, _) in unions.items():
        assert [member.__name__ for member in members if issubclass(member, Unrecognized)] == [f"Unrecognized{name}"]
    unmarked = ALIASES.keys() - unions.keys()
    for name in unmarked:
        objects = [each for each in getattr(ALIASES[name].__value__, "__args__", ()) if each in CLASSES.values()]
        assert len(objects) <= 1, name


def test_constants_stand_only_where_they_tell_members_of_a_union_apart() -> None:
    """Anywhere else a new value of the runtime could not be read."""
    tags = {wire for _, (_, marker) in TAGGED.items() for wire in [marker.wire]}
    for name, model in CLASSES.items():
        fixed = constants(model)
        assert not fixed or (model in VARIANTS and fixed.keys() <= tags), name
        assert len(fixed) <= 1, name


def test_fields_are_snake_case_and_the_wire_name_works_as_well() -> None:
    for model in CLASSES.values():
        for name in model.model_fields:
            assert re.fullmatch(r"[a-z][a-z0-9_]*", name), (model, name)
    assert m.ThreadSetNameParams(threadId="t", name="n") == m.ThreadSetNameParams(thread_id="t", name="n")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


# --- enums -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(ENUMS))
def test_enum_members_are_snake_case_of_their_values(name: str) -> None:
    for member, item in ENUMS[name].__members__.items():
        assert re.fullmatch(r"[a-z0-9_]+_?", member), member
        assert adapter(name).validate_python(item.value) is item
        assert pickle.loads(pickle.dumps(item)) is item


def test_enum_refuses_what_is_no_string() -> None:
    with pytest.raises(ValidationError):
        adapter("ReasoningEffort").validate_python(3)
    with pytest.raises(ValueError, match="is not a valid"):
        m.ReasoningEffort(3)  # pyright: ignore[reportArgumentType]


def test_text_of_an_enum_member_is_the_same_however_it_is_made() -> None:
    for member in (m.ReasoningEffort.high, m.ReasoningEffort("future")):
        assert str(member) == f"{member}" == f"{member!s}"


def test_open_strings_are_enums_with_the_values_known_today() -> None:
    assert m.ReasoningEffort.xhigh.value == "xhigh"
    assert {each.value for each in m.ThreadSource} == {"user", "subagent", "memory_consolidation"}


# --- unions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tag", [None, 3, True, ["list"], {"a": 1}])
def test_tag_that_is_no_string_is_no_crash(tag: Any) -> None:
    """Either a fallback or a validation error; anything else would end a reader."""
    try:
        value = adapter("ThreadItem").validate_python({"type": tag, "id": "x"})
    except ValidationError:
        return
    assert isinstance(value, Unrecognized)


@pytest.mark.parametrize("value", [None, 3, "text", [], {}])
@pytest.mark.parametrize("name", [*sorted(KEYED)[:2], *sorted(OPEN)[:2], "ThreadItem"])
def test_union_of_something_else_is_no_crash(name: str, value: Any) -> None:
    """A list or a number where objects belong is a validation error at worst."""
    with contextlib.suppress(ValidationError):
        adapter(name).validate_python(value)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        pytest.param("boolean", m.McpElicitationBooleanSchema),
        pytest.param("integer", m.McpElicitationNumberSchema),
        pytest.param("number", m.McpElicitationNumberSchema),
        ("string", m.McpElicitationStringSchema),
    ],
)
def test_field_of_an_elicitation_is_read_as_its_own_kind(kind: str, expected: type[Any]) -> None:
    assert type(adapter("McpElicitationPrimitiveSchema").validate_python({"type": kind, "title": "x"})) is expected


def test_member_of_an_open_union_may_hold_a_value_from_the_future() -> None:
    raw = {"type": "string", "format": FUTURE}
    value = adapter("McpElicitationPrimitiveSchema").validate_python(raw)
    assert isinstance(value, m.McpElicitationStringSchema) and to_wire(value) == raw


def test_marker_kinds_are_all_in_use() -> None:
    assert TAGGED and KEYED and OPEN and marked(OpenUnion) == OPEN


def test_fallback_gives_the_fields_that_all_members_share() -> None:
    raw = {"type": FUTURE, "id": "item-1", "more": True}
    item = adapter("ThreadItem").validate_python(raw)
    assert isinstance(item, m.UnrecognizedThreadItem)
    assert (item.id, item.type) == ("item-1", "<unrecognized>")


def test_fallback_survives_shared_fields_of_another_type() -> None:
    item = adapter("ThreadItem").validate_python({"type": FUTURE, "id": {"not": "a string"}})
    assert item.id is None and item.raw["id"] == {"not": "a string"}


# --- reading and sending ---------------------------------------------------------------------------------


def test_constants_are_sent_by_whatever_way_a_model_was_made() -> None:
    for name, model in CLASSES.items():
        fixed = constants(model)
        if not fixed or issubclass(model, Unrecognized):
            continue
        given = {wire: value for wire, value in example(model).items() if wire not in fixed}
        assert to_wire(model(**given)).items() >= fixed.items(), name


def test_defaulted_constants_are_sent_inside_lists_and_objects() -> None:
    params = m.TurnStartParams(thread_id="t", input=[m.TextUserInput(text="hi")])
    assert to_wire(params) == {"threadId": "t", "input": [{"text": "hi", "type": "text"}]}


def test_null_is_sent_and_absent_is_not_at_every_depth() -> None:
    settings = m.Settings(model="gpt", reasoning_effort=None)
    params = m.TurnStartParams(
        thread_id="t",
        input=[],
        service_tier=None,
        collaboration_mode=m.CollaborationMode(mode=m.ModeKind.plan, settings=settings),
    )
    assert to_wire(params) == {
        "threadId": "t",
        "input": [],
        "serviceTier": None,
        "collaborationMode": {"mode": "plan", "settings": {"model": "gpt", "reasoning_effort": None}},
    }


def test_unset_arguments_stay_off_the_wire_and_none_goes_out_as_null() -> None:
    fields = {"thread_id": "t", "git_info": m.ThreadMetadataGitInfoUpdateParams(sha=None), "summary": UNSET}
    fields.pop("summary")
    assert encode_params("thread/metadata/update", fields) == {"threadId": "t", "gitInfo": {"sha": None}}
    assert encode_params("thread/list", {"cursor": UNSET, "project_id": None, "limit": 3}) == {
        "projectId": None,
        "limit": 3,
    }
    assert encode_params("memory/reset", {}) == {}
    assert encode_params("thread/list", {"cursor": UNSET}) == {}


def test_setting_a_field_later_sends_it() -> None:
    params = m.ThreadListParams()
    assert to_wire(params) == {}
    params.limit = 3
    params.cursor = None
    assert to_wire(params) == {"limit": 3, "cursor": None}


def test_plain_objects_work_in_place_of_models() -> None:
    """What is written as JSON is sent as it is."""
    fields = {"thread_id": "t", "input": [{"type": "text", "text": "hi"}], "effort": "high"}
    assert encode_params("turn/start", fields) == {
        "threadId": "t",
        "input": [{"type": "text", "text": "hi"}],
        "effort": "high",
    }


def test_union_params_are_sent_as_one_object() -> None:
    params = m.ApiKeyLoginAccountParams(api_key="sk-1")
    assert encode_params("account/login/start", params) == {"type": "apiKey", "apiKey": "sk-1"}


def test_arguments_that_do_not_fit_are_refused_without_their_values() -> None:
    with pytest.raises(ValueError, match=r"^turn/start: input: Field required \(schema TurnStartParams\)$"):
        encode_params("turn/start", {"thread_id": "secret"})
    with pytest.raises(ValueError, match="thread/list: limit") as caught:
        encode_params("thread/list", {"limit": "my-secret-value"})
    assert "my-secret-value" not in f"{caught.value!r} {caught.value.__cause__} {caught.value.__suppress_context__}"


@pytest.mark.parametrize(
    ("method", "fields", "problem"),
    [
        ("thread/start", {"personality": "sarcastic"}, "personality: 'sarcastic' is no Personality (none, friendly, "),
        ("thread/list", {"source_kinds": ["cli", "fax"]}, "source_kinds.1: 'fax' is no ThreadSourceKind ("),
        (
            "thread/start",
            {"sandbox": "read_only"},
            "sandbox: 'read_only' is no SandboxMode (read-only, workspace-write, ",
        ),
        (
            "turn/start",
            {"thread_id": "t", "input": [{"type": "smell"}]},
            "input.0: no such kind of UserInput is known",
        ),
    ],
)
def test_value_that_the_schema_does_not_know_is_not_sent(method: str, fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match="^" + re.escape(f"{method}: {problem}")):
        encode_params(method, fields)


def test_value_that_the_schema_does_not_know_is_sent_where_it_is_meant() -> None:
    future = m.Personality("sarcastic")
    assert encode_params("thread/start", {"personality": future}) == {"personality": "sarcastic"}
    item = adapter("UserInput").validate_python({"type": "smell", "of": "coffee"})
    sent = encode_params("turn/start", {"thread_id": "t", "input": [item]})
    assert sent["input"] == [{"type": "smell", "of": "coffee"}]
    params = m.ThreadListParams(source_kinds=[m.ThreadSourceKind("fax")])
    assert encode_params("thread/list", params) == {"sourceKinds": ["fax"]}
    free: dict[str, Any] = {"thread_id": "t", "input": [], "effort": "heroic"}  # any text goes, says the schema
    assert encode_params("turn/start", free)["effort"] == "heroic"


def test_field_that_may_be_null_may_be_missing_from_an_answer() -> None:
    account = adapter("Account").validate_python({"type": "chatgpt", "planType": "pro"})
    assert account.email is None
    assert adapter("Account").validate_python(account.model_dump(exclude_none=True)) == account
    with pytest.raises(ValueError, match=r"section_?[iI]d"):  # what is sent says it
        encode_params("thread/section/move", {"thread_id": "t"})


# --- secrets ---------------------------------------------------------------------------------------------


def secret_fields() -> list[tuple[str, str]]:
    return [
        (name, field) for name, model in CLASSES.items() for field, info in model.model_fields.items() if not info.repr
    ]


def test_secrets_are_kept_out_of_repr() -> None:
    secrets = secret_fields()
    assert len(secrets) >= 15
    for name, field in secrets:
        model = CLASSES[name]
        wire = model.model_fields[field].alias or field
        canary: Any = {"KEY": "c4n4ry"} if field == "env" else "c4n4ry"
        value = model.model_validate({**example(model), wire: canary})
        assert "c4n4ry" not in repr(value) and "c4n4ry" not in str(value), name
        assert to_wire(value)[wire] == canary


@pytest.mark.parametrize(
    "text",
    [
        repr(m.ApiKeyLoginAccountParams(api_key="c4n4ry")),
        repr(m.CommandExecParams(command=["x"], env={"TOKEN": "c4n4ry"})),
        repr(m.ChatgptAuthTokensRefreshResponse(access_token="c4n4ry", chatgpt_account_id="a")),
    ],
)
def test_secret_of_a_known_model_is_kept_out_of_repr(text: str) -> None:
    assert "c4n4ry" not in text


def test_fields_that_sound_secret_are_marked_or_known_to_be_harmless() -> None:
    """A new field of this kind has to be looked at once."""
    sounds = re.compile(r"(?:token|secret|password|api_?key|access_key|credential_value)$")
    harmless = {
        (name, field)
        for name, model in CLASSES.items()
        for field, info in model.model_fields.items()
        if sounds.search(field) and info.repr
    }
    assert harmless == HARMLESS


HARMLESS = {
    ("FuzzyFileSearchParams", "cancellation_token"),  # names a search
    ("GetAccountParams", "refresh_token"),  # a flag
    ("ToolRequestUserInputQuestion", "is_secret"),  # a flag
}


def test_validation_errors_do_not_show_values() -> None:
    with pytest.raises(ValidationError) as caught:
        m.ThreadSetNameParams.model_validate({"threadId": ["c4n4ry"], "name": "n"})
    assert "c4n4ry" not in str(caught.value)


# --- objects ---------------------------------------------------------------------------------------------


def test_variant_is_its_own_root() -> None:
    item = adapter("ThreadItem").validate_python({"type": "agentMessage", "id": "1", "text": "hi"})
    assert isinstance(item, m.AgentMessageThreadItem) and isinstance(item, Variant)
    assert item.root is item
    assert item.root.text == item.text == "hi"
    assert "root" not in to_wire(item)


def test_fallback_differs_by_what_it_holds() -> None:
    one, two = (adapter("ThreadItem").validate_python({"type": "new", "n": n}) for n in (1, 2))
    assert one != two
    assert one == adapter("ThreadItem").validate_python({"type": "new", "n": 1})


def test_literals_of_an_annotation_are_found_at_any_depth() -> None:
    """The catalogue used here looks where it says."""
    from typing import Literal

    assert list(literals(list[Literal["a"]])) == [Literal["a"]]


def test_models_are_plain_pydantic_models() -> None:
    assert all(issubclass(model, BaseModel) for model in CLASSES.values())
    thread = m.ThreadListParams(limit=1)
    assert thread.model_copy(update={"limit": 2}).limit == 2
    assert m.ThreadListParams.model_validate_json('{"limit": 4}').limit == 4


def test_open_union_takes_scalars_beside_its_models() -> None:
    union = Annotated[str | list[str] | m.TextUserInput | m.AudioUserInput | m.UnrecognizedUserInput, OpenUnion()]
    reader: TypeAdapter[Any] = TypeAdapter(union)
    assert reader.validate_python("x") == "x"
    assert reader.validate_python(["x"]) == ["x"]
    assert isinstance(reader.validate_python({"type": "text", "text": "hi"}), m.TextUserInput)
    assert reader.validate_python({"kind": "new"}).raw == {"kind": "new"}


def test_unknown_keyword_is_refused_when_constructing_but_ignored_when_reading() -> None:
    with pytest.raises(TypeError, match=r"WorkspaceWriteSandboxPolicy has no field netwrk_access; it has: .*network"):
        m.WorkspaceWriteSandboxPolicy(netwrk_access=True)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    assert m.WorkspaceWriteSandboxPolicy.model_validate({"type": "workspaceWrite", "netwrk": True}).type
    assert m.AgentMessageDeltaNotification(delta="x", itemId="i", thread_id="t", turn_id="u").item_id == "i"  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
