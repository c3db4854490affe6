"""The handlers that the fuzz gives to a client. They look at all that a request shows, and say what the oracle says."""

from __future__ import annotations

import json
from typing import Any, cast

from openai_codex import (
    Approval,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalRule,
    Elicitation,
    ElicitationRequest,
    UserInputRequest,
    tool,
)
from openai_codex._answers import ServerRequestContext, current_request
from openai_codex.types import AttestationGenerateResponse, ChatgptAuthTokensRefreshResponse, CurrentTimeReadResponse

from .mutate import FIELD, MARK, WORD
from .oracle import CLOCK, CONTENT, choose, say

__all__ = ["Handlers"]


class Handlers:
    """Handlers of all kinds.

    Attributes:
        called: Ids of the requests that have reached one of them.
        methods: Those that go by the names of handler methods.
        functions: Those that are arguments of a client.
        tools: Those that are tools of a thread.
    """

    def __init__(self) -> None:
        self.called: set[int | str] = set()
        self._policy = ApprovalPolicy([ApprovalRule.ask()], ask=lambda _: True)
        self.methods = {
            "current_time_read": self._tell_time,
            "attestation_generate": self._attest,
            "account_chatgpt_auth_tokens_refresh": self._refresh,
        }
        self.functions = {
            "approval_handler": self._approve,
            "user_input_handler": self._answer,
            "elicitation_handler": self._elicit,
        }
        self.tools = [tool(name="lookup", description="Look something up.")(self._look_up)]

    def _note(self, *shown: object, **texts: object) -> ServerRequestContext:
        """Note that a request has come, and look at it; the texts are to be as they came."""
        request = current_request()
        repr((request, request.item, request.changes, *shown))
        self.called.add(request.id)
        for name, text in texts.items():
            if (text or None) != (request.params.get(name) or None):
                raise AssertionError(f"{request.method}: {name} is {text!r} in {request.params}")
        return request

    def _approve(self, request: ApprovalRequest) -> Approval | bool:
        texts = {"command": request.command, "reason": request.reason, "threadId": request.thread_id}
        context = self._note(request, request.available_decisions, request.changes, request.params, **texts)
        allowed = self._policy(request)
        if not isinstance(allowed, Approval) or (allowed.accepted and _asks_for_new(request)):
            raise AssertionError("a policy asks about what nobody can be shown")
        said = say(context.id, context.method)
        if said in ("yes", "no"):
            return said == "yes"
        return Approval.accept_with_rule(["git", "status"]) if said == "rule" else Approval(cast(Any, said))

    def _answer(self, request: UserInputRequest) -> dict[str, str]:
        self._note(request, request.params, threadId=request.thread_id, itemId=request.item_id)
        return {each.id: each.options[0].label if each.options else "yes" for each in request.questions}

    def _elicit(self, request: ElicitationRequest) -> Elicitation:
        texts = {"mode": request.mode, "serverName": request.server, "url": request.url, "_meta": request.meta}
        context = self._note(request, request.schema, request.model, request.params, **texts)
        schema = request.schema if request.mode == "form" else None
        form = schema is not None and schema.properties.keys() == CONTENT.keys()
        action = choose(context.id, "accept", "decline", "cancel") if form else choose(context.id, "decline", "cancel")
        return Elicitation.accept(CONTENT) if action == "accept" else Elicitation(cast(Any, action))

    def _look_up(self, id: str) -> str:
        self._note()
        return "42"

    def _tell_time(self, params: Any) -> CurrentTimeReadResponse:
        self._note(params)
        return CurrentTimeReadResponse(current_time_at=CLOCK)

    def _attest(self, params: Any) -> AttestationGenerateResponse:
        self._note(params)
        return AttestationGenerateResponse(token="v1.abc")

    def _refresh(self, params: Any) -> ChatgptAuthTokensRefreshResponse:
        self._note(params)
        return ChatgptAuthTokensRefreshResponse(access_token="t", chatgpt_account_id="a")


def _asks_for_new(request: ApprovalRequest) -> bool:
    """Whether a request asks for permissions that the schema of today does not have."""
    # Those of a command are granted as they are; of those of a turn, what is not known is not granted.
    command, turn = (json.dumps(request.raw.get(name)) for name in ("additionalPermissions", "permissions"))
    return any(text in command for text in (FIELD, MARK, WORD)) or any(text in turn for text in (MARK, WORD))
