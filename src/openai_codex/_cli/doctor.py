"""``doctor``: would a program that uses this package work here, and if not, what is to be done?

It goes the way of any program: it finds the runtime, makes a ``Codex`` and asks it. All that it says is what the client
sees, errors included. No thread is started, so neither is an MCP server, and no model is asked.

The runtime tells its warnings right after the answer to ``initialize``. They have therefore arrived with the answer to
any later request, and nothing has to be waited for.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from .._config import CodexConfig
from .._generated._version import OLDEST_RUNTIME, PACKAGE_VERSION, RUNTIME_VERSION
from ..errors import (
    CodexError,
    JsonRpcError,
    RequestTimeoutError,
    RuntimeNotFoundError,
    TransportClosedError,
    UnsupportedRuntimeError,
)
from . import fixes
from .home import expected_home, home_problem
from .interrupts import undisturbed
from .options import NO_RUNTIME, SOURCES, add_runtime_options, runtime_config
from .report import Check, as_json, as_text, conclusion, failed, terminal_width, write
from .secrets import Veil

if TYPE_CHECKING:
    from .._core.notification import Notification
    from .._sync.client import Codex
    from .._sync.events import EventStream
    from .._transport.launch import Runtime

__all__ = ["HELP", "Examination", "set_up"]

HELP = "check that everything is in place for programs that use this package"

_DESCRIPTION = """Check that everything is in place for programs that use this package: the runtime and its version, its
home and configuration, the login, and what the sandbox needs. Each problem comes with the next step. Secrets are not
shown, no model is asked, and no MCP server is started."""

_STEPS = ("runtime", "start", "version", "home", "configuration", "login", "sandbox")
"""What is looked at, in this order, after Python and the package. None makes sense where the one before has failed."""


def set_up(parser: argparse.ArgumentParser) -> None:
    """Make this command of a parser."""
    parser.description = _DESCRIPTION
    add_runtime_options(parser)
    parser.add_argument("--json", action="store_true", help="write one JSON object")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    """Look at everything and show it. Returns 1 if something would fail."""
    config = runtime_config(options)
    examination, veil = Examination(config), Veil(os.environ, config.config_overrides)
    checks: list[Check] = []
    with closing(examination.checks()) as found:
        for each in found:
            check = replace(each, detail=veil.over(each.detail), fix=each.fix and veil.over(each.fix))
            checks.append(check)
            if not options.json:
                write(as_text(check, terminal_width()))
    write(as_json(checks, examination.versions) if options.json else f"\n{conclusion(checks)}")
    return 1 if failed(checks) else 0


class Examination:
    """One look at everything.

    Args:
        config: Settings of the client.

    Attributes:
        versions: Of everything that has one; None for what is not known.
    """

    def __init__(self, config: CodexConfig) -> None:
        self._config = config
        self.versions: dict[str, str | None] = {
            "python": platform.python_version(),
            "package": PACKAGE_VERSION,
            "schema": RUNTIME_VERSION,
            "oldest_runtime": OLDEST_RUNTIME,
            "runtime": None,
        }

    def checks(self) -> Generator[Check, None, None]:
        """Look at one thing after the other. The runtime lives until the iteration is over or closed."""
        from .._transport.launch import find_runtime

        system = f"{platform.system()} {platform.machine()}"
        yield Check("python", "ok", f"{platform.python_implementation()} {platform.python_version()} on {system}")
        yield Check("package", "ok", f"openai-codex {PACKAGE_VERSION}, made from schema {RUNTIME_VERSION}")
        try:
            runtime = find_runtime(self._config)
        except RuntimeNotFoundError:
            yield _missing(self._config.codex_bin)
            yield from _skipped_after("runtime")
            return
        yield Check("runtime", "ok", f"{runtime.path} ({SOURCES[runtime.source]})")
        yield from self._start(runtime)

    def _start(self, runtime: Runtime) -> Iterator[Check]:
        with undisturbed():
            from .. import _calls as _calls, _metadata as _metadata  # what the client loads when it starts
            from .._sync.client import Codex

        try:
            codex = Codex(self._config)
        except UnsupportedRuntimeError as error:
            yield Check("start", "ok", "it starts and answers")
            yield self._version(error.version, runtime)
            yield from _skipped_after("version")
            return
        except (CodexError, OSError) as error:
            yield from self._not_started(error, runtime)
            return
        with codex:
            yield Check("start", "ok", "it starts and answers")
            info = codex.metadata.serverInfo
            yield self._version(None if info is None else info.version, runtime)
            home = codex.metadata.codexHome or expected_home(os.environ)
            yield _home(home) or Check("home", "ok", home)
            yield from self._ask(codex, home, runtime)

    def _not_started(self, error: Exception, runtime: Runtime) -> Iterator[Check]:
        home = _home(expected_home(os.environ))
        if home is not None and home.fix is not None:
            fix = home.fix
        elif isinstance(error, RequestTimeoutError):
            fix = fixes.find_delay(runtime)
        elif self._config.config_overrides and isinstance(error, TransportClosedError):
            fix = fixes.correct_override()
        else:
            fix = fixes.mend_runtime(runtime)
        yield Check("start", "failed", str(error), fix)
        for skipped in _skipped_after("start"):
            yield home if home is not None and skipped.name == "home" else skipped

    def _version(self, version: str | None, runtime: Runtime) -> Check:
        from .._metadata import judge_version

        self.versions["runtime"] = version
        verdict = judge_version(version or "")
        if verdict.fit == "unsupported":
            return Check("version", "failed", verdict.text, fixes.update(runtime))
        if verdict.fit == "older":
            return Check("version", "warning", verdict.text, fixes.update(runtime))
        return Check("version", "ok", verdict.text)

    def _ask(self, codex: Codex, home: str, runtime: Runtime) -> Iterator[Check]:
        """Ask the runtime for what only it knows."""
        refusal: CodexError | None = None
        with closing(codex.events(timeout=0)) as events:
            try:
                codex.request("config/read", {"cwd": os.getcwd()})  # as it comes: what is new in it does no harm
            except CodexError as error:
                refusal = error
            notices = _arrived(events)
            reason = next((each for each in notices if refusal is not None and _explains(each)), None)
            yield self._configuration(home, runtime, refusal, reason)
            if refusal is None:
                yield _login(codex, runtime)
            else:  # without its configuration, the runtime does not know which provider is meant
                yield _skipped("login", "configuration")
            notices += _arrived(events)
        others = [each for each in notices if each is not reason]
        of_sandbox = [each for each in others if "sandbox" in _text(each).lower()]
        if not of_sandbox:
            yield Check("sandbox", "ok", "the runtime complains of nothing")
        for each in of_sandbox:
            yield Check("sandbox", "warning", _text(each), fixes.mend_sandbox(_text(each)))
        for each in others:
            if each not in of_sandbox:
                yield Check("notice", "warning", _text(each), self._correction(_text(each), home, each))

    def _configuration(
        self, home: str, runtime: Runtime, refusal: CodexError | None, reason: Notification | None
    ) -> Check:
        if refusal is None:
            file = os.path.join(home, "config.toml")
            found = file if os.path.isfile(file) else f"the runtime's defaults; there is no {file}"
            return Check("configuration", "ok", f"{found}, and --config" if self._config.config_overrides else found)
        if reason is not None:
            text = reason.params["details"]
            return Check("configuration", "failed", text, self._correction(text, home, reason))
        if isinstance(refusal, JsonRpcError):
            return Check("configuration", "failed", refusal.message, self._correction(refusal.message, home))
        return Check("configuration", "failed", str(refusal), fixes.mend_runtime(runtime))

    def _correction(self, text: str, home: str, notice: Notification | None = None) -> str:
        """How to mend what a text complains of, in the place that its notice names, if any."""
        file = os.path.join(home, "config.toml")
        with suppress(KeyError, TypeError):
            if notice is not None:
                return fixes.correct_file(str(notice.params["path"]), int(notice.params["range"]["start"]["line"]))
        if ".toml" in text and file not in text:
            return fixes.correct_named_file()
        return fixes.correct_setting(file, bool(self._config.config_overrides))


def _missing(given: str | None) -> Check:
    if given is not None:
        return Check("runtime", "failed", f"--codex-bin names {given}, which is not a file", fixes.take_other_binary())
    return Check("runtime", "failed", NO_RUNTIME, fixes.install())


def _home(home: str) -> Check | None:
    """What is wrong with the home; None if nothing is."""
    problem = home_problem(home, given=bool(os.environ.get("CODEX_HOME")))
    return None if problem is None else Check("home", "failed", *problem)


def _login(codex: Codex, runtime: Runtime) -> Check:
    from .._generated import models as m

    try:
        answer = codex.account()
    except JsonRpcError as error:  # of a ChatGPT login, the runtime asks ChatGPT
        return Check("login", "failed", f"the account cannot be read: {error.message}", fixes.log_in_again(runtime))
    except CodexError as error:
        return Check("login", "failed", str(error), fixes.mend_runtime(runtime))
    account = answer.account
    if account is None:
        if answer.requires_openai_auth:
            text = "nobody is logged in, and the model provider needs a login"
            return Check("login", "failed", text, fixes.log_in(runtime))
        return Check("login", "ok", "none, and the model provider needs none")
    if isinstance(account, m.ApiKeyAccount):
        return Check("login", "ok", "API key; the provider was not asked whether it is valid")
    if isinstance(account, m.ChatgptAccount):
        return Check("login", "ok", f"ChatGPT, plan {account.plan_type.value}")
    kind = account.raw.get("type") if isinstance(account, m.UnrecognizedAccount) else account.type
    return Check("login", "ok", f"{kind}")


def _arrived(events: EventStream) -> list[Notification]:
    """The warnings that have come by now."""
    from .._core.notices import NOTICES

    arrived: list[Notification] = []
    with suppress(RequestTimeoutError, TransportClosedError):
        for event in events:
            if event.method in NOTICES:
                arrived.append(event)
    return arrived


def _text(notice: Notification) -> str:
    parts = (notice.params.get(name) for name in ("summary", "message", "details"))
    return "\n".join(part for part in parts if isinstance(part, str) and part) or notice.method


def _explains(notice: Notification) -> bool:
    """Whether a notice says why the configuration cannot be read."""
    summary, details = notice.params.get("summary"), notice.params.get("details")
    return isinstance(summary, str) and "configuration" in summary.lower() and isinstance(details, str)


def _skipped(name: str, before: str) -> Check:
    return Check(name, "skipped", f"needs '{before}'", f"correct '{before}' first")


def _skipped_after(name: str) -> Iterable[Check]:
    return [_skipped(each, name) for each in _STEPS[_STEPS.index(name) + 1 :]]
