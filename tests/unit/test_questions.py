"""What handlers of questions get, and what becomes of their answers."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from openai_codex import Elicitation, ElicitationRequest, UserInputRequest
from openai_codex._answers import NEVER_CANCELLED, ServerRequestContext
from openai_codex._generated import models as m
from openai_codex._model import to_wire
from openai_codex._questions import (
    ElicitationAnswerer,
    UserInputAnswerer,
    elicitation_request,
    user_input_request,
)

CONTEXT = ServerRequestContext(7, "x", "t", "u", {}, None, NEVER_CANCELLED)
ELICITATIONS: TypeAdapter[Any] = TypeAdapter(m.McpServerElicitationRequestParams)


def questions(*ids: str, **settings: Any) -> Any:
    asked = [{"id": each, "header": "H", "question": f"{each}?", **settings} for each in ids]
    return m.ToolRequestUserInputParams.model_validate(
        {"threadId": "t", "turnId": "u", "itemId": "i", "isBlocking": False, "questions": asked}
    )


def elicitation(mode: str = "form", **members: Any) -> Any:
    return ELICITATIONS.validate_python(
        {"mode": mode, "threadId": "t", "turnId": "u", "serverName": "srv", "message": "Who?", **members}
    )


def form(properties: dict[str, Any], *required: str, mode: str = "form", **members: Any) -> Any:
    schema = {"type": "object", "properties": properties, "required": [*required]}
    return elicitation(mode, requestedSchema=schema, **members)


def model_of(properties: dict[str, Any], *required: str, mode: str = "form") -> Any:
    return elicitation_request(form(properties, *required, mode=mode), CONTEXT).model


def returned(result: Any) -> Any:
    """A handler that is never called: answers are made from what it would return."""
    raise AssertionError(result)


def user_input_answer(result: Any, params: Any) -> Any:
    return to_wire(UserInputAnswerer(returned).answer(result, params))


def elicitation_answer(result: Any, params: Any) -> Any:
    return to_wire(ElicitationAnswerer(returned).answer(result, params))


# User input


def test_handler_of_questions_gets_the_request() -> None:
    params = questions("a", "b", isSecret=True)
    call = UserInputAnswerer(returned).prepare(params, CONTEXT)
    (request,) = call.args
    assert call.function is returned and isinstance(request, UserInputRequest)
    assert (request.thread_id, request.turn_id, request.item_id) == ("t", "u", "i")
    assert [each.id for each in request.questions] == ["a", "b"] and request.questions[0].is_secret
    assert request.is_blocking is False and request.params is params and request.cancelled is NEVER_CANCELLED


def test_other_parameters_are_no_questions() -> None:
    with pytest.raises(TypeError, match="no questions"):
        user_input_request(elicitation("url", elicitationId="e", url="x:y"), CONTEXT)


@pytest.mark.parametrize(
    ("result", "wire"),
    [
        ("B", {"a": {"answers": ["B"]}}),
        ({"a": "B"}, {"a": {"answers": ["B"]}}),
        ({"a": ["B", "C"]}, {"a": {"answers": ["B", "C"]}}),
        ({"a": ()}, {"a": {"answers": []}}),
        (
            m.ToolRequestUserInputResponse.model_validate({"answers": {"a": {"answers": ["B"]}}}),
            {"a": {"answers": ["B"]}},
        ),
        (None, {}),
        ({}, {}),
    ],
)
def test_answers_to_questions(result: Any, wire: Any) -> None:
    assert user_input_answer(result, questions("a")) == {"answers": wire}


def test_some_questions_may_stay_open() -> None:
    assert user_input_answer({"b": "x"}, questions("a", "b")) == {"answers": {"b": {"answers": ["x"]}}}


@pytest.mark.parametrize(
    "result",
    [
        {"sk-secret": "x"},
        {"a": "x", 7: "sk-secret"},
        m.ToolRequestUserInputResponse.model_validate({"answers": {"sk-secret": {"answers": []}}}),
    ],
)
def test_answer_to_what_was_not_asked_names_what_was(result: Any) -> None:
    with pytest.raises(ValueError, match="ids are 'a', 'b'") as raised:
        user_input_answer(result, questions("a", "b"))
    assert "sk-secret" not in str(raised.value)


@pytest.mark.parametrize(
    "result", ["sk-secret", ["sk-secret"], 5, True, {"a": 5}, {"a": [5]}, {"a": b"sk-secret"}, {"a": None}]
)
def test_what_is_no_answer_is_a_type_error_that_does_not_show_it(result: Any) -> None:
    with pytest.raises(TypeError) as raised:
        user_input_answer(result, questions("a", "b"))
    assert "sk-secret" not in str(raised.value)


# Elicitations


def test_handler_of_elicitations_gets_a_form() -> None:
    params = form({"name": {"type": "string"}}, _meta={"k": 1})
    (request,) = ElicitationAnswerer(returned).prepare(params, CONTEXT).args
    assert isinstance(request, ElicitationRequest)
    assert (request.thread_id, request.turn_id, request.server) == ("t", "u", "srv")
    assert (request.mode, request.message, request.url, request.elicitation_id) == ("form", "Who?", None, None)
    assert request.meta == {"k": 1} and request.params is params and request.cancelled is NEVER_CANCELLED
    assert request.schema is params.requested_schema and request.model is request.model is not None


def test_address_has_no_form() -> None:
    request = elicitation_request(elicitation("url", elicitationId="e", url="https://a.test/x"), CONTEXT)
    assert (request.mode, request.url, request.elicitation_id) == ("url", "https://a.test/x", "e")
    assert request.schema is None and request.model is None


def test_user_verification_has_its_title_as_message() -> None:
    params = elicitation("openai/userVerification", challenge="c", title="Pay", description="5 EUR")
    request = elicitation_request(params, CONTEXT)
    assert (request.mode, request.message, request.model) == ("openai/userVerification", "Pay\n5 EUR", None)


def test_mode_of_the_future_keeps_its_name() -> None:
    request = elicitation_request(elicitation("voice", url="x:y"), CONTEXT)
    assert (request.mode, request.message, request.url, request.server) == ("voice", "Who?", "x:y", "srv")
    assert request.model is None


def test_elicitation_outside_of_a_turn_has_no_turn() -> None:
    request = elicitation_request(form({}, turnId=None), CONTEXT)
    assert request.turn_id == ""


def test_other_parameters_are_no_elicitation() -> None:
    with pytest.raises(TypeError, match="no elicitation"):
        elicitation_request(questions("a"), CONTEXT)


@pytest.mark.parametrize("mode", ["openai/form", "openaiForm"])
def test_flat_form_of_the_runtimes_own_kind_is_a_form(mode: str) -> None:
    assert model_of({"name": {"type": "string"}}, mode=mode)(name="Ada").name == "Ada"
    assert elicitation_answer({"name": "Ada"}, form({"name": {"type": "string"}}, mode=mode))["content"] == {
        "name": "Ada"
    }


@pytest.mark.parametrize(
    "schema", [None, "x", {"type": "object"}, {"type": "object", "properties": {"a": {"type": "file"}}}]
)
def test_other_form_of_the_runtimes_own_kind_takes_what_it_gets(schema: Any) -> None:
    params = elicitation("openai/form", requestedSchema=schema)
    request = elicitation_request(params, CONTEXT)
    assert request.schema is None and request.model is None
    assert elicitation_answer({"a": 1}, params) == {"action": "accept", "content": {"a": 1}}
    assert elicitation_answer(True, params) == {"action": "accept"}


# The model of a form


ENUM = {"type": "string", "enum": ["r", "g"]}
TITLED = {"type": "string", "oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green"}]}
LEGACY = {"type": "string", "enum": ["r", "g"], "enumNames": ["Red", "Green"]}
MULTI = {"type": "array", "items": {"type": "string", "enum": ["r", "g"]}, "minItems": 1, "maxItems": 1}
TITLED_MULTI = {"type": "array", "items": {"anyOf": [{"const": "r", "title": "Red"}]}}


@pytest.mark.parametrize(
    ("prop", "good", "bad"),
    [
        ({"type": "string"}, ["", "x"], [1, True, None, ["x"]]),
        ({"type": "string", "minLength": 2, "maxLength": 3}, ["ab", "abc"], ["a", "abcd"]),
        ({"type": "string", "format": "email"}, ["ada@example.com"], ["ada", "@", "a b@example.com"]),
        ({"type": "string", "format": "uri"}, ["https://a.test/x", "urn:x"], ["a.test", "https://a b"]),
        ({"type": "string", "format": "date"}, ["2026-01-31"], ["2026-02-31", "20260131", "2026-01-31T00:00:00Z"]),
        (
            {"type": "string", "format": "date-time"},
            ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.1234567+02:00", "2026-01-31t12:00:00z"],
            ["2026-01-31", "2026-01-31T12:00:00", "2026-01-31T25:00:00Z", datetime.datetime(2026, 1, 31)],
        ),
        ({"type": "string", "format": "colour"}, ["x"], [1]),
        ({"type": "integer"}, [5, -(2**70)], [5.5, "5", True]),
        ({"type": "integer", "minimum": 1.5, "maximum": 3.5}, [2, 3], [1, 4]),
        ({"type": "number"}, [5, 5.5], ["5", True, float("nan"), float("inf")]),
        ({"type": "number", "minimum": 0.5, "maximum": 1}, [0.5, 1], [0.4, 1.1]),
        ({"type": "boolean"}, [True, False], [1, "true"]),
        (ENUM, ["r", "g"], ["Red", "", 1]),
        (TITLED, ["r", "g"], ["Red"]),
        (LEGACY, ["r", "g"], ["Red"]),
        (MULTI, [["r"], ["g"]], [[], ["r", "g"], ["x"], "r"]),
        (TITLED_MULTI, [[], ["r"]], [["Red"]]),
    ],
)
def test_field_takes_what_its_schema_allows(prop: Any, good: list[Any], bad: list[Any]) -> None:
    model, params = model_of({"f": prop}, "f"), form({"f": prop}, "f")
    for value in good:
        assert elicitation_answer(model(f=value), params)["content"] == {"f": value}
        assert elicitation_answer({"f": value}, params)["content"] == {"f": value}
    for value in bad:
        with pytest.raises(ValidationError):
            model(f=value)
        with pytest.raises(ValueError, match=r"does not fit the form .*f: "):
            elicitation_answer({"f": value}, params)


def test_whole_number_is_sent_without_a_fraction() -> None:
    content = elicitation_answer({"f": 5.0}, form({"f": {"type": "number"}}))["content"]
    assert content == {"f": 5} and isinstance(content["f"], int)


def test_dates_may_be_objects() -> None:
    properties = {"day": {"type": "string", "format": "date"}, "at": {"type": "string", "format": "date-time"}}
    at = datetime.datetime(2026, 1, 31, 12, tzinfo=datetime.timezone.utc)
    content = {"day": datetime.date(2026, 1, 31), "at": at}
    assert elicitation_answer(content, form(properties))["content"] == {
        "day": "2026-01-31",
        "at": "2026-01-31T12:00:00+00:00",
    }


def test_what_is_left_out_is_not_sent_unless_it_has_a_default() -> None:
    properties = {
        "name": {"type": "string"},
        "nick": {"type": "string"},
        "colour": {**ENUM, "default": "g"},
        "tags": {**TITLED_MULTI, "default": ["r"]},
        "age": {"type": "integer", "default": 30},
        "ok": {"type": "boolean", "default": False},
    }
    filled = model_of(properties, "name", "colour")(name="Ada")
    assert (filled.nick, filled.colour, filled.age) == (None, "g", 30)
    content = {"name": "Ada", "colour": "g", "tags": ["r"], "age": 30, "ok": False}
    assert elicitation_answer(filled, form(properties, "name", "colour"))["content"] == content
    assert elicitation_answer({"name": "Ada", "nick": None}, form(properties, "name", "colour"))["content"] == content
    with pytest.raises(ValueError, match="name: Field required"):
        elicitation_answer(True, form(properties, "name"))


def test_default_that_the_schema_does_not_allow_counts_for_nothing() -> None:
    assert model_of({"f": {**ENUM, "default": "blue"}})().f is None
    with pytest.raises(ValidationError):
        model_of({"f": {**ENUM, "default": "blue"}}, "f")()


@pytest.mark.parametrize(
    ("wire", "attribute"),
    [
        ("first-name", "first_name"),
        ("2nd", "field_2nd"),
        ("", "field"),
        ("_private", "private"),
        ("class", "class_"),
        ("copy", "copy_"),
        ("schema", "schema_"),
        ("model_dump", "model_dump_"),
        ("model_name", "model_name"),
        ("self", "self"),
        ("größe", "größe"),
    ],
)
def test_field_has_a_name_in_python_and_its_own(wire: str, attribute: str) -> None:
    model = model_of({wire: {"type": "string"}}, wire)
    for name in (wire, attribute):
        filled = model(**{name: "x"})
        assert getattr(filled, attribute) == "x"
        assert elicitation_answer(filled, form({wire: {"type": "string"}}, wire))["content"] == {wire: "x"}


def test_names_that_look_alike_stay_apart() -> None:
    properties = {name: {"type": "string"} for name in ("a-b", "a_b", "a.b")}
    filled = model_of(properties)(**{"a-b": "1", "a_b": "2", "a.b": "3"})
    assert filled.model_dump(by_alias=True) == {"a-b": "1", "a_b": "2", "a.b": "3"}


def test_unknown_field_is_refused() -> None:
    with pytest.raises(ValueError, match="other: Extra inputs"):
        elicitation_answer({"other": "x"}, form({"name": {"type": "string"}}))


def test_titles_and_descriptions_are_kept() -> None:
    model = model_of({"f": {"type": "string", "title": "F", "description": "What"}})
    assert (model.model_fields["f"].title, model.model_fields["f"].description) == ("F", "What")


@pytest.mark.parametrize(
    "prop",
    [
        {"type": "object", "properties": {}},
        {"type": "array", "items": {"type": "string"}},
        {"type": "string", "enum": []},
        {"type": "future"},
        {"type": "string", "minLength": 2**80},
        "string",
    ],
)
def test_form_that_is_not_understood_has_no_model_and_takes_what_it_gets(prop: Any) -> None:
    params = form({"name": {"type": "string"}, "f": prop})
    assert elicitation_request(params, CONTEXT).model is None
    assert elicitation_answer({"f": [1]}, params) == {"action": "accept", "content": {"f": [1]}}
    assert elicitation_answer(True, params) == {"action": "accept", "content": {}}


def test_form_that_requires_what_it_does_not_have_has_no_model() -> None:
    assert model_of({"name": {"type": "string"}}, "other") is None


def test_same_form_has_the_same_model() -> None:
    assert model_of({"name": {"type": "string"}}) is model_of({"name": {"type": "string"}})
    assert model_of({"name": {"type": "string"}}) is not model_of({"name": {"type": "boolean"}})


def test_model_that_was_changed_is_checked_again() -> None:
    filled = model_of({"f": ENUM}, "f")(f="r")
    filled.f = "sk-secret"
    with pytest.raises(ValueError, match="f: Input should be 'r' or 'g'"):
        elicitation_answer(filled, form({"f": ENUM}, "f"))


# Answers to elicitations


NAME = form({"name": {"type": "string"}})


class Person(BaseModel):
    name: str
    age: int | None = None


@pytest.mark.parametrize(
    ("result", "wire"),
    [
        (Elicitation.accept({"name": "Ada"}), {"action": "accept", "content": {"name": "Ada"}}),
        (Elicitation.accept(), {"action": "accept", "content": {}}),
        (
            Elicitation.accept({"name": "Ada"}, persist="session"),
            {"action": "accept", "content": {"name": "Ada"}, "_meta": {"persist": "session"}},
        ),
        (Elicitation.accept(persist="always"), {"action": "accept", "content": {}, "_meta": {"persist": "always"}}),
        (Elicitation.decline(), {"action": "decline"}),
        (Elicitation.cancel(), {"action": "cancel"}),
        ({"name": "Ada"}, {"action": "accept", "content": {"name": "Ada"}}),
        (Person.model_construct(name="Ada"), {"action": "accept", "content": {"name": "Ada"}}),
        (True, {"action": "accept", "content": {}}),
        (False, {"action": "decline"}),
        (None, {"action": "decline"}),
    ],
)
def test_answers_to_elicitations(result: Any, wire: Any) -> None:
    params = NAME if not isinstance(result, Person) else form({"name": {"type": "string"}, "age": {"type": "integer"}})
    assert elicitation_answer(result, params) == wire


def test_accepted_address_has_no_content() -> None:
    params = elicitation("url", elicitationId="e", url="https://a.test/x")
    assert elicitation_answer(True, params) == {"action": "accept"}
    assert elicitation_answer({"proof": 1}, params) == {"action": "accept", "content": {"proof": 1}}


@pytest.mark.parametrize("result", ["sk-secret", 1, ["sk-secret"], object()])
def test_what_is_no_elicitation_is_a_type_error_that_does_not_show_it(result: Any) -> None:
    with pytest.raises(TypeError, match="it takes an Elicitation") as raised:
        elicitation_answer(result, NAME)
    assert "sk-secret" not in str(raised.value)


def test_content_that_does_not_fit_names_the_fields_and_not_the_values() -> None:
    params = form({"pin": {"type": "string", "maxLength": 4}, "n": {"type": "string", "format": "email"}}, "pin")
    with pytest.raises(ValueError, match=r"pin: .*n: it should be an email address") as raised:
        elicitation_answer({"pin": "sk-secret", "n": "sk-secret"}, params)
    assert "sk-secret" not in str(raised.value) and raised.value.__suppress_context__


def test_content_that_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="no JSON"):
        elicitation_answer({"x": object()}, elicitation("openai/form", requestedSchema=None))


def test_accept_refuses_at_once_what_it_cannot_send() -> None:
    wrong: Any = "sk-secret"
    with pytest.raises(TypeError, match="type str") as raised:
        Elicitation.accept(wrong)
    assert "sk-secret" not in str(raised.value)
    with pytest.raises(ValueError, match="'session' or 'always'"):
        Elicitation.accept(persist=wrong)


def test_repr_shows_no_content() -> None:
    assert repr(Elicitation.accept({"pin": "sk-secret"})) == "Elicitation(action='accept', persist=None)"


def test_approvals_of_tools_are_taken_as_well() -> None:
    answerer = ElicitationAnswerer(returned)
    assert not answerer.last
    of_tools = answerer.accept({"_meta": {"codex_approval_kind": "mcp_tool_call"}})
    assert of_tools is not None and of_tools.last and of_tools.function is answerer.function
    assert answerer.accept({}) is answerer


@pytest.mark.parametrize("action", ["accept", "decline", "cancel"])
def test_response_is_sent_as_it_is(action: str) -> None:
    response = m.McpServerElicitationRequestResponse.model_validate({"action": action})
    assert elicitation_answer(response, form({})) == {"action": action}


def test_form_with_fields_is_one_whatever_its_server_calls_it() -> None:
    params = form({"name": {"type": "string"}}, _meta={"codex_approval_kind": "mcp_tool_call"})
    asked = elicitation_request(params, CONTEXT)
    assert not asked.is_tool_approval and asked.model is not None
    assert elicitation_answer({"name": "Ada"}, params)["content"] == {"name": "Ada"}
