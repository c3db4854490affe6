"""The rule table of the sync twin: what becomes what, by name.

Dropping ``async`` and ``await`` is built into :mod:`codegen.unasync`; everything else is an entry here.
Every entry must match something in the tree, so an entry goes together with the last name that needs it.
Classes that the renderer names itself are not listed here: it adds them with :meth:`Rules.extended`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Rules:
    """What the rewriter changes besides the keywords.

    Attributes:
        names: Identifier in the async source -> identifier in the twin; also inside comments and strings.
        prose: Regular expression -> replacement, for comments and strings of handwritten files, in order.
        keep: Names that look like a leftover but belong to the protocol (``AsyncUserInputQuestion``).
    """

    names: Mapping[str, str]
    prose: Mapping[str, str]
    keep: frozenset[str] = frozenset()

    def extended(self, *, names: Mapping[str, str] | None = None, keep: Collection[str] = ()) -> Rules:
        """Return these rules with more names, for classes and protocol types known only when rendering."""
        return replace(self, names={**self.names, **(names or {})}, keep=self.keep | frozenset(keep))


RULES = Rules(
    names={
        # the language and its standard library
        "__aenter__": "__enter__",
        "__aexit__": "__exit__",
        "__aiter__": "__iter__",
        "__anext__": "__next__",
        "StopAsyncIteration": "StopIteration",
        # modules
        "handlers_async": "handlers_sync",
        "rpc_async": "rpc_sync",
        "aio": "threads",
        # _compat: where the two worlds differ for real
        "AsyncAction": "Action",
        "async_interrupts": "interrupts",
        "async_lock": "lock",
        "async_shield_for": "shield_for",
        "async_shielded": "shielded",
        "async_sleep": "sleep",
        "async_start_eagerly": "start_eagerly",
        # the public face and what it stands on
        "AsyncChatgptLoginHandle": "ChatgptLoginHandle",
        "AsyncClosing": "Closing",
        "AsyncCodex": "Codex",
        "AsyncDeviceCodeLoginHandle": "DeviceCodeLoginHandle",
        "AsyncEngine": "Engine",
        "AsyncEventStream": "EventStream",
        "AsyncGoal": "Goal",
        "AsyncGoalRun": "GoalRun",
        "AsyncLimit": "Limit",
        "AsyncOutput": "Output",
        "AsyncLocks": "Locks",
        "AsyncNamespace": "Namespace",
        "AsyncPager": "Pager",
        "AsyncRpc": "Rpc",
        "AsyncServerRequestHandlers": "ServerRequestHandlers",
        "AsyncSession": "Session",
        "AsyncTextStream": "TextStream",
        "AsyncThread": "Thread",
        "AsyncTurnFollower": "TurnFollower",
        "AsyncTurnHandle": "TurnHandle",
        "AsyncTurnStream": "TurnStream",
    },
    prose={
        r"Made asynchronously: .*": "The constructor starts the runtime, and raises what keeps it from starting.",
        r"Used asynchronously: .*": "It may be used from any thread.",
        r"\b([Aa])n (?=`*(?:Async[^AEIOU\W]|asynchronous\b))": r"\1 ",
        r"\basynchronous": "synchronous",
        r"\basync (?=(?:with|for|def)\b)": "",
    },
)
