"""What has to come of a script: events, result and answers, worked out from its messages alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast
from zlib import crc32

from tests.generated.shapes import Named, fits, read_protocol, read_shapes

from .script import Script, Step

__all__ = ["CLOCK", "CONTENT", "Expected", "answer_fault", "choose", "is_for_handlers", "is_not_understood", "say"]

CLOCK = 1_700_000_000
CONTENT = {"name": "Bob"}
_APPROVALS = {
    "item/commandExecution/requestApproval",
    "item/fileChange/requestApproval",
    "item/permissions/requestApproval",
}
_LEGACY = {"applyPatchApproval", "execCommandApproval"}
_RESULTS = {each.method: each.result for each in read_protocol().server_requests}


# -- events and results --------------------------------------------------------------------------------------


class Expected:
    """What a client has to make of the notifications of a script.

    Attributes:
        stream: The steps that belong to the turn, in order.
        events: Those that belong to no turn.
        status: How the turn ends.
    """

    def __init__(self, script: Script) -> None:
        self.stream: list[Step] = []
        self.events: list[Step] = []
        self._script = script
        over = False
        for step in script.steps:
            if step.does != "tell":
                continue
            owner = _owner(script, step.message)
            if owner == script.turn_id and not over:
                self.stream.append(step)
                over = step.message["method"] == "turn/completed"
            elif owner is None or owner == script.turn_id:
                self.events.append(step)
        self.status: str = self._last("turn/completed")["turn"]["status"]

    def _all(self, method: str) -> list[Any]:
        return [step.back for step in self.stream if step.message["method"] == method]

    def _last(self, method: str) -> Any:
        found = self._all(method)
        return found[-1] if found else None

    def result(self) -> dict[str, Any]:
        """Fields of the turn's result, as JSON."""
        turn = self._last("turn/completed")["turn"]
        items = [params["item"] for params in self._all("item/completed")]
        error, usage = self._last("error"), self._last("thread/tokenUsage/updated")
        plan, diff = self._last("turn/plan/updated"), self._last("turn/diff/updated")
        late = error["error"] if error is not None and self.status == "failed" else None
        return {
            "id": self._script.turn_id,
            "status": self.status,
            "error": late if turn.get("error") is None else turn["error"],
            "started_at": turn.get("startedAt"),
            "completed_at": turn.get("completedAt"),
            "duration_ms": turn.get("durationMs"),
            "final_response": _final(items),
            "items": items,
            "usage": None if usage is None else usage["tokenUsage"],
            "plan": None if plan is None else plan["plan"],
            "diff": None if diff is None else diff["diff"],
            "partial_text": None if self.status == "completed" else self._partial(),
        }

    def _partial(self) -> str | None:
        text = ""
        for step in self.stream:
            method, params = step.message["method"], _object(step.message.get("params"))
            if method == "item/agentMessage/delta":
                text += params["delta"]
            elif (method == "error" and params["willRetry"]) or (
                method in ("item/started", "item/completed") and params["item"]["type"] == "agentMessage"
            ):
                text = ""
        return text or None


def _owner(script: Script, message: Mapping[str, Any]) -> str | None:
    """Id of the turn that a notification belongs to."""
    params = _object(message.get("params"))
    id, turn = params.get("turnId"), _object(params.get("turn"))
    if id is None and "turn" in params:
        id = turn.get("id")
    if message["method"] == "turn/started" and turn.get("rootTurnId") == script.turn_id:
        return script.turn_id  # a review starts under another id
    return id if isinstance(id, str) else None


def _final(items: Sequence[Mapping[str, Any]]) -> str | None:
    texts = [item for item in reversed(items) if item["type"] == "agentMessage"]
    by_phase = [item["text"] for item in texts if item.get("phase") == "final_answer"]
    return next(iter([*by_phase, *(item["text"] for item in texts if item.get("phase") is None)]), None)


