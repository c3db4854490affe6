"""Questions: what the model or an MCP server wants to know from the user, and how it is answered.

The model asks questions with options (user input); servers ask with forms, or with an address to open (elicitations).
Answers may be secret. No error here shows one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from ._answers import NEVER_CANCELLED, Answerer, Call, Cancellation
from ._approvals import is_tool_approval
from ._generated import models as m

if TYPE_CHECKING:
    from pydantic import BaseModel

    from ._answers import ServerRequestContext

__all__ = [
    "Elicitation",
    "ElicitationAnswer",
    "ElicitationAnswerer",
    "ElicitationHandler",
    "ElicitationRequest",
    "UserInputAnswerer",
    "UserInputAnswers",
    "UserInputHandler",
    "UserInputRequest",
    "elicitation_request",
    "user_input_request",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserInputRequest:
    """The model asks the user.

    Attributes:
        thread_id: The thread that asks; a sub-agent's own, where one asks.
        turn_id: The turn that asks.
        item_id: The item that it is about.
        questions: The questions (schema ToolRequestUserInputQuestion), each with its ``id``, the text ``question``,
            and ``options`` if there are any. ``is_other`` says that another answer is welcome as well, ``is_secret``
            that nobody else should see what is typed.
        is_blocking: Whether the turn waits for the answers.
        params: The request as the protocol has it.
        cancelled: Set as soon as nobody wants the answer any more. An asynchronous handler is cancelled as well.

    Source: schema ToolRequestUserInputParams.
    """

    thread_id: str
    turn_id: str = ""
    item_id: str = ""
    questions: Sequence[m.ToolRequestUserInputQuestion]
    is_blocking: bool = True
    params: Any = field(default=None, repr=False)
    cancelled: Cancellation = field(default=NEVER_CANCELLED, repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ElicitationRequest:
    """An MCP server asks the user.

    Attributes:
        thread_id: The thread that the server works for; "" where the runtime does not say.
        turn_id: The turn that it works for; "" where the runtime does not say.
        server: Name of the server.
        mode: ``form``, ``url``, or another word of the runtime's.
        message: What the server says.
        url: The address that the user is to open; None where there is none, as for forms.
        elicitation_id: The server's id of the address; None where there is none.
        schema: The fields of a form (schema McpElicitationSchema); None for other modes, for forms of other kinds, and
            for ``is_tool_approval``.
        meta: What came along as ``_meta``, as it came.
        params: The request as the protocol has it.
        cancelled: Set as soon as nobody wants the answer any more. An asynchronous handler is cancelled as well.

    Source: schema McpServerElicitationRequestParams.
    """

    thread_id: str
    turn_id: str = ""
    server: str
    mode: str
    message: str = ""
    url: str | None = None
    elicitation_id: str | None = None
    schema: m.McpElicitationSchema | None = field(default=None, repr=False)
    meta: Any = field(default=None, repr=False)
    params: Any = field(default=None, repr=False)
    cancelled: Cancellation = field(default=NEVER_CANCELLED, repr=False, compare=False)

    @property
    def is_tool_approval(self) -> bool:
        """Whether the runtime wants a tool of the server approved; where there is no approval handler, it asks here.

        Then accepting without content, or True, lets the tool be called with the ``tool_params`` in ``meta``.
        """
        return _is_tool_approval(self.params)

    @property
    def model(self) -> type[BaseModel] | None:
        """A pydantic model of the form, for ``Elicitation.accept(request.model(name="Ada"))``.

        It takes what the schema allows and nothing else; what is left out has its default, or None, which is not sent.
        A field whose name is none in Python, or one of pydantic's own, is called a little differently (``first_name``
        for ``first-name``, ``copy_`` for ``copy``) and can be given by its wire name as well. Dates and times may be
        text or objects of ``datetime``.

        None where there is no form, or one with fields of a kind that this version does not know.
        """
        from ._forms import form_model

        return form_model(self.schema)


@dataclass(frozen=True, slots=True)
class Elicitation:
    """The answer to an elicitation; made by ``accept()`` and its siblings.

    Attributes:
        action: Which of them made it.
        content: What fills in the form. It may be secret and is in no repr.
        persist: For how long the approval of a tool holds, beyond this call.

    Source: schema McpServerElicitationRequestResponse.
    """

    action: Literal["accept", "decline", "cancel"]
    content: Mapping[str, Any] | BaseModel | None = field(default=None, repr=False)
    persist: Literal["session", "always"] | None = None

    @classmethod
    def accept(
        cls,
        content: Mapping[str, Any] | BaseModel | None = None,
        *,
        persist: Literal["session", "always"] | None = None,
    ) -> Elicitation:
        """Answer it.

        Args:
            content: What fills in the form: values by name, or an instance of ``request.model`` or of another pydantic
                model. It is checked against the form before it is sent.
            persist: For elicitations that ask for the approval of a tool: ``session`` or ``always``, where the runtime
                offers that in ``meta``.

        Raises:
            TypeError: the content is neither a mapping nor a pydantic model.
            ValueError: ``persist`` is none of its values.
        """
        if content is not None and not _is_content(content):
            raise TypeError(f"accept: the content is of type {type(content).__name__}; it takes a mapping or a model")
        if persist not in (None, "session", "always"):
            raise ValueError(f"accept: persist is {persist!r}; it takes 'session' or 'always'")
        return cls("accept", content, persist)

    @classmethod
    def decline(cls) -> Elicitation:
        """Refuse to answer. The server is told."""
        return cls("decline")

    @classmethod
    def cancel(cls) -> Elicitation:
        """Close it without a decision. The server is told."""
        return cls("cancel")


UserInputAnswers: TypeAlias = "str | Mapping[str, str | Sequence[str]] | m.ToolRequestUserInputResponse | None"
"""Answers by question id, or one for the only question; None for no answer."""

UserInputHandler: TypeAlias = Callable[[UserInputRequest], "UserInputAnswers | Awaitable[UserInputAnswers]"]
"""A function that answers the model's questions, plain or ``async``."""

