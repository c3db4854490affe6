"""From what callers give as handlers to the sources of answers that the engine asks in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._answers import Answerer, AnswererSource, HandlerMethods, ShortForms
from ._generated._methods import SERVER_REQUESTS

if TYPE_CHECKING:
    from ._approvals import ApprovalHandler
    from ._questions import ElicitationHandler, UserInputHandler
    from ._tools import Tools

__all__ = ["Given", "answers_approvals", "given_handlers", "refuse_tools"]

_TOOL_CALL = "item/tool/call"
_USER_INPUT = "item/tool/requestUserInput"
_ELICITATION = "mcpServer/elicitation/request"


@dataclass(frozen=True, slots=True)
class Given:
    """What a caller has given.

    Attributes:
        sources: What answers server requests, by the keyword that it came as, in the order in which it is asked.
        tool_specs: The tools as the protocol describes them; None where there are none.
    """

    sources: Mapping[str, AnswererSource]
    tool_specs: list[dict[str, Any]] | None


def given_handlers(
    call: str,
    client: object,
    base: Callable[[], type],
    *,
    handlers: object | None = None,
    approval_handler: ApprovalHandler | None = None,
    user_input_handler: UserInputHandler | None = None,
    elicitation_handler: ElicitationHandler | None = None,
    tools: Tools | None = None,
) -> Given:
    """Check what was given, and return it as sources of answers.

    Args:
        call: Who asks, for errors.
        client: The client that tools get to see.
        base: Returns the class that handler objects are of.
        handlers: An object with handler methods.
        approval_handler: Answers commands, file changes, permissions and the tools of MCP servers.
        user_input_handler: Answers the model's questions.
        elicitation_handler: Answers the questions of MCP servers.
        tools: Functions that answer calls of tools.

    Raises:
        TypeError: something is no handler, or no tool.
        ValueError: a request has two handlers, or two tools have the same name.
    """
    sources: dict[str, AnswererSource] = {}
    claimed: dict[str, str] = {}
    if approval_handler is not None:
        from ._approvals import APPROVAL_METHODS, ApprovalAnswerer

        _check(call, "approval_handler", approval_handler)
        answerers: dict[str, Answerer] = dict.fromkeys(APPROVAL_METHODS, ApprovalAnswerer(approval_handler))
        answerers[_ELICITATION] = ApprovalAnswerer(approval_handler, of_tools=True)
        sources["approval_handler"] = ShortForms(answerers)
        claimed.update(dict.fromkeys(APPROVAL_METHODS, "approval_handler"))
    if user_input_handler is not None:
        from ._questions import UserInputAnswerer

        _check(call, "user_input_handler", user_input_handler)
        sources["user_input_handler"] = ShortForms({_USER_INPUT: UserInputAnswerer(user_input_handler)})
        claimed[_USER_INPUT] = "user_input_handler"
    if elicitation_handler is not None:
        from ._questions import ElicitationAnswerer

        _check(call, "elicitation_handler", elicitation_handler)
        sources["elicitation_handler"] = ShortForms({_ELICITATION: ElicitationAnswerer(elicitation_handler)})
        claimed[_ELICITATION] = "elicitation_handler"
    specs: list[dict[str, Any]] | None = None
    if tools is not None:
        from ._tools import ToolCalls, dynamic_tools

        specs, by_name = dynamic_tools(tools)
        sources["tools"] = ShortForms({_TOOL_CALL: ToolCalls(by_name, client)})
    if handlers is not None:
        methods = HandlerMethods(handlers, base())
        for method, keyword in claimed.items():
            name = SERVER_REQUESTS[method][2]
            if methods.override(name) is not None:
                raise ValueError(f"{call}: handlers.{name} and {keyword} both answer {method}; leave one out")
        sources["handlers"] = methods
    return Given(sources, specs or None)


def refuse_tools(call: str, tools: object) -> None:
    """Refuse tools where the protocol takes none.

    Raises:
        ValueError: there are some.
    """
    if tools is not None:
        raise ValueError(
            f"{call}: tools= is not possible here. A thread takes tools only in thread_start; the runtime stores them "
            "with the thread, and ignores others later. To answer the calls of the stored tools, give the functions as "
            "tool_handlers=; for other tools, start a new thread"
        )


def answers_approvals(sources: Iterable[AnswererSource]) -> bool:
    """Whether a request for an approval has a handler among these."""
    sources = list(sources)
    if not sources:
        return False
    from ._approvals import APPROVAL_METHODS

    rows = [(method, SERVER_REQUESTS[method][2]) for method in APPROVAL_METHODS]
    return any(source.find(method, name, {}) is not None for source in sources for method, name in rows)


def _check(call: str, keyword: str, handler: object) -> None:
    if not callable(handler):
        raise TypeError(f"{call}: {keyword} is {handler!r}, which cannot be called")