def _object(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


# -- answers -------------------------------------------------------------------------------------------------


def choose(id: int | str, *choices: str) -> str:
    """One of these, always the same for the same request."""
    return choices[crc32(str(id).encode()) % len(choices)]


def say(id: int | str, method: str) -> str:
    """What the handler of approvals says to a request."""
    choices = ["accept", "accept_for_session", "decline", "cancel", "yes", "no"]
    return choose(id, *choices, *(["rule"] if method == "item/commandExecution/requestApproval" else []))


def is_tool_approval(params: Mapping[str, Any]) -> bool:
    """Whether an elicitation asks for the approval of a tool."""
    kind = _object(params.get("_meta")).get("codex_approval_kind")
    return kind == "mcp_tool_call" and not _object(params.get("requestedSchema")).get("properties")


def is_for_handlers(step: Step) -> bool:
    """Whether a request has to reach one of the handlers that the client was given."""
    method, params = step.message["method"], _object(step.message.get("params"))
    if not step.known or method in _LEGACY or is_not_understood(step):
        return False
    return method != "item/tool/call" or bool(params["tool"] == "lookup")


def is_not_understood(step: Step) -> bool:
    """Whether a request is refused, and announced as one that no handler has answered, though there is a handler.

    That is the approval of a tool that is asked for in a way that is not known: what accepting would mean is not known.
    """
    if step.message["method"] != "mcpServer/elicitation/request":
        return False
    params = step.message["params"]
    return is_tool_approval(params) and params["mode"] != "form"


def answer_fault(step: Step, answer: Mapping[str, Any]) -> str:
    """What is wrong with the client's answer to a request, or ""."""
    method = step.message["method"]
    if not step.known:
        return "" if _object(answer.get("error")).get("code") == -32601 else f"{method}: answered with {answer}"
    result = answer.get("result")
    # What was asked for is granted in the words of whoever asked, be they new.
    if method != "item/permissions/requestApproval" and not fits(Named(_RESULTS[method]), result, read_shapes()):
        return f"{method}: {answer} is no {_RESULTS[method]}"
    return "" if _is_right(step, _object(result)) else f"{method}: {result} was not what was said"


def _is_right(step: Step, result: Mapping[str, Any]) -> bool:
    id, method, params = step.message["id"], step.message["method"], step.message["params"]
    said = say(id, method)
    word = {"accept_for_session": "acceptForSession", "yes": "accept", "no": "decline"}.get(said, said)
    if method in _LEGACY:
        return "denied" in _object(result["decision"])
    if method == "item/permissions/requestApproval":
        if word in ("decline", "cancel"):
            return result == {"permissions": {}, "scope": "turn"}
        scope = "session" if word == "acceptForSession" else "turn"
        return result["scope"] == scope and _is_within(result["permissions"], params["permissions"])
    if method in _APPROVALS:
        rule = {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": ["git", "status"]}}
        return result == {"decision": rule if said == "rule" else word}
    if method == "mcpServer/elicitation/request":
        return _is_right_elicitation(id, params, word, result)
    if method == "item/tool/requestUserInput":
        return result == {"answers": {each["id"]: {"answers": [_label(each)]} for each in params["questions"]}}
    if method == "item/tool/call":
        return bool(result["success"] == (params["tool"] == "lookup"))
    return method != "currentTime/read" or result == {"currentTimeAt": CLOCK}


def _is_right_elicitation(id: int | str, params: Mapping[str, Any], word: str, result: Mapping[str, Any]) -> bool:
    if is_tool_approval(params):
        known = params["mode"] == "form"
        return bool(result["action"] == (word.removesuffix("ForSession") if known else "decline"))
    form = params["mode"] == "form" and _object(params["requestedSchema"].get("properties")).keys() == CONTENT.keys()
    action = choose(id, "accept", "decline", "cancel") if form else choose(id, "decline", "cancel")
    return result == {"action": action, **({"content": CONTENT} if action == "accept" else {})}


def _label(question: Mapping[str, Any]) -> str:
    options = question.get("options")
    return str(options[0]["label"]) if options else "yes"


def _is_within(given: Any, asked: Any) -> bool:
    """Whether nothing is given that was not asked for."""
    if isinstance(given, dict):
        members = cast("dict[str, Any]", given)
        return all(_is_within(each, _object(asked).get(name)) for name, each in members.items())
    if isinstance(given, list):
        values: list[Any] = [*given]
        return isinstance(asked, list) and len(values) == len(asked) and all(map(_is_within, values, asked))  # pyright: ignore[reportUnknownArgumentType]
    return bool(given == asked)
