"""How a client is set up: the runtime to start, its environment, and the client's own limits."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._checks import check_count, check_seconds
from ._generated._version import PACKAGE_VERSION

__all__ = ["CodexConfig"]


@dataclass(slots=True)
class CodexConfig:
    """Settings of one client and of the runtime process that it starts.

    Attributes:
        codex_bin: Path of the runtime binary. None: the installed runtime package, else ``codex`` on PATH.
        launch_args_override: Whole command line, binary included; replaces everything else that shapes it.
        config_overrides: ``key=value`` pairs in TOML syntax, passed as ``--config``. They are visible in the
            process list, so keep secrets out of them.
        cwd: Working directory of the runtime process. None: the current one.
        env: Variables added to the current environment for the runtime.
        client_name: Name that the client announces; the runtime records it as the thread's originator.
        client_title: Human-readable client name.
        client_version: Version that the client announces.
        experimental_api: Ask the runtime for experimental methods and fields.
        request_timeout: Seconds that a request may take, queueing included; None for no limit. Requests that
            run for long by nature (``command/exec`` and the like) have no default limit.
        start_timeout: Seconds that the runtime may take to boot and to answer ``initialize``; None for no limit.
        handler_threads: Most threads that run server-request handlers and tools at a time; in an asynchronous client
            those that are plain functions.
        handler_timeout: Seconds that a handler may take before its request is refused; None for no limit.
        event_buffer: From how many unread events on a stream merges text: a piece that directly continues the newest
            unread one is added to it, so that a slow reader gets fewer and longer pieces, and the whole text. No hard
            limit, because everything else is kept as it comes. None never merges.
    """

    codex_bin: str | None = None
    launch_args_override: tuple[str, ...] | None = field(default=None, repr=False)
    config_overrides: tuple[str, ...] = field(default=(), repr=False)
    cwd: str | None = None
    env: dict[str, str] | None = field(default=None, repr=False)
    client_name: str = "codex_python_sdk"
    client_title: str = "Codex Python SDK"
    client_version: str = PACKAGE_VERSION
    experimental_api: bool = True
    request_timeout: float | None = field(default=60.0, kw_only=True)
    start_timeout: float | None = field(default=60.0, kw_only=True)
    handler_threads: int = field(default=128, kw_only=True)
    handler_timeout: float | None = field(default=None, kw_only=True)
    event_buffer: int | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in ("config_overrides", "launch_args_override"):
            if isinstance(getattr(self, name), str):
                raise TypeError(f"CodexConfig.{name} is a string; it takes a tuple of strings")
        for name, value in (self.env or {}).items():
            if not isinstance(name, str) or not isinstance(value, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise TypeError(f"CodexConfig.env: the name or the value of {name!r} is no string")
        for name in ("request_timeout", "start_timeout", "handler_timeout"):
            check_seconds(f"CodexConfig.{name}", getattr(self, name))
        check_count("CodexConfig.handler_threads", self.handler_threads)
        if self.event_buffer is not None:
            check_count("CodexConfig.event_buffer", self.event_buffer)