ElicitationAnswer: TypeAlias = (
    "Elicitation | Mapping[str, Any] | BaseModel | m.McpServerElicitationRequestResponse | bool | None"
)
"""An elicitation's answer; a mapping or a model fills in the form, True accepts and False or None declines."""

ElicitationHandler: TypeAlias = Callable[[ElicitationRequest], "ElicitationAnswer | Awaitable[ElicitationAnswer]"]
"""A function that answers the questions of MCP servers, plain or ``async``."""


class UserInputAnswerer(Answerer):
    """Answers questions of the model with one function, from a ``UserInputRequest`` to answers by question id."""

    def prepare(self, params: Any, context: ServerRequestContext) -> Call:
        """Call the function with the request."""
        return Call(self.function, (user_input_request(params, context),))

    def answer(self, result: Any, params: Any) -> Any:
        """Return the response for a text, a mapping from ids to a text or texts, a response, or None.

        Raises:
            TypeError: the result is something else.
            ValueError: it answers a question that was not asked.
        """
        known = [each.id for each in params.questions]
        if isinstance(result, m.ToolRequestUserInputResponse):
            _check_ids(result.answers, known)
            return result
        if isinstance(result, str):
            if len(known) != 1:
                raise TypeError(f"one text cannot answer {len(known)} questions; return a mapping from {_names(known)}")
            result = {known[0]: result}
        if result is not None and not issubclass(type(result), Mapping):
            raise TypeError(
                f"the handler of questions returned {type(result).__name__}; it takes a mapping from question ids to "
                "answers, a text for a single question, or None"
            )
        answers: Mapping[Any, Any] = result or {}
        _check_ids(answers, known)
        return m.ToolRequestUserInputResponse.model_validate(
            {"answers": {name: {"answers": _texts(name, answer)} for name, answer in answers.items()}}
        )


def _names(known: Sequence[str]) -> str:
    return ", ".join(map(repr, known)) or "no question"


def _check_ids(answers: Mapping[Any, Any], known: Sequence[str]) -> None:
    # A name that is unknown may be an answer in the wrong place, so it is not shown.
    if any(name not in known for name in answers):
        raise ValueError(f"an answer is to a question that was not asked; the ids are {_names(known)}")


def _texts(name: str, answer: Any) -> list[str]:
    if isinstance(answer, str):
        return [answer]
    if issubclass(type(answer), Sequence) and not isinstance(answer, (bytes, bytearray)):
        texts: list[Any] = [*answer]
        if all(isinstance(each, str) for each in texts):
            return texts
    raise TypeError(
        f"the answer to {name!r} is of type {type(answer).__name__}; it takes a text or a sequence of texts"
    )


class ElicitationAnswerer(Answerer):
    """Answers elicitations with one function, from an ``ElicitationRequest`` to an ``Elicitation`` or its content.

    It takes those that ask for the approval of a tool as well, where there is no approval handler at all. These are no
    forms: what fills in a form does not approve anything.
    """

    def accept(self, params: Mapping[str, Any]) -> Answerer | None:
        """Leave the approval of tools to whoever is there for approvals."""
        if not is_tool_approval(params):
            return self
        answerer = ElicitationAnswerer(self.function)
        answerer.last = True
        return answerer

    def prepare(self, params: Any, context: ServerRequestContext) -> Call:
        """Call the function with the request."""
        return Call(self.function, (elicitation_request(params, context),))

    def answer(self, result: Any, params: Any) -> Any:
        """Return the response for an elicitation, the content of a form, a response, a bool, or None.

        Raises:
            TypeError: the result is something else.
            ValueError: the content does not fit the form, or is no JSON.
        """
        if isinstance(result, m.McpServerElicitationRequestResponse):
            return result
        if _is_content(result) or result is True:
            result = Elicitation.accept(None if result is True else result)
        elif result is None or result is False:
            result = Elicitation.decline()
        if not isinstance(result, Elicitation):
            raise TypeError(
                f"the handler of elicitations returned {type(result).__name__}; it takes an Elicitation, "
                "the content of the form, or True or False"
            )
        wire: dict[str, Any] = {"action": result.action}
        if result.action == "accept":
            if result.content is not None and _is_tool_approval(params):
                raise ValueError(
                    "the approval of a tool is no form; to approve it, return Elicitation.accept() or True"
                )
            content = _content(result.content, _schema(params))
            if content is not None or isinstance(params, m.FormMcpServerElicitationRequestParams):
                wire["content"] = content or {}
            if result.persist is not None:
                wire["_meta"] = {"persist": result.persist}
        return m.McpServerElicitationRequestResponse.model_validate(wire)


