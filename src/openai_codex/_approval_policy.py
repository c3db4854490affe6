"""Rules that answer approval requests, and the record of what they answered.

    policy = ApprovalPolicy(
        [
            ApprovalRule.deny(command=["git", "push"]),
            ApprovalRule.allow(command=["git", "status"], cwd="/srv/app"),
            ApprovalRule.allow(command=["./gradlew", "test"], cwd="/srv/app"),
            ApprovalRule.allow(paths=["/srv/app/src"]),
            ApprovalRule.allow(network=["pypi.org"]),
            ApprovalRule.allow(tools=["github/get_issue", "docs/*"]),
            ApprovalRule.ask(),
        ],
        ask=my_handler,
        audit="/var/log/approvals.jsonl",
    )
    thread = codex.thread_start(approval_mode=ApprovalMode.ask, approval_handler=policy)

A request is taken apart into what it asks for: a command, every path, hosts, a tool. Each of these is judged by the
first rule that covers it, and denied if there is none. The strictest verdict is the request's: deny before ask before
allow.

The rules are asymmetric, so that every doubt ends in less. An ``allow`` covers what it names, if that is beyond doubt.
``deny`` and ``ask`` also cover what merely overlaps with what they name. What is not understood is covered by
``deny()`` and ``ask()`` alone, those without conditions. To such things belongs every command that is not *plain*,
which means one program with its arguments written out: ``git push; ls`` is **not** covered by a rule about
``["git", "push"]``, whatever its verdict. No ``allow`` ever covers it.

What is allowed runs outside of the sandbox. Allow narrowly: a rule for ``["git"]`` allows whatever git can be made to
do (``git -c alias.x='!sh' x``, or what ``.git/config`` says in a directory that the model controls), a ``deny`` before
it catches one spelling of many, and a directory includes its ``.git``.

Paths are resolved on this machine, so rules about them are for a runtime that runs on it as well. They are judged as
they are at that moment, and permissions last longer: keep what an allowed command runs, and the audit file, where the
model cannot write, and links out of the place of a directory that is opened up.
"""

from __future__ import annotations

import inspect
import json
import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from pathlib import PurePath
from typing import Any, Literal, TypeAlias, cast

from ._approval_subjects import (
    CommandSubject,
    HostSubject,
    PathSubject,
    Subject,
    ToolSubject,
    UnknownSubject,
    folded,
    host_name,
    is_inside,
    meanings,
    subjects_of,
)
from ._approvals import Approval, ApprovalRequest

__all__ = ["ApprovalPolicy", "ApprovalRule", "PolicyDecision", "Verdict"]

Verdict: TypeAlias = Literal["allow", "deny", "ask"]
_STRICTNESS: tuple[Verdict, ...] = ("allow", "ask", "deny")
_SHOWN = 2000


