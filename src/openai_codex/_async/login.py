# The synchronous twin of this file is derived line for line: run "make generate".
"""Handles of logins that a person completes outside of the program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._checks import check_seconds
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._generated import models as m
from ..errors import RequestTimeoutError

if TYPE_CHECKING:
    from .session import AsyncSession

__all__ = ["AsyncChatgptLoginHandle", "AsyncDeviceCodeLoginHandle"]


class _LoginHandle:
    __slots__ = ("_session", "login_id")

    def __init__(self, session: AsyncSession, login_id: str) -> None:
        self._session = session
        self.login_id = login_id

    async def wait(self, *, timeout: float | None = None) -> m.AccountLoginCompletedNotification:
        """Wait for the end of this login; it may have come before.

        Args:
            timeout: Seconds to wait; None for no limit.

        Returns:
            How it ended: ``success``, and ``error`` where there was none (schema AccountLoginCompletedNotification).

        Raises:
            RequestTimeoutError: it was not completed in time. It goes on; wait again, or cancel it.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: notification ``account/login/completed`` (stable).
        """
        seconds = check_seconds("login: timeout", timeout)
        engine, login_id = self._session.engine, self.login_id
        mailbox = engine.follow_login(login_id)
        try:
            if not await engine.receive(mailbox, timeout=seconds, call=f"login {login_id}"):
                raise RequestTimeoutError(
                    f"login {login_id} was not completed within {timeout:g} s; it goes on: wait() again, or cancel() it"
                )
            return m.AccountLoginCompletedNotification.model_validate(mailbox.items[0].params)
        finally:
            engine.leave(mailbox)

    async def cancel(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> m.CancelLoginAccountResponse:
        """Give this login up; ``wait()`` then returns without success.

        Args:
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            Whether there was anything to cancel (schema CancelLoginAccountResponse).

        Raises:
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``account/login/cancel`` (stable). Source: schema CancelLoginAccountParams.
        """
        cancelled: m.CancelLoginAccountResponse = await self._session.call(
            "account/login/cancel", {"login_id": self.login_id}, timeout
        )
        return cancelled


class AsyncChatgptLoginHandle(_LoginHandle):
    """A login in the browser.

    Attributes:
        login_id: Id of this login.
        auth_url: Address to open in a browser. With it, somebody else could finish the login, so it is in no repr.
    """

    __slots__ = ("auth_url",)

    def __init__(self, session: AsyncSession, login_id: str, auth_url: str) -> None:
        super().__init__(session, login_id)
        self.auth_url = auth_url

    def __repr__(self) -> str:
        return f"{type(self).__name__}(login_id={self.login_id!r}, auth_url=***)"


class AsyncDeviceCodeLoginHandle(_LoginHandle):
    """A login on another device.

    Attributes:
        login_id: Id of this login.
        verification_url: Address to open on any device.
        user_code: Code to enter there. It is in no repr.
    """

    __slots__ = ("user_code", "verification_url")

    def __init__(self, session: AsyncSession, login_id: str, verification_url: str, user_code: str) -> None:
        super().__init__(session, login_id)
        self.verification_url = verification_url
        self.user_code = user_code

    def __repr__(self) -> str:
        url = self.verification_url
        return f"{type(self).__name__}(login_id={self.login_id!r}, verification_url={url!r}, user_code=***)"
