# @generated from _async/client.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""``Codex``: one runtime and everything that can be asked of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .._checks import check_seconds, without_none
from .._compat import start_eagerly
from .._config import CodexConfig
from .._engine import DEFAULT_TIMEOUT, DefaultTimeout
from .._generated import models as m
from .._json import JsonObject
from .._policy import ApprovalMode, Sandbox, approval_fields
from .._sources import Given, given_handlers, refuse_tools
from ..errors import CodexError
from .events import EventStream
from .login import ChatgptLoginHandle, DeviceCodeLoginHandle
from .opening import open_thread
from .pages import Pager
from .session import Session
from .thread import Thread

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._approvals import ApprovalHandler
    from .._generated.handlers_sync import ServerRequestHandlers
    from .._generated.rpc_sync import Rpc
    from .._metadata import InitializeResponse
    from .._questions import ElicitationHandler, UserInputHandler
    from .._tools import Tools

__all__ = ["Codex"]


class Codex:
    """A synchronous client with a runtime of its own.

    The constructor starts the runtime, and raises what keeps it from starting.
    One client carries any number of threads and turns at a time. Use it in ``with``, or close it.
    It may be used from any thread.

    Args:
        config: Settings; None for the defaults.
        handlers: Answers to the runtime's own requests (approvals, tool calls, questions ...), for all threads that
            have none of their own. What nothing answers is refused.
        approval_handler: Answers approvals only, as a function from an ``ApprovalRequest`` to an ``Approval`` or a
            bool. Only threads in ``ApprovalMode.ask`` ask for approvals.
        user_input_handler: Answers the model's questions, as a function from a ``UserInputRequest`` to the answers.
        elicitation_handler: Answers questions of MCP servers, as a function from an ``ElicitationRequest`` to an
            ``Elicitation``.

    Handlers of either kind, plain or coroutine functions, run apart from everything else and may take their time.

    Raises:
        ValueError: two handlers answer the same request.
        TypeError: something is no handler, or no configuration.
    """

    def __init__(
        self,
        config: CodexConfig | None = None,
        *,
        handlers: ServerRequestHandlers | None = None,
        approval_handler: ApprovalHandler | None = None,
        user_input_handler: UserInputHandler | None = None,
        elicitation_handler: ElicitationHandler | None = None,
    ) -> None:
        self._session = Session(CodexConfig() if config is None else config)
        given = self._given(
            type(self).__name__,
            handlers=handlers,
            approval_handler=approval_handler,
            user_input_handler=user_input_handler,
            elicitation_handler=elicitation_handler,
        )
        self._session.engine.dispatcher.set_sources(None, given.sources)
        start_eagerly(self._session.ensure_started)

    def __repr__(self) -> str:
        metadata = self._session.metadata
        runtime = "not started" if metadata is None else metadata.userAgent
        state = "closed" if self._session.engine.closed else runtime
        return f"<{type(self).__name__} {state}>"

    # -- life ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._session.ensure_started()
        except BaseException:
            self._session.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the runtime. Every pending and later call raises ``TransportClosedError``; closing twice is harmless.

        Never raises. Not for signal handlers: what they interrupt may hold what closing needs; raise there instead.
        """
        self._session.close()

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
    def rpc(self) -> Rpc:
        """Every request of the protocol as a typed method, by namespace: ``codex.rpc.thread.name_set(...)``."""
        from .._generated.rpc_sync import Rpc

        return Rpc(self._session.call)

    def request(
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
            TypeError: the method is no string.
            JsonRpcError: the runtime refused the request; the subclass says why.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.
        """
        return self._session.request(method, params, timeout)

    def events(self, *, timeout: float | None = None) -> EventStream:
        """Return an iterator over the notifications that belong to no turn: warnings, account and thread changes ...

        The first one begins with what has come since the start of the client, a later one with what comes from now on.
        It keeps a bounded number of events and counts what it had to drop. Warnings and notices of the runtime go to
        the log (``logging.getLogger("openai_codex")``) in any case.

        Args:
            timeout: Seconds to wait for each of them; None waits for ever.

        Returns:
            Iterator over `Notification` objects. It raises RequestTimeoutError when none came in time, and can go on
            then; TransportClosedError when the runtime has ended by itself.

        Raises:
            ValueError, TypeError: ``timeout`` is no time to wait.

        Wire: all notifications without a turn. Source: schema ServerNotification.
        """
        return EventStream(self._session, check_seconds("events: timeout", timeout))

    # -- account ------------------------------------------------------------------------------------------------

    def login_api_key(self, api_key: str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> None:
        """Log in with an API key. It is not checked now, and the runtime stores it as plain text in its home.

        Args:
            api_key: The key. The client shows it in no repr, log line or error.
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            InvalidRequestError: the runtime refused it.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``account/login/start`` (stable). Source: schema ApiKeyLoginAccountParams.
        """
        self._session.call("account/login/start", {"type": "apiKey", "api_key": api_key}, timeout)

    def login_chatgpt(
        self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> ChatgptLoginHandle:
        """Start a login in the browser.

        The runtime waits for the browser on port 1455 of this machine, which **all runtimes of the machine share**:
        starting another such login, in whatever process, cancels this one. Where another program has the port, the
        runtime takes 1457 after some seconds.

        Args:
            timeout: Seconds to wait for the address, not for the person; None for no limit.

        Returns:
            Handle with the ``auth_url`` to open; ``wait()`` returns when the person is done.

        Raises:
            InternalRpcError: the runtime could not start it, because both ports are taken for example.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``account/login/start`` (stable). Source: schema ChatgptLoginAccountParams.
        """
        started = self._session.call("account/login/start", m.ChatgptLoginAccountParams(), timeout)
        _check_login(started, m.ChatgptLoginAccountResponse)
        return ChatgptLoginHandle(self._session, started.login_id, started.auth_url)

    def login_chatgpt_device_code(
        self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> DeviceCodeLoginHandle:
        """Start a login on another device, for machines without a browser.

        Args:
            timeout: Seconds to wait for the code, not for the person; None for no limit.

        Returns:
            Handle with the ``verification_url`` to open and the ``user_code`` to enter there.

        Raises:
            InternalRpcError: the runtime got no code, because there is no network for example.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``account/login/start`` (stable). Source: schema ChatgptDeviceCodeLoginAccountParams.
        """
        started = self._session.call("account/login/start", m.ChatgptDeviceCodeLoginAccountParams(), timeout)
        _check_login(started, m.ChatgptDeviceCodeLoginAccountResponse)
        return DeviceCodeLoginHandle(self._session, started.login_id, started.verification_url, started.user_code)

    def account(
        self, *, refresh_token: bool = False, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.GetAccountResponse:
        """Return who is logged in.

        Args:
            refresh_token: Renew the login's token first.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            ``account`` is None without a login, and also where the configured provider needs none
            (``requires_openai_auth`` is False then; schema GetAccountResponse).

        Raises:
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``account/read`` (stable). Source: schema GetAccountParams.
        """
        account: m.GetAccountResponse = self._session.call(
            "account/read", {"refresh_token": refresh_token}, timeout
        )
        return account

    def logout(self, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT) -> None:
        """Forget the login. Harmless without one.

        Args:
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``account/logout`` (stable). Source: schema LogoutAccountResponse.
        """
        self._session.call("account/logout", {}, timeout)

    # -- threads ------------------------------------------------------------------------------------------------

    def thread_start(
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
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_name: str | None = None,
        service_tier: str | None = None,
        session_start_source: m.ThreadStartSource | None = None,
        thread_source: m.ThreadSource | None = None,
        tools: Tools | None = None,
        handlers: ServerRequestHandlers | None = None,
        approval_handler: ApprovalHandler | None = None,
        user_input_handler: UserInputHandler | None = None,
        elicitation_handler: ElicitationHandler | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Thread:
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
            sandbox: What commands may do: a preset, or a policy such as
                ``WorkspaceWriteSandboxPolicy(network_access=True, writable_roots=[...])``. A policy and a ``config``
                that says something about the same do not go together. Read-only with network access, and an external
                sandbox, need the experimental API.
            service_name: Name of the service on whose behalf this runs.
            service_tier: Service tier for the thread's turns.
            session_start_source: Why the session starts.
            thread_source: What the thread is for.
            tools: Python functions that the model can call: ``Tool``, ``ToolSet`` or plain functions with type hints.
                They belong to the thread for good, and need the experimental API. Sub-agents do not have them.
            handlers: As for the client, for this thread, its forks and its sub-agents. What is not answered by these is
                answered by the client's.
            approval_handler: As ``handlers``.
            user_input_handler: As ``handlers``.
            elicitation_handler: As ``handlers``.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            A handle with the new thread's ``id`` and how it is set up: ``model``, ``cwd``, ``sandbox`` ...

        Raises:
            ValueError, TypeError: an argument does not fit; nothing was sent.
            InvalidRequestError: the runtime refused, for example because its configuration cannot be read.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/start`` (stable). Source: schema ThreadStartParams.
        """
        approval_fields(approval_mode, required=True)
        given = self._given(
            "thread/start",
            handlers=handlers,
            approval_handler=approval_handler,
            user_input_handler=user_input_handler,
            elicitation_handler=elicitation_handler,
            tools=tools,
        )
        fields = {
            "base_instructions": base_instructions,
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
            "dynamic_tools": given.tool_specs,
        }
        return self._open_thread("thread/start", fields, approval_mode, sandbox, config, timeout, given)

    def thread_resume(
        self,
        thread_id: str,
        *,
        approval_mode: ApprovalMode | None = None,
        base_instructions: str | None = None,
        config: JsonObject | None = None,
        cwd: str | None = None,
        developer_instructions: str | None = None,
        include_turns: bool | None = None,
        model: str | None = None,
        model_provider: str | None = None,
        personality: m.Personality | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        tools: None = None,
        tool_handlers: Tools | None = None,
        handlers: ServerRequestHandlers | None = None,
        approval_handler: ApprovalHandler | None = None,
        user_input_handler: UserInputHandler | None = None,
        elicitation_handler: ElicitationHandler | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Thread:
        """Go on with a stored thread.

        Settings that are given here hold, also where this runtime has the thread loaded with others; that needs the
        experimental API. Instructions, provider and ``config`` are ignored by a thread that is loaded, and a warning in
        the log says so. What is left out is as it was, but a sandbox for workspaces, or an external one, that another
        runtime had set is not stored: give it again.

        Args:
            thread_id: The thread; it must have had a turn.
            approval_mode: As for ``thread_start``.
            base_instructions: As for ``thread_start``.
            config: As for ``thread_start``.
            cwd: As for ``thread_start``.
            developer_instructions: As for ``thread_start``.
            include_turns: Whether ``info.thread.turns`` holds the turns so far; None leaves it to the runtime, which
                includes them and asks for ``turns()`` instead in a ``deprecationNotice``. The model has them in any
                case.
            model: As for ``thread_start``.
            model_provider: As for ``thread_start``.
            personality: As for ``thread_start``.
            sandbox: As for ``thread_start``.
            service_tier: As for ``thread_start``.
            tools: Not possible: a thread takes tools only when it starts, and keeps those.
            tool_handlers: Functions for the calls of the tools that the thread was started with, by their names. The
                runtime still offers these tools to the model; in another client than the one that started the thread,
                calls are answered with a failure unless there are functions for them.
            handlers: As for ``thread_start``. They replace those of the same kind that this client has for the thread.
            approval_handler: As ``handlers``.
            user_input_handler: As ``handlers``.
            elicitation_handler: As ``handlers``.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            A handle to the thread.

        Raises:
            ValueError, TypeError: an argument does not fit; nothing was sent.
            ThreadNotFoundError: nothing is stored of the thread.
            InvalidRequestError: the runtime refused, for example because the thread is archived, or in use by another
                runtime.
            CodexError: the thread is loaded, and without the experimental API it keeps its sandbox or approval mode.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/resume`` (stable). Source: schema ThreadResumeParams.
        """
        refuse_tools("thread/resume", tools)
        given = self._given(
            "thread/resume",
            handlers=handlers,
            approval_handler=approval_handler,
            user_input_handler=user_input_handler,
            elicitation_handler=elicitation_handler,
            tools=tool_handlers,
        )
        fields = {
            "thread_id": thread_id,
            "base_instructions": base_instructions,
            "cwd": cwd,
            "developer_instructions": developer_instructions,
            "exclude_turns": None if include_turns is None else not include_turns,
            "model": model,
            "model_provider": model_provider,
            "personality": personality,
            "service_tier": service_tier,
        }
        return self._open_thread("thread/resume", fields, approval_mode, sandbox, config, timeout, given)

    def thread_fork(
        self,
        thread_id: str,
        *,
        approval_mode: ApprovalMode | None = None,
        base_instructions: str | None = None,
        config: JsonObject | None = None,
        cwd: str | None = None,
        developer_instructions: str | None = None,
        ephemeral: bool | None = None,
        include_turns: bool | None = None,
        model: str | None = None,
        model_provider: str | None = None,
        sandbox: Sandbox | m.SandboxPolicy | None = None,
        service_tier: str | None = None,
        thread_source: m.ThreadSource | None = None,
        tools: None = None,
        tool_handlers: Tools | None = None,
        handlers: ServerRequestHandlers | None = None,
        approval_handler: ApprovalHandler | None = None,
        user_input_handler: UserInputHandler | None = None,
        elicitation_handler: ElicitationHandler | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Thread:
        """Start a thread that continues a copy of a stored one.

        Working directory and approval mode are taken over from it, unless they are given here. Model, effort and
        sandbox are not: what is left out of them is what the configuration says.

        Args:
            thread_id: The thread to copy; it must have had a turn.
            approval_mode: As for ``thread_start``.
            base_instructions: As for ``thread_start``.
            config: As for ``thread_start``.
            cwd: As for ``thread_start``.
            developer_instructions: As for ``thread_start``.
            ephemeral: Never store the new thread; the runtime wants ``include_turns=False`` with it.
            include_turns: As for ``thread_resume``.
            model: As for ``thread_start``.
            model_provider: As for ``thread_start``.
            sandbox: As for ``thread_start``.
            service_tier: As for ``thread_start``.
            thread_source: As for ``thread_start``.
            tools: Not possible: the new thread has the tools of the old one.
            tool_handlers: As for ``thread_resume``. Without them those of the old thread are used, as this client has
                them.
            handlers: As for ``thread_start``. What is not answered by these is answered by those of the old thread.
            approval_handler: As ``handlers``.
            user_input_handler: As ``handlers``.
            elicitation_handler: As ``handlers``.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            A handle to the new thread.

        Raises:
            ValueError, TypeError: an argument does not fit; nothing was sent.
            ThreadNotFoundError: nothing is stored of the thread.
            InvalidRequestError: the runtime refused.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/fork`` (stable). Source: schema ThreadForkParams.
        """
        refuse_tools("thread/fork", tools)
        given = self._given(
            "thread/fork",
            handlers=handlers,
            approval_handler=approval_handler,
            user_input_handler=user_input_handler,
            elicitation_handler=elicitation_handler,
            tools=tool_handlers,
        )
        fields = {
            "thread_id": thread_id,
            "base_instructions": base_instructions,
            "cwd": cwd,
            "developer_instructions": developer_instructions,
            "ephemeral": ephemeral,
            "exclude_turns": None if include_turns is None else not include_turns,
            "model": model,
            "model_provider": model_provider,
            "service_tier": service_tier,
            "thread_source": thread_source,
        }
        return self._open_thread("thread/fork", fields, approval_mode, sandbox, config, timeout, given)

    def thread_list(
        self,
        *,
        archived: bool | None = None,
        cursor: str | None = None,
        cwd: str | list[str] | None = None,
        limit: int | None = None,
        model_providers: list[str] | None = None,
        search_term: str | None = None,
        section_id: str | None = None,
        sort_direction: m.SortDirection | None = None,
        sort_key: m.ThreadSortKey | None = None,
        source_kinds: list[m.ThreadSourceKind] | None = None,
        use_state_db_only: bool | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> m.ThreadListResponse:
        """List stored threads; one page. ``threads()`` goes through all pages, and in an order that loses none.

        With the runtime's default order (``created_at``), a later page leaves out threads that were made within the
        second of the last one shown; ``recency_at`` does not.

        Args:
            archived: Only archived threads; otherwise only others.
            cursor: Where to begin: ``next_cursor`` of an earlier answer.
            cwd: Only threads of this working directory, or of these.
            limit: Size of the page.
            model_providers: Only threads of these providers; by default those of the configured one.
            search_term: Only threads whose title or preview has this text.
            section_id: Only threads of this section.
            sort_direction: Ascending or descending.
            sort_key: What to sort by.
            source_kinds: Only threads from these kinds of clients; by default interactive ones.
            use_state_db_only: Do not look for threads that the runtime's database misses.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            The page (schema ThreadListResponse); ``next_cursor`` is None when there are no more.

        Raises:
            InvalidRequestError: the cursor is none of the runtime's.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/list`` (stable). Source: schema ThreadListParams.
        """
        fields = {
            "archived": archived,
            "cursor": cursor,
            "cwd": cwd,
            "limit": limit,
            "model_providers": model_providers,
            "search_term": search_term,
            "section_id": section_id,
            "sort_direction": sort_direction,
            "sort_key": sort_key,
            "source_kinds": source_kinds,
            "use_state_db_only": use_state_db_only,
        }
        page: m.ThreadListResponse = self._session.call("thread/list", without_none(fields), timeout)
        return page

    def threads(
        self,
        *,
        archived: bool | None = None,
        cursor: str | None = None,
        cwd: str | list[str] | None = None,
        limit: int | None = None,
        model_providers: list[str] | None = None,
        search_term: str | None = None,
        section_id: str | None = None,
        sort_direction: m.SortDirection | None = None,
        sort_key: m.ThreadSortKey | None = None,
        source_kinds: list[m.ThreadSourceKind] | None = None,
        use_state_db_only: bool | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Pager[m.Thread]:
        """Return an iterator over all stored threads, page by page.

        It yields what is stored of each (``openai_codex.types.Thread``), not handles: ``thread_resume(stored.id)`` or
        ``thread(stored.id)`` makes one.

        The arguments are those of ``thread_list``, but ``limit`` is the size of a page, not of the whole, and
        ``sort_key`` is ``recency_at`` by default: the only order in which no thread is lost between two pages.

        Raises what ``thread_list`` raises, while iterating.

        Wire: ``thread/list`` (stable). Source: schema ThreadListParams.
        """
        fields = {
            "archived": archived,
            "cursor": cursor,
            "cwd": cwd,
            "limit": limit,
            "model_providers": model_providers,
            "search_term": search_term,
            "section_id": section_id,
            "sort_direction": sort_direction,
            "sort_key": "recency_at" if sort_key is None else sort_key,
            "source_kinds": source_kinds,
            "use_state_db_only": use_state_db_only,
        }
        return Pager(self._session, "thread/list", without_none(fields), timeout)

    def thread_archive(
        self, thread_id: str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ThreadArchiveResponse:
        """Put a thread away: it is not listed by default and takes no turns until it is unarchived.

        Args:
            thread_id: The thread.
            timeout: Seconds to wait for the answer; None for no limit.

        Raises:
            ThreadNotFoundError: nothing is stored of the thread, or it is archived already.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/archive`` (stable). Source: schema ThreadArchiveParams.
        """
        archived: m.ThreadArchiveResponse = self._session.call(
            "thread/archive", {"thread_id": thread_id}, timeout
        )
        return archived

    def thread_unarchive(
        self, thread_id: str, *, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> Thread:
        """Take an archived thread back. To give it a turn, resume it first.

        Args:
            thread_id: The thread.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            A handle to the thread. The runtime tells less of it than on a start: what is not known is None.

        Raises:
            ThreadNotFoundError: nothing is stored of the thread, or it is not archived.
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``thread/unarchive`` (stable). Source: schema ThreadUnarchiveParams.
        """
        unarchived: m.ThreadUnarchiveResponse = self._session.call(
            "thread/unarchive", {"thread_id": thread_id}, timeout
        )
        return Thread(self._session, thread_id, unarchived)

    def thread(self, thread_id: str) -> Thread:
        """Return a handle to a thread without asking the runtime about it.

        It serves to read what is stored, or to follow a sub-agent. To give a stored thread a turn, use
        ``thread_resume``, which loads it.

        Args:
            thread_id: The thread.

        Returns:
            A handle that knows nothing but the id.
        """
        return Thread(self._session, thread_id, None)

    def _open_thread(
        self,
        method: str,
        fields: Mapping[str, Any],
        approval_mode: ApprovalMode | None,
        sandbox: Sandbox | m.SandboxPolicy | None,
        config: JsonObject | None,
        timeout: float | DefaultTimeout | None,
        given: Given,
    ) -> Thread:
        fields = {**fields, **approval_fields(approval_mode)}
        self._session.warn_of_silence(method, approval_mode, given.sources)
        info = open_thread(self._session, method, fields, sandbox, config, timeout, given.sources)
        return Thread(self._session, info.thread.id, info)

    def _given(self, call: str, **given: Any) -> Given:
        return given_handlers(call, self, self._session.engine.dispatcher.handler_base, **given)

    # -- models -------------------------------------------------------------------------------------------------

    def models(
        self, *, include_hidden: bool = False, timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT
    ) -> m.ModelListResponse:
        """List the models that the runtime knows; the first page. ``all_models()`` goes through all pages.

        Args:
            include_hidden: With those that are not offered by default.
            timeout: Seconds to wait for the answer; None for no limit.

        Returns:
            The models (schema ModelListResponse); ``next_cursor`` is None when there are no more.

        Raises:
            RequestTimeoutError: no answer in time.
            TransportClosedError: the runtime is gone, or the client was closed.

        Wire: ``model/list`` (stable). Source: schema ModelListParams.
        """
        models: m.ModelListResponse = self._session.call(
            "model/list", {"include_hidden": include_hidden}, timeout
        )
        return models

    def all_models(
        self,
        *,
        cursor: str | None = None,
        include_hidden: bool = False,
        limit: int | None = None,
        timeout: float | DefaultTimeout | None = DEFAULT_TIMEOUT,
    ) -> Pager[m.Model]:
        """Return an iterator over all models that the runtime knows (schema Model), page by page.

        Args:
            cursor: Where to begin: ``next_cursor`` of an earlier answer.
            include_hidden: With those that are not offered by default.
            limit: Size of a page, not of the whole.
            timeout: Seconds to wait for each page; None for no limit.

        Raises what ``models`` raises, while iterating.

        Wire: ``model/list`` (stable). Source: schema ModelListParams.
        """
        fields = without_none({"cursor": cursor, "include_hidden": include_hidden, "limit": limit})
        return Pager(self._session, "model/list", fields, timeout)


def _check_login(started: Any, expected: type[Any]) -> None:
    if not isinstance(started, expected):
        raise CodexError(f"account/login/start: the runtime has answered with {type(started).__name__}")