def _is_content(value: Any) -> bool:
    from pydantic import BaseModel

    return isinstance(value, (Mapping, BaseModel))


def _content(content: Any, schema: m.McpElicitationSchema | None) -> dict[str, Any] | None:
    """The content of an accepted elicitation as it is sent."""
    from pydantic import BaseModel
    from pydantic_core import PydanticSerializationError, to_jsonable_python

    from ._forms import form_content, form_model

    if isinstance(content, BaseModel):
        content = content.model_dump(mode="json", by_alias=True)
    model = form_model(schema)
    if model is not None:
        return form_content(model, content or {})
    try:
        return None if content is None else to_jsonable_python(dict(content))
    except PydanticSerializationError:
        raise ValueError("the content cannot be sent: it holds something that is no JSON") from None


def _is_tool_approval(params: Any) -> bool:
    fields = getattr(getattr(params, "requested_schema", None), "properties", None)
    return is_tool_approval({"_meta": getattr(params, "field_meta", None), "requestedSchema": {"properties": fields}})


def _schema(params: Any) -> m.McpElicitationSchema | None:
    """The flat form that is asked for, if it is one. The approval of a tool has an empty one, and is none."""
    from pydantic import ValidationError

    from ._forms import form_model

    if _is_tool_approval(params):
        return None
    if isinstance(params, m.FormMcpServerElicitationRequestParams):
        return params.requested_schema
    of_openai = (m.OpenaiFormMcpServerElicitationRequestParams, m.OpenaiSlashFormMcpServerElicitationRequestParams)
    if isinstance(params, of_openai):
        # The schema leaves these open. Those that are flat can be treated like others.
        try:
            schema = m.McpElicitationSchema.model_validate(params.requested_schema)
        except ValidationError:
            return None
        return schema if form_model(schema) is not None else None
    return None


def user_input_request(params: Any, context: ServerRequestContext) -> UserInputRequest:
    """Return the typed parameters of a server request as what handlers of questions get.

    Args:
        params: The parameters.
        context: The request that they belong to.

    Raises:
        TypeError: the parameters are those of something else.
    """
    if not isinstance(params, m.ToolRequestUserInputParams):
        raise TypeError(f"{type(params).__name__} has no questions that this version knows")
    return UserInputRequest(
        thread_id=params.thread_id,
        turn_id=params.turn_id,
        item_id=params.item_id,
        questions=params.questions,
        is_blocking=params.is_blocking,
        params=params,
        cancelled=context.cancelled,
    )


def elicitation_request(params: Any, context: ServerRequestContext) -> ElicitationRequest:
    """Return the typed parameters of a server request as what handlers of elicitations get.

    Args:
        params: The parameters.
        context: The request that they belong to.

    Raises:
        TypeError: the parameters are those of something else.
    """
    known = (
        m.FormMcpServerElicitationRequestParams,
        m.OpenaiFormMcpServerElicitationRequestParams,
        m.OpenaiSlashFormMcpServerElicitationRequestParams,
        m.OpenaiUserVerificationMcpServerElicitationRequestParams,
        m.UnrecognizedMcpServerElicitationRequestParams,
        m.UrlMcpServerElicitationRequestParams,
    )
    if not isinstance(params, known):
        raise TypeError(f"{type(params).__name__} is no elicitation that this version knows")
    raw = params.raw if isinstance(params, m.UnrecognizedMcpServerElicitationRequestParams) else None
    members = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}

    def word(name: str, attribute: str) -> str | None:
        """A text member, typed or not."""
        value = members.get(name) if raw is not None else getattr(params, attribute, None)
        return value if isinstance(value, str) else None

    message = word("message", "message")
    if message is None:
        parts = (word("title", "title"), word("description", "description"))  # openai/userVerification
        message = "\n".join(filter(None, parts))
    return ElicitationRequest(
        thread_id=params.thread_id or "",
        turn_id=params.turn_id or "",
        server=params.server_name or "",
        mode=word("mode", "mode") or "",
        message=message,
        url=word("url", "url"),
        elicitation_id=word("elicitationId", "elicitation_id"),
        schema=_schema(params),
        meta=params.field_meta,
        params=params,
        cancelled=context.cancelled,
    )