@dataclass(frozen=True, slots=True, repr=False)
class ApprovalRule:
    """What to do about some kinds of requests; made by ``allow()``, ``deny()`` and ``ask()``.

    A rule may have conditions of several kinds. Each covers things of its own kind only.

    Attributes:
        verdict: ``allow``, ``deny`` or ``ask``.
        command: The first words of the commands that it covers, compared as whole words: ``("git", "status")`` covers
            ``git status -s``, but neither ``git statusx`` nor ``/usr/bin/git status``.
        cwd: Narrows ``command``: the working directory is this one or below it. A program that is given by a relative
            path, such as ``./gradlew``, is another one in each directory, so allowing it takes exactly this directory.
        paths: Absolute files and directories; a directory covers all that is below it. Links are followed: what they
            lead to counts. An ``allow`` stays with where its own paths led when the policy was made.
        network: Hosts, compared as whole names; True for every host.
        tools: ``server/tool``, or ``server/*`` for all tools of an MCP server.

    Raises:
        ValueError: a condition is empty or cannot work, or an ``allow`` has none.
        TypeError: a condition is of the wrong type.
    """

    verdict: Verdict
    command: tuple[str, ...] | None = None
    cwd: str | None = None
    paths: tuple[str, ...] | None = None
    network: tuple[str, ...] | Literal[True] | None = None
    tools: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.verdict not in _STRICTNESS:
            raise ValueError(f"verdict: {self.verdict!r} is none of 'allow', 'deny', 'ask'")
        checked = {
            "command": _check_command(self.command, self.cwd),
            "cwd": None if self.cwd is None else _check_path("cwd", self.cwd),
            "paths": _check_paths(self.paths),
            "network": _check_network(self.network),
            "tools": _check_tools(self.tools),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)
        if self.verdict == "allow" and not self._conditions():
            raise ValueError("allow: a rule without conditions would allow everything; name what to allow")

    @classmethod
    def allow(
        cls,
        *,
        command: Sequence[str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        paths: Sequence[str | os.PathLike[str]] | None = None,
        network: Sequence[str] | Literal[True] | None = None,
        tools: Sequence[str] | None = None,
    ) -> ApprovalRule:
        """Return a rule that accepts what it covers. It needs a condition.

        Args:
            command: The first words of a command.
            cwd: The directory that the command runs in.
            paths: Absolute files and directories.
            network: Hosts, or True for every host.
            tools: ``server/tool`` or ``server/*``.

        Raises:
            ValueError: a condition is empty or cannot work, or there is none.
            TypeError: a condition is of the wrong type.
        """
        return _rule("allow", command, cwd, paths, network, tools)

    @classmethod
    def deny(
        cls,
        *,
        command: Sequence[str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        paths: Sequence[str | os.PathLike[str]] | None = None,
        network: Sequence[str] | Literal[True] | None = None,
        tools: Sequence[str] | None = None,
    ) -> ApprovalRule:
        """Return a rule that declines what it covers; without conditions everything.

        Args:
            command: The first words of a command.
            cwd: The directory that the command runs in.
            paths: Absolute files and directories.
            network: Hosts, or True for every host.
            tools: ``server/tool`` or ``server/*``.

        Raises:
            ValueError: a condition is empty or cannot work.
            TypeError: a condition is of the wrong type.
        """
        return _rule("deny", command, cwd, paths, network, tools)

    @classmethod
    def ask(
        cls,
        *,
        command: Sequence[str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        paths: Sequence[str | os.PathLike[str]] | None = None,
        network: Sequence[str] | Literal[True] | None = None,
        tools: Sequence[str] | None = None,
    ) -> ApprovalRule:
        """Return a rule that leaves what it covers to the next handler; without conditions everything.

        Args:
            command: The first words of a command.
            cwd: The directory that the command runs in.
            paths: Absolute files and directories.
            network: Hosts, or True for every host.
            tools: ``server/tool`` or ``server/*``.

        Raises:
            ValueError: a condition is empty or cannot work.
            TypeError: a condition is of the wrong type.
        """
        return _rule("ask", command, cwd, paths, network, tools)

    def __repr__(self) -> str:
        shown = (f"{name}={[*value] if isinstance(value, tuple) else value!r}" for name, value in self._conditions())
        return f"ApprovalRule.{self.verdict}({', '.join(shown)})"

    def _conditions(self) -> list[tuple[str, tuple[str, ...] | str | bool]]:
        named = ((each.name, getattr(self, each.name)) for each in fields(self) if each.name != "verdict")
        return [(name, value) for name, value in named if value is not None]


def _rule(verdict: Verdict, command: Any, cwd: Any, paths: Any, network: Any, tools: Any) -> ApprovalRule:
    return ApprovalRule(verdict, command, cwd, paths, network, tools)


def _words(name: str, value: Any, example: str) -> tuple[str, ...]:
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(f"{name}: {value!r} is no list; write {example}")
    words = tuple(cast("Sequence[str]", value))
    if not all(isinstance(word, str) for word in words):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"{name}: {value!r} is no list of str; write {example}")
    if not words or not words[0]:
        raise ValueError(f"{name}: {value!r} is empty; leave {name} out, or write {example}")
    return words


def _check_command(value: Any, cwd: Any) -> tuple[str, ...] | None:
    if value is None:
        if cwd is not None:
            raise ValueError("cwd: it only narrows command, and there is none")
        return None
    words = _words("command", value, "['git', 'status']")
    if os.path.basename(words[0]) == words[0] and words[0].split() != [words[0]]:
        raise ValueError(
            f"command: no program is called {words[0]!r}; write each word by itself, as {words[0].split()}"
        )
    if cwd is None and _is_relative(words[0]):
        raise ValueError(f"command: {words[0]!r} is another program in each directory; say which with cwd")
    return words


def _is_relative(program: str) -> bool:
    return os.path.basename(program) != program and not os.path.isabs(program)


def _check_path(name: str, value: Any) -> str:
    path = _fspath(name, value)
    if not os.path.isabs(path):
        hint = "os.path.expanduser" if path.startswith("~") else "os.path.abspath"
        raise ValueError(f"{name}: {path!r} is not absolute; {hint} makes it so")
    if ".." in PurePath(path).parts:
        raise ValueError(f"{name}: {path!r} has '..' in it; os.path.realpath tells where it leads")
    if set(path) & set("*?"):
        raise ValueError(f"{name}: {path!r} looks like a pattern; name a directory, which covers all that is below it")
    return path


def _fspath(name: str, value: Any) -> str:
    path: object = os.fspath(cast("str", value)) if isinstance(value, (str, os.PathLike)) else None
    if not isinstance(path, str):
        raise TypeError(f"{name}: {value!r} is no path")
    return path


def _check_paths(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    example = "paths=['/srv/app/src']"
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(f"paths: {value!r} is no list; write {example}")
    if not value:
        raise ValueError(f"paths: {value!r} is empty; leave paths out, or write {example}")
    return tuple(_check_path("paths", each) for each in cast("Sequence[object]", value))


def _check_network(value: Any) -> tuple[str, ...] | Literal[True] | None:
    if value is None or value is True:
        return value
    hosts = _words("network", value, "['pypi.org'], or True for every host")
    for host in hosts:
        if host_name(host) is None:
            raise ValueError(f"network: {host!r} is no name of a host; there are no patterns")
    return hosts


def _check_tools(value: Any) -> tuple[str, ...] | None:
    if value is None:
        return None
    tools = _words("tools", value, "['github/get_issue', 'docs/*']")
    for each in tools:
        server, _, tool = each.partition("/")
        if not server or not tool or "*" in server or ("*" in tool and tool != "*"):
            raise ValueError(f"tools: {each!r} is neither 'server/tool' nor 'server/*'")
    return tools


class _Matcher:
    """A rule, with its paths as they were resolved when the policy was made.

    For an ``allow`` this decides for good: a link that is put in the place of a root, or of a directory above it, leads
    requests out of what was resolved, and never into more. The other verdicts go by the present as well.
    """

    def __init__(self, rule: ApprovalRule) -> None:
        self.rule = rule
        self._allows = rule.verdict == "allow"
        self._everything = not any((rule.command, rule.paths, rule.network, rule.tools))
        self._roots = [_resolved("paths", path, itself=True) for path in rule.paths or ()]
        self._cwd = () if rule.cwd is None else _resolved("cwd", rule.cwd, itself=False)
        self._hosts = frozenset(map(host_name, rule.network)) if isinstance(rule.network, tuple) else frozenset[str]()

    def covers(self, subject: Subject) -> bool:
        """Whether the rule decides about this."""
        if isinstance(subject, UnknownSubject):
            return False
        if self._everything:
            return True
        if isinstance(subject, CommandSubject):
            return self._covers_command(subject)
        if isinstance(subject, PathSubject):
            return self._covers_path(subject)
        if isinstance(subject, HostSubject):
            return self._covers_host(subject)
        return isinstance(subject, ToolSubject) and self._covers_tool(subject)

    def _covers_command(self, subject: CommandSubject) -> bool:
        rule = self.rule
        if rule.command is None or subject.argv[: len(rule.command)] != rule.command:
            return False
        if self._allows and not subject.local:
            return False
        if rule.cwd is None:
            return True
        if not self._allows:
            roots = [folded(each) for each in (*self._cwd, *meanings(rule.cwd, itself=False))]
            found = [folded(each) for each in subject.cwd]
            return not found or any(is_inside(each, root) for each in found for root in roots)
        if not subject.cwd:
            return False
        if _is_relative(rule.command[0]):
            return all(each in self._cwd for each in subject.cwd)
        return all(any(is_inside(each, root) for root in self._cwd) for each in subject.cwd)

    def _covers_path(self, subject: PathSubject) -> bool:
        if self._allows:
            roots = [root for each in self._roots for root in each]
            return subject.local and all(any(is_inside(each, root) for root in roots) for each in subject.meanings)
        roots = [root for path in self.rule.paths or () for root in meanings(path)]
        roots += [root for each in self._roots for root in each]
        return any(_overlap(each, root) for each in subject.meanings for root in roots)

    def _covers_host(self, subject: HostSubject) -> bool:
        if self.rule.network is True:
            return True
        if subject.host is None:
            return bool(self._hosts) and not self._allows
        return subject.host in self._hosts

    def _covers_tool(self, subject: ToolSubject) -> bool:
        patterns = [each.partition("/")[::2] for each in self.rule.tools or ()]
        return any(server == subject.server and tool in ("*", subject.tool) for server, tool in patterns)


def _resolved(name: str, path: str, *, itself: bool) -> tuple[str, ...]:
    found = meanings(path, itself=itself)
    if not found:
        raise ValueError(f"{name}: {path!r} cannot be resolved; something above it is no directory, or may not be read")
    return found


def _overlap(path: str, root: str) -> bool:
    """Whether one of two directories has the other, or might where upper and lower case are the same."""
    path, root = folded(path), folded(root)
    return is_inside(path, root) or is_inside(root, path)


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What a policy has decided about one request.

    Attributes:
        at: When, in UTC.
        kind: The kind of the request, such as ``command``.
        thread_id: The thread that asked.
        turn_id: The turn that asked.
        item_id: The item that it was about.
        what: What was asked for, shortened if it is very long.
        verdict: ``allow``, ``deny`` or ``ask``.
        rule: Index of the deciding rule; None where no rule covers the request.
        rule_text: That rule as text.
        approval: The decision of the ``Approval``, such as ``accept``; ``decline`` where there was none, for an error.
        asked: Whether the next handler was asked.
        error: Class of the exception that the next handler, or writing to the audit file, failed with.
    """

    at: datetime
    kind: str
    thread_id: str
    turn_id: str
    item_id: str
    what: str
    verdict: Verdict
    rule: int | None
    rule_text: str | None
    approval: str
    asked: bool = False
    error: str | None = None


class ApprovalPolicy:
    """An approval handler that goes by rules. Whatever no rule covers is denied.

    Args:
        rules: The rules; the first that covers something decides about it.
        ask: The next handler, for ``ask`` rules: a function, plain or asynchronous, or another policy.
        audit: A file to append every decision to, as a line of JSON each. A decision that cannot be written is not
            given: the call raises ``OSError``, which refuses the request.
        keep: How many decisions to keep in ``decisions``.

    Raises:
        ValueError: an ``ask`` rule has nobody to ask, a path cannot be resolved, or ``audit`` or ``keep`` cannot work.
        TypeError: an argument is of the wrong type.
    """

    def __init__(
        self,
        rules: Sequence[ApprovalRule],
        *,
        ask: Callable[[ApprovalRequest], Any] | None = None,
        audit: str | os.PathLike[str] | None = None,
        keep: int = 1000,
    ) -> None:
        if isinstance(rules, ApprovalRule):
            raise TypeError(f"rules: {rules!r} is no list; write [{rules!r}]")
        checked: list[Any] = [*rules]
        for index, rule in enumerate(checked):
            if not isinstance(rule, ApprovalRule):
                raise TypeError(f"rules: {rule!r} is no ApprovalRule; write ApprovalRule.allow(...)")
            if rule.verdict == "ask" and ask is None:
                raise ValueError(f"ask: there is nobody to ask for rule {index}, {rule!r}; pass a handler")
        if ask is not None and not callable(ask):
            raise TypeError(f"ask: {ask!r} is no function")
        if isinstance(keep, bool) or not isinstance(keep, int) or keep < 0:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise ValueError(f"keep: {keep!r} is no number of decisions")
        self._matchers = [_Matcher(rule) for rule in checked]
        self._ask = ask
        self._audit = None if audit is None else _check_audit(audit)
        self._decisions: deque[PolicyDecision] = deque(maxlen=keep)

    @property
    def rules(self) -> tuple[ApprovalRule, ...]:
        """The rules."""
        return tuple(matcher.rule for matcher in self._matchers)

    @property
    def decisions(self) -> tuple[PolicyDecision, ...]:
        """The latest decisions, newest last."""
        return tuple(self._decisions.copy())

    def __repr__(self) -> str:
        more = [("ask", self._ask), ("audit", self._audit)]
        shown = "".join(f", {name}={value!r}" for name, value in more if value is not None)
        return f"ApprovalPolicy({[*self.rules]!r}{shown})"

    def __call__(self, request: ApprovalRequest) -> Approval | Awaitable[Approval]:
        """Decide about a request.

        Args:
            request: The request.

        Returns:
            The answer; something to await where the next handler returned that.

        Raises:
            TypeError: the next handler returned neither an ``Approval`` nor a bool.
            OSError: the decision could not be written to the audit file.
        """
        subjects = subjects_of(request)
        verdict, rule = self._judge(subjects)
        rule_text = None if rule is None else repr(self._matchers[rule].rule)
        what = "; ".join(subject.shown for subject in subjects)

        def settle(approval: Approval, error: str | None = None) -> Approval:
            decision = PolicyDecision(
                at=datetime.now(timezone.utc),
                kind=request.kind,
                thread_id=request.thread_id,
                turn_id=request.turn_id,
                item_id=request.item_id,
                what=what if len(what) <= _SHOWN else f"{what[:_SHOWN]}...",
                verdict=verdict,
                rule=rule,
                rule_text=rule_text,
                approval=approval.decision,
                asked=verdict == "ask",
                error=error,
            )
            try:
                if self._audit is not None:
                    _append(self._audit, decision)
            except OSError as failure:
                decision = replace(decision, approval="decline", error=type(failure).__name__)
                raise
            finally:
                self._decisions.append(decision)
            return approval

        if verdict == "allow":
            return settle(Approval.accept())
        if verdict == "deny" or self._ask is None:
            return settle(Approval.decline())
        try:
            answer = self._ask(request)
            if inspect.isawaitable(answer):
                return _awaited(answer, settle)
            approval = _approval(answer)
        except BaseException as error:
            settle(Approval.decline(), type(error).__name__)
            raise
        return settle(approval)

    def _judge(self, subjects: Sequence[Subject]) -> tuple[Verdict, int | None]:
        """The strictest verdict about the subjects, and the first rule that gives it."""
        verdicts = [self._judge_one(subject) for subject in subjects]
        return max(verdicts, key=lambda each: _STRICTNESS.index(each[0]), default=("deny", None))

    def _judge_one(self, subject: Subject) -> tuple[Verdict, int | None]:
        for index, matcher in enumerate(self._matchers):
            if matcher.covers(subject):
                return matcher.rule.verdict, index
        return "deny", None


async def _awaited(answer: Awaitable[Any], settle: Callable[..., Approval]) -> Approval:
    try:
        approval = _approval(await answer)
    except BaseException as error:
        settle(Approval.decline(), type(error).__name__)
        raise
    return settle(approval)


def _approval(answer: Any) -> Approval:
    if isinstance(answer, bool):
        return Approval.accept() if answer else Approval.decline()
    if not isinstance(answer, Approval):
        raise TypeError(f"ask: the handler returned {type(answer).__name__}; it takes an Approval, or True or False")
    return answer


def _check_audit(audit: Any) -> str:
    path = os.path.abspath(_fspath("audit", audit))
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise ValueError(f"audit: there is no directory {folder!r} to write {os.path.basename(path)!r} to")
    if os.path.isdir(path):
        raise ValueError(f"audit: {path!r} is a directory; name a file")
    return path


def _append(path: str, decision: PolicyDecision) -> None:
    """Append a line in one write, so that the lines of several processes do not mix."""
    record = {**asdict(decision), "at": decision.at.isoformat()}
    line = json.dumps(record).encode() + b"\n"  # JSON in ASCII: whatever was asked for stays within its line
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
    try:
        written = os.write(file, line)
    finally:
        os.close(file)
    if written != len(line):
        raise OSError(f"audit: only {written} of {len(line)} bytes could be written to {path!r}")
