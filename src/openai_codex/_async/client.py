# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncCodex``: one runtime and everything that can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._compat import async_start_eagerly
from .._config import CodexConfig
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._json import JsonObject
from .._policy import ApprovalMode, Sandbox, approval_fields, sandbox_fields_of_thread
from .session import AsyncSession
from .thread import AsyncThread

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._generated import models as m
    from .._generated.handlers_async import AsyncServerRequestHandlers
    from .._generated.rpc_async import AsyncRpc
    from .._metadata import InitializeResponse

__all__ = ["AsyncCodex"]


class AsyncCodex:
    """An asynchronous client with a runtime of its own.

    Made asynchronously: the first call, or entering it as a context, starts the runtime; the constructor does not.
    One client carries any number of threads and turns at a time. Use it in ``async with``, or close it.
    Used asynchronously: it belongs to the event loop that it is first used on.

    Args:
        config: Settings; None for the defaults.
        handlers: Answers to the runtime's own requests (approvals, tool calls, questions ...). None refuses them all.
            Approvals come to the handlers of threads in ``ApprovalMode.ask`` only.
    """

    def __init__(
        self, config: CodexConfig | None = None, *, handlers: AsyncServerRequestHandlers | None = None
    ) -> None:
        self._session = AsyncSession(CodexConfig() if config is None else config, handlers)
        async_start_eagerly(self._session.ensure_started)

    # -- life ---------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        try:
            await self._session.ensure_started()
        except BaseException:
            await self._session.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the runtime. Every pending and later call raises ``TransportClosedError``; closing twice is harmless.

        Never raises. Not for signal handlers: what they interrupt may hold what closing needs; raise there instead.
        """
        await self._session.close()

    @property
    def metadata(self) -> InitializeResponse:
        """What the runtime said of itself when the client started.

        Raises:
            RuntimeError: the client was not used yet.
        """
        metadata = self._session.metadata
        if metadata is None:
            raise RuntimeError("the client was not started yet: use it in a with statement, or make a first call")
        return metadata

    # -- any request --------------------------------------------------------------------------------------------

    @property
    def rpc(self) -> AsyncRpc:
        """Every request of the protocol as a typed method, by namespace: ``codex.rpc.thread.name_set(...)``."""
        from .._generated.rpc_async import AsyncRpc

        return AsyncRpc(self._session.call)

    async def request(
        self,
        method: str,
        params: Mapping[str, Any] | None = None,
        *,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Any:
        """Send any request, also one that this package has no types for.

        Args:
            method: Wire method.
            params: Parameters as JSON; None sends ``{}``.
            timeout: Seconds to wait for the answer, queueing included; None for no limit. By default
                ``CodexConfig.request_timeout`` applies, except to requests that run for long by nature.

        Returns:
            The decoded JSON result, not validated.

        Raises:
            JsonRpcError: the runtime refused the request; the subclass says why.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        return await self._session.request(method, params, timeout)

    # -- threads ------------------------------------------------------------------------------------------------

    async def thread_start(
        self,
        *,
        approval_mode: ApprovalMode = ApprovalMode.auto_review,
        base_instructions: str | None = None,
        config: JsonObject | None = None,
        cwd: str | None = None,
        developer_instructions: str | None = None,
        ephemeral: bool | None = None,
        model: str | None = None,
        model_provider: str | None = None,
        personality: m.Personality | None = None,
        sandbox: Sandbox | None = None,
        service_name: str | None = None,
        service_tier: str | None = None,
        session_start_source: m.ThreadStartSource | None = None,
        thread_source: m.ThreadSource | None = None,
    ) -> AsyncThread:
        """Start a thread. What is left out is up to the runtime's configuration.

        The runtime stores a thread on its first turn; before that it cannot be listed, resumed or forked.

        Args:
            approval_mode: Who decides about what the sandbox does not allow.
            base_instructions: Replaces the model's base instructions.
            config: Configuration values for this thread alone, by their ``config.toml`` names.
            cwd: Working directory of the thread's commands. None: that of the runtime.
            developer_instructions: Added to the model's instructions.
            ephemeral: Never store the thread.
            model: Model name.
            model_provider: Provider name from the configuration.
            personality: The model's manner.
            sandbox: What commands may write.
            service_name: Name of the service on whose behalf this runs.
            service_tier: Service tier for the thread's turns.
            session_start_source: Why the session starts.
            thread_source: What the thread is for.

        Returns:
            A handle with the new thread's ``id``.

        Raises:
            ValueError: an argument does not fit; nothing was sent.
            InvalidRequestError: the runtime refused, for example because its configuration cannot be read.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/start`` (stable). Source: schema ThreadStartParams.
        """
        from .._calls import without_none

        fields = without_none(
            {
                **approval_fields(approval_mode),
                **sandbox_fields_of_thread(sandbox),
                "base_instructions": base_instructions,
                "config": config,
                "cwd": cwd,
                "developer_instructions": developer_instructions,
                "ephemeral": ephemeral,
                "model": model,
                "model_provider": model_provider,
                "personality": personality,
                "service_name": service_name,
                "service_tier": service_tier,
                "session_start_source": session_start_source,
                "thread_source": thread_source,
            }
        )
        started: m.ThreadStartResponse = await self._session.call("thread/start", fields)
        return AsyncThread(self._session, started.thread.id)

    # -- the rest -----------------------------------------------------------------------------------------------

    async def models(self, *, include_hidden: bool = False) -> m.ModelListResponse:
        """List the models that the runtime knows; the first page.

        Args:
            include_hidden: With those that are not offered by default.

        Returns:
            The models (schema ModelListResponse); ``next_cursor`` is None when there are no more.

        Raises:
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``model/list`` (stable). Source: schema ModelListParams.
        """
        models: m.ModelListResponse = await self._session.call("model/list", {"include_hidden": include_hidden})
        return models
