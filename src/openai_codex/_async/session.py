# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncSession``: a started runtime and typed calls on it; what every object of the public face shares."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from .._checks import check_seconds
from .._compat import AsyncLocks, Deadline, async_lock, async_shielded
from .._config import CodexConfig
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._engine.aio import AsyncEngine
from .._log import log
from .._policy import ApprovalMode
from .._sources import answers_approvals
from ..errors import JsonRpcError, RequestTimeoutError

if TYPE_CHECKING:
    from .._answers import AnswererSource
    from .._core.requests import OpenedTurn
    from .._metadata import InitializeResponse

__all__ = ["AsyncSession"]


class AsyncSession:
    """One runtime, started on first use.

    Attributes:
        config: Settings.
        engine: The connection; it is live after ``ensure_started``.
        metadata: The runtime's answer to ``initialize``; None before.
        locks: For what one call at a time may do with a thread.
    """

    def __init__(self, config: CodexConfig) -> None:
        if not isinstance(config, CodexConfig):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"config: {type(config).__name__} is no CodexConfig")
        self.config = config
        self.engine = AsyncEngine(config)
        self.metadata: InitializeResponse | None = None
        self.locks = AsyncLocks()
        self._starting = async_lock()
        self._failure: Exception | None = None
        self._warned = False
        self._encode: Callable[[str, Any, bool], dict[str, Any]]
        self._decode: Callable[[str, Any, InitializeResponse], Any]

    async def ensure_started(self) -> InitializeResponse:
        """Start and initialize the runtime, unless that was done. A failure closes the session for good.

        Raises:
            RuntimeNotFoundError: there is no runtime to start.
            UnsupportedRuntimeError: the runtime is too old.
            RequestTimeoutError: it did not answer in time.
            TransportClosedError: the runtime exited, or the session was closed.
        """
        if self.metadata is not None:
            return self.metadata
        # The caller may be cancelled while others wait for the same start.
        metadata: InitializeResponse = await async_shielded(self._start)
        return metadata

    async def _start(self) -> InitializeResponse:
        async with self._starting:
            if self._failure is not None:
                raise copy(self._failure)  # a shared one would collect the tracebacks of all callers
            if self.metadata is None:
                try:
                    self.metadata = await self._initialize()
                except BaseException as error:
                    if isinstance(error, Exception) and not self.engine.closed_by_caller:
                        self._failure = error
                    await self.engine.close()
                    raise
            return self.metadata

    async def _initialize(self) -> InitializeResponse:
        await self.engine.start()
        # The runtime needs a moment to boot: load the models meanwhile.
        from .._calls import decode_result, encode_params, initialize_params
        from .._metadata import check_version, read_metadata

        self._encode, self._decode = encode_params, decode_result
        params = initialize_params(self.config, attests=self.engine.dispatcher.answers("attestation/generate"))
        limit = self.config.start_timeout
        try:
            raw = await self.engine.request("initialize", params, timeout=limit)
        except RequestTimeoutError:
            raise RequestTimeoutError(
                f"initialize: the runtime did not answer within {limit:g} s and is ended; "
                "if it needs longer to start, raise CodexConfig.start_timeout"
            ) from None
        metadata = read_metadata(raw)
        check_version(metadata.serverInfo)
        await self.engine.notify("initialized")
        return metadata

    async def close(self) -> None:
        """End the runtime; see ``AsyncEngine.close``."""
        await self.engine.close()

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Any:
        """Send a request as it is and return its raw result."""
        if not isinstance(method, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"request: the method is {method!r}, and no string")
        await self.ensure_started()
        self.require_experimental(method, params)
        return await self._send(method, params, timeout)

    async def call(self, method: str, fields: Any, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> Any:
        """Send a request by Python fields, or by one model, and return its typed result."""
        metadata = self.metadata or await self.ensure_started()
        params = self._encode(method, fields, self.config.experimental_api)
        raw = await self._send(method, params, timeout)
        return self._decode(method, raw, metadata)

    async def _send(self, method: str, params: Any, timeout: float | DefaultTimeout | None) -> Any:
        try:
            return await self.engine.request(method, params, timeout=timeout)
        except JsonRpcError as error:
            error.runtime_version = self._runtime_version
            raise

    def deadline(self, call: str, timeout: float | DefaultTimeout | None) -> Deadline:
        """The end of a call that consists of several requests; see ``AsyncCodex.request``."""
        limit = self.config.request_timeout if isinstance(timeout, DefaultTimeout) else timeout
        return Deadline(check_seconds(f"{call}: timeout", limit))

    async def open_turn(
        self, method: str, fields: Mapping[str, Any], timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> OpenedTurn:
        """As ``call``, for requests whose result names a turn: its events from that moment on."""
        await self.ensure_started()
        params = self._encode(method, fields, self.config.experimental_api)
        try:
            _, opened = await self.engine.open_turn_request(method, params, timeout=timeout)
        except JsonRpcError as error:
            error.runtime_version = self._runtime_version
            raise
        return opened

    @property
    def _runtime_version(self) -> str | None:
        info = self.metadata.serverInfo if self.metadata is not None else None
        return info.version if info is not None else None

    def warn_of_silence(self, method: str, mode: ApprovalMode | None, sources: Mapping[str, AnswererSource]) -> None:
        """Log once that a thread asks for no approvals although somebody is there to answer.

        Args:
            method: The request that opens the thread.
            mode: Its approval mode; None for one that is not known here.
            sources: What answers the requests of the thread.
        """
        if self._warned or mode is None or mode is ApprovalMode.ask:
            return
        if answers_approvals([*sources.values(), *self.engine.dispatcher.sources(None).values()]):
            self._warned = True
            log(
                logging.WARNING,
                "%s: approvals have a handler, but in ApprovalMode.%s nobody asks it; ApprovalMode.ask does",
                method,
                mode.value,
            )

    def require_experimental(self, method: str, params: Mapping[str, Any] | None = None) -> None:
        """Check that the request may be sent.

        Raises:
            ValueError: it needs the experimental API, which the configuration has switched off.
        """
        if not self.config.experimental_api:
            from .._calls import refuse_experimental

            refuse_experimental(method, params or {})
