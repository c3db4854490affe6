"""Notifications beside turns: who listens to those without a turn, watches certain methods, or waits for a login."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from .._log import LogBook
from ..errors import TransportClosedError
from .items import ItemBook
from .mailbox import Mailbox, Waiter
from .notices import NOTICES, NoticeLog
from .notification import Notification

__all__ = ["EventRoutes"]

_MAX_LOGINS = 64  # completions that are kept for whoever asks late


class EventRoutes:
    """Mailboxes that are filled apart from turns.

    Args:
        max_events: Most notifications that a mailbox holds unread.
        muted: Where mailboxes announce that nobody reads them any more.
        log: Where notices are written down.
        items: What notes items and threads.
        noted: Methods that the connection itself watches.

    Attributes:
        watchers: The mailboxes that get a method's notifications. The connection reads it directly for each. What
            it and ``items`` note is there in any case, so that other methods cost one look.
    """

    def __init__(
        self, max_events: int, muted: deque[Mailbox], log: LogBook, items: ItemBook, noted: Iterable[str] = ()
    ) -> None:
        self._muted = muted
        self._items = items
        self.watchers: dict[str, list[Mailbox]] = {method: [] for method in (*noted, *ItemBook.NOTED)}
        self._max_events = max_events
        self._listeners: list[Mailbox] = []
        self._early: Mailbox | None = Mailbox(max_events, muted=muted)  # until somebody listens
        self._early.follow(self._listeners)
        self._logins: dict[str, Notification] = {}  # completions by login id
        self._login_followers: dict[str, list[Mailbox]] = {}
        self._resolved: list[int | str] = []
        self._notices = NoticeLog(log)
        self._error: TransportClosedError | None = None

    def listen(self) -> Mailbox:
        """Return a bounded mailbox of the notifications that belong to no turn.

        The first one holds what came before it, too.
        """
        mailbox, self._early = self._early, None
        if mailbox is None:
            mailbox = Mailbox(self._max_events, muted=self._muted)
            mailbox.follow(self._listeners)
        return self._checked(mailbox)

    def watch(self, methods: Iterable[str], thread_id: str | None) -> Mailbox:
        """Return a bounded mailbox that also gets every notification of ``methods``, of a turn or not.

        With a ``thread_id``, only those of this thread.
        """
        mailbox = Mailbox(self._max_events, thread_id=thread_id, muted=self._muted)
        for method in methods:
            mailbox.follow(self.watchers.setdefault(method, []))
        return self._checked(mailbox)

    def follow_login(self, login_id: str) -> Mailbox:
        """Return a mailbox that gets the completion of this login, be it early or late, and is closed after it."""
        mailbox = Mailbox(muted=self._muted)
        completed = self._logins.get(login_id)
        if completed is not None:
            mailbox.put(completed)
            mailbox.closed = True
        else:
            for id in [id for id, followers in self._login_followers.items() if not followers]:
                del self._login_followers[id]
            mailbox.follow(self._login_followers.setdefault(login_id, []))
        return self._checked(mailbox)

    def put(self, notification: Notification, wake: list[Waiter]) -> None:
        """Give a notification that belongs to no turn to all who listen."""
        method, params = notification.method, notification.params
        if method == "serverRequest/resolved":
            id = params.get("requestId")
            if isinstance(id, (int, str)):
                self._resolved.append(id)
        elif method == "account/login/completed":
            self._complete_login(params.get("loginId"), notification, wake)
        elif method == "thread/started":
            self._items.note_thread(params.get("thread"))
        elif method in NOTICES:
            self._notices.report(method, params)
        for mailbox in self._listeners:
            mailbox.put(notification)
            mailbox.take_waiter(wake)

    def put_watched(self, notification: Notification, wake: list[Waiter]) -> None:
        """Note what a notification tells, and give it to all who watch its method."""
        method, params = notification.method, notification.params
        if method in ItemBook.NOTED:
            self._items.note(method, params)
        thread_id = params.get("threadId")
        for mailbox in self.watchers[method]:
            if mailbox.thread_id is None or mailbox.thread_id == thread_id:
                mailbox.put(notification)
                mailbox.take_waiter(wake)

    def take_resolved(self) -> list[int | str]:
        """Return the ids of server requests that the runtime settled since the last call: no answer is wanted."""
        resolved, self._resolved = self._resolved, []
        return resolved

    def fail(self, error: TransportClosedError, wake: list[Waiter]) -> None:
        """The connection is gone: end every mailbox."""
        self._error = error
        for followers in [self._listeners, *self.watchers.values(), *self._login_followers.values()]:
            for mailbox in followers:
                mailbox.fail(error)
                mailbox.take_waiter(wake)

    def _complete_login(self, login_id: Any, notification: Notification, wake: list[Waiter]) -> None:
        if not isinstance(login_id, str):  # an API key: complete with its answer
            return
        self._logins[login_id] = notification
        if len(self._logins) > _MAX_LOGINS:
            del self._logins[next(iter(self._logins))]
        for mailbox in self._login_followers.pop(login_id, []):
            mailbox.put(notification)
            mailbox.closed = True
            mailbox.take_waiter(wake)

    def _checked(self, mailbox: Mailbox) -> Mailbox:
        if self._error is not None:
            mailbox.fail(self._error)
        return mailbox
