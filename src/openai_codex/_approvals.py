"""Approvals: what the runtime asks before it does more than the sandbox allows, and how it is answered.

The protocol has a request of its own for commands, for file changes and for permissions, and asks about tools of MCP
servers as an elicitation. Here they are one union, ``ApprovalRequest``, with one kind of answer, ``Approval``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ._answers import NEVER_CANCELLED, Answerer, Call, Cancellation
from ._generated import models as m
from ._json import member

if TYPE_CHECKING:
    from ._answers import ServerRequestContext

__all__ = [
    "APPROVAL_METHODS",
    "Approval",
    "ApprovalAnswerer",
    "ApprovalHandler",
    "ApprovalRequest",
    "CommandApprovalRequest",
    "FileChangeApprovalRequest",
    "PermissionsApprovalRequest",
    "ToolApprovalRequest",
    "approval_request",
    "is_tool_approval",
]

APPROVAL_METHODS = (
    "item/commandExecution/requestApproval",
    "item/fileChange/requestApproval",
    "item/permissions/requestApproval",
)
"""The requests that an approval handler answers, apart from the elicitations that are approvals."""

_Decision = Literal["accept", "accept_for_session", "accept_with_rule", "decline", "cancel"]


@dataclass(frozen=True, slots=True)
class Approval:
    """The answer to an approval request; made by ``accept()`` and its siblings.

    Attributes:
        decision: Which of them made it.
        rule: What else is allowed from now on, for ``accept_with_rule``.

    Source: schemas CommandExecutionApprovalDecision and FileChangeApprovalDecision, and the answers to requests for
    permissions and elicitations.
    """

    decision: _Decision
    rule: tuple[str, ...] | m.NetworkPolicyAmendment | None = None

    @property
    def accepted(self) -> bool:
        """Whether it lets the runtime go on with what it asked for."""
        if isinstance(self.rule, m.NetworkPolicyAmendment):
            return self.rule.action is m.NetworkPolicyRuleAction.allow
        return self.decision not in ("decline", "cancel")

    @classmethod
    def accept(cls) -> Approval:
        """Allow this, once. Permissions hold for the rest of the turn."""
        return cls("accept")

    @classmethod
    def accept_for_session(cls) -> Approval:
        """Allow this, and do not ask again for the same while the thread is loaded."""
        return cls("accept_for_session")

    @classmethod
    def accept_with_rule(cls, rule: Sequence[str] | m.NetworkPolicyAmendment) -> Approval:
        """Allow this command, and from now on everything that the rule covers. **The runtime stores the rule.**

        Args:
            rule: The first words of the commands to allow, such as ``["git", "status"]``; for a request about network
                access a policy for the host (schema NetworkPolicyAmendment).

        Raises:
            ValueError: the rule is empty, and would allow every command.
            TypeError: it is no sequence of words.
        """
        if isinstance(rule, m.NetworkPolicyAmendment):
            return cls("accept_with_rule", rule)
        if isinstance(rule, str) or not all(isinstance(word, str) for word in rule):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"accept_with_rule: {rule!r} is no list of words; write ['git', 'status']")
        if not any(rule):
            raise ValueError("accept_with_rule: an empty rule would allow every command")
        return cls("accept_with_rule", tuple(rule))

    @classmethod
    def decline(cls) -> Approval:
        """Refuse this. The turn goes on, and the model is told."""
        return cls("decline")

    @classmethod
    def cancel(cls) -> Approval:
        """Refuse this and, for a command or a file change, end the turn as interrupted; otherwise the turn goes on."""
        return cls("cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """What all approval requests have."""

    thread_id: str
    """The thread that asks; a sub-agent's own, where one asks."""
    turn_id: str = ""
    """The turn that asks; "" where the runtime does not say."""
    item_id: str = ""
    """The item that it is about; "" where the runtime does not say."""
    item: m.ThreadItem | None = field(default=None, repr=False)
    """That item, as it was when it started (schema ThreadItem), if it is known."""
    reason: str | None = None
    """Why, in the words of the model or the runtime, if there are any."""
    command: str | None = None
    """The command line as the runtime shows it; None unless this is about a command."""
    cwd: str | None = None
    """Working directory, if it is known."""
    changes: Sequence[m.FileUpdateChange] | None = None
    """The changes of a file-change request (schema FileUpdateChange); None for others, and where they are not known."""
    available_decisions: Sequence[Approval] = ()
    """The answers that the runtime suggests; it takes others as well."""
    params: Any = field(default=None, repr=False)
    """The request as the protocol has it."""
    raw: Mapping[str, Any] = field(default_factory=dict[str, Any], repr=False, compare=False)
    """The request as it came, as JSON; with what this version does not know."""
    cancelled: Cancellation = field(default=NEVER_CANCELLED, repr=False, compare=False)
    """Set as soon as nobody wants the answer any more. An asynchronous handler is cancelled as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandApprovalRequest(_Request):
    """May this command run outside of the sandbox, or reach this host?

    Attributes:
        kind: Always ``command``.
        network: The host that a running command wants to reach (schema NetworkApprovalContext). None: this is about
            running the command itself.
        additional_permissions: What the command is to get beyond its sandbox, if it is to stay in one (schema
            AdditionalPermissionProfile).
        environment_id: Where it would run; ``local`` for the machine of the runtime.
        proposed_rule: The first words that ``accept_with_rule`` could allow from now on, if the runtime proposes any.

    Source: schema CommandExecutionRequestApprovalParams.
    """

    kind: Literal["command"] = "command"
    network: m.NetworkApprovalContext | None = None
    additional_permissions: m.AdditionalPermissionProfile | None = None
    environment_id: str | None = None
    proposed_rule: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChangeApprovalRequest(_Request):
    """May these files be changed?

    Attributes:
        kind: Always ``file_change``.
        grant_root: A directory that is to stay writable for the session, if that is asked for.

    Source: schema FileChangeRequestApprovalParams, with the changes of its FileChangeThreadItem.
    """

    kind: Literal["file_change"] = "file_change"
    grant_root: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionsApprovalRequest(_Request):
    """May the turn have these permissions? They are granted as asked for; class handlers can grant less.

    Attributes:
        kind: Always ``permissions``.
        permissions: What is asked for (schema RequestPermissionProfile).
        environment_id: Where it would hold; ``local`` for the machine of the runtime.

    Source: schema PermissionsRequestApprovalParams.
    """

    kind: Literal["permissions"] = "permissions"
    permissions: m.RequestPermissionProfile
    environment_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolApprovalRequest(_Request):
    """May this tool of an MCP server be called?

    Attributes:
        kind: Always ``tool``.
        server: Name of the server.
        tool: Name of the tool; None where the runtime does not tell it beyond doubt.
        arguments: What it would be called with.
        message: The question as the runtime puts it.

    Source: schema McpServerElicitationRequestParams, with ``codex_approval_kind`` in its ``_meta``.
    """

    kind: Literal["tool"] = "tool"
    server: str
    tool: str | None
    arguments: Any = None
    message: str = ""


ApprovalRequest: TypeAlias = (
    CommandApprovalRequest | FileChangeApprovalRequest | PermissionsApprovalRequest | ToolApprovalRequest
)
"""What an approval handler gets; ``kind`` or ``isinstance`` tells which."""

ApprovalHandler: TypeAlias = Callable[[ApprovalRequest], Approval | bool | Awaitable[Approval | bool]]
"""A function that decides, plain or ``async``. True accepts and False declines."""

_WIRE: dict[_Decision, str] = {
    "accept": "accept",
    "accept_for_session": "acceptForSession",
    "decline": "decline",
    "cancel": "cancel",
}


class ApprovalAnswerer(Answerer):
    """Answers all approval requests with one function, from an ``ApprovalRequest`` to an ``Approval`` or a bool."""

    def __init__(self, function: ApprovalHandler, *, of_tools: bool = False) -> None:
        super().__init__(function)
        self._of_tools = of_tools

    def accept(self, params: Mapping[str, Any]) -> Answerer | None:
        """Of elicitations, only those that are approvals."""
        return self if not self._of_tools or is_tool_approval(params) else None

    def prepare(self, params: Any, context: ServerRequestContext) -> Call:
        """Call the function with the request."""
        return Call(self.function, (approval_request(params, context),))

    def answer(self, result: Any, params: Any) -> Any:
        """Say it in the request's own form.

        Raises:
            TypeError: the result is neither an approval nor a bool.
            ValueError: the request cannot be answered in that way.
        """
        if isinstance(result, bool):
            result = Approval.accept() if result else Approval.decline()
        if not isinstance(result, Approval):
            raise TypeError(
                f"the approval handler returned {type(result).__name__}; it takes an Approval, or True or False"
            )
        if isinstance(params, m.CommandExecutionRequestApprovalParams):
            return m.CommandExecutionRequestApprovalResponse.model_validate({"decision": _command_decision(result)})
        if result.decision == "accept_with_rule":
            raise ValueError("accept_with_rule: only a request about a command takes a rule")
        if isinstance(params, m.FileChangeRequestApprovalParams):
            return m.FileChangeRequestApprovalResponse.model_validate({"decision": _WIRE[result.decision]})
        if isinstance(params, m.PermissionsRequestApprovalParams):
            asked = params.permissions.model_dump(by_alias=True, exclude_none=True) if result.accepted else {}
            scope = "session" if result.decision == "accept_for_session" else "turn"
            return m.PermissionsRequestApprovalResponse.model_validate({"permissions": asked, "scope": scope})
        meta = {"persist": "session"} if result.decision == "accept_for_session" else None
        action = "accept" if result.accepted else result.decision
        content: dict[str, Any] = {"content": {}, "_meta": meta} if result.accepted else {}
        return m.McpServerElicitationRequestResponse.model_validate({"action": action, **content})


def _command_decision(approval: Approval) -> Any:
    rule = approval.rule
    if approval.decision != "accept_with_rule":
        return _WIRE[approval.decision]
    if isinstance(rule, m.NetworkPolicyAmendment):
        return {"applyNetworkPolicyAmendment": {"network_policy_amendment": rule}}
    return {"acceptWithExecpolicyAmendment": {"execpolicy_amendment": [*(rule or ())]}}


def is_tool_approval(params: Mapping[str, Any]) -> bool:
    """Whether an elicitation, as raw parameters, asks for the approval of a tool call; such a form has no fields."""
    kind = member(params.get("_meta"), "codex_approval_kind")
    return bool(kind == "mcp_tool_call" and not member(params.get("requestedSchema"), "properties"))


def approval_request(params: Any, context: ServerRequestContext) -> ApprovalRequest:
    """Return the typed parameters of a server request as the one kind of request that approval handlers get.

    Raises:
        TypeError: the parameters are those of something else.
    """
    common: dict[str, Any] = {
        "thread_id": context.thread_id or "",
        "turn_id": context.turn_id or "",
        "item": context.item,
        "params": params,
        "raw": context.params,
        "cancelled": context.cancelled,
    }
    if isinstance(params, m.FormMcpServerElicitationRequestParams):
        call = context.item if isinstance(context.item, m.McpToolCallThreadItem) else None
        return ToolApprovalRequest(
            **common,
            item_id="" if call is None else call.id,
            server=params.server_name,
            tool=None if call is None else call.tool,
            arguments=member(params.field_meta, "tool_params"),
            message=params.message,
        )
    if isinstance(params, m.CommandExecutionRequestApprovalParams):
        proposed = params.proposed_execpolicy_amendment
        return CommandApprovalRequest(
            **common,
            item_id=params.item_id,
            reason=params.reason,
            command=params.command,
            cwd=params.cwd,
            available_decisions=[*_available(params.available_decisions or ())],
            network=params.network_approval_context,
            additional_permissions=params.additional_permissions,
            environment_id=params.environment_id,
            proposed_rule=None if proposed is None else tuple(proposed),
        )
    if isinstance(params, m.FileChangeRequestApprovalParams):
        return FileChangeApprovalRequest(
            **common,
            item_id=params.item_id,
            reason=params.reason,
            changes=context.changes,
            grant_root=params.grant_root,
        )
    if isinstance(params, m.PermissionsRequestApprovalParams):
        return PermissionsApprovalRequest(
            **common,
            item_id=params.item_id,
            reason=params.reason,
            cwd=params.cwd,
            permissions=params.permissions,
            environment_id=params.environment_id,
        )
    raise TypeError(f"{type(params).__name__} is no approval request that this version knows")


def _available(decisions: Sequence[m.CommandExecutionApprovalDecision]) -> Iterator[Approval]:
    """The decisions that this version knows."""
    by_wire: dict[str, _Decision] = {wire: decision for decision, wire in _WIRE.items()}
    for each in decisions:
        if isinstance(each, m.AcceptWithExecpolicyAmendmentCommandExecutionApprovalDecision):
            words = each.accept_with_execpolicy_amendment.execpolicy_amendment
            yield Approval("accept_with_rule", tuple(words))
        elif isinstance(each, m.ApplyNetworkPolicyAmendmentCommandExecutionApprovalDecision):
            yield Approval("accept_with_rule", each.apply_network_policy_amendment.network_policy_amendment)
        elif isinstance(each, m.CommandExecutionApprovalDecisionValue) and each.value in by_wire:
            yield Approval(by_wire[each.value])
