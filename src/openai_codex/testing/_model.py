"""``ScriptedModel``: a script, the requests it met, and the runtime configuration that leads to it.

One lock guards script and records; the server's threads come in through ``_play`` alone.
"""

from __future__ import annotations

import dataclasses
import json
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

from .._config import CodexConfig
from ._home import Home
from ._request import RecordedRequest
from ._script import (
    Event,
    HttpError,
    Item,
    Step,
    Usage,
    failed_answer,
    message,
    raw_answer,
    silent_answer,
    streamed_answer,
    tool_call,
    whole_answer,
)
from ._server import ResponsesServer

__all__ = ["ScriptedModel"]

_Self = TypeVar("_Self", bound="ScriptedModel")


class ScriptedModel:
    """A model that answers from a script, for the real runtime.

    Each step answers one request of the runtime, in the order in which they were added; steps may be added at
    any time, from any thread, and every method that adds one returns the model, so calls can be chained.
    A request that finds no step left is answered with an HTTP error that says so (the turn fails with that
    text), and is noted in ``unexpected``.

    Use it as a context manager, or call ``start()`` and ``close()``. Close the client first.

    Args:
        model: Model name in the configuration. It decides which tools the runtime offers.
        config_toml: More lines for ``config.toml``: top-level keys first, then tables. It must not set
            ``model`` and ``model_provider`` again.
        repeat_last: Play the last step again for every further request, with fresh ids.
        requires_openai_auth: Make the runtime treat the model as one that needs a login, and send
            the ``Authorization`` header of the account that is logged in.
    """

    def __init__(
        self,
        *,
        model: str = "gpt-5.5",
        config_toml: str = "",
        repeat_last: bool = False,
        requires_openai_auth: bool = False,
    ) -> None:
        self._model = model
        self._config_toml = config_toml
        self._repeat_last = repeat_last
        self._requires_openai_auth = requires_openai_auth
        self._changed = threading.Condition()
        self._steps: list[Step] = []
        self._played = 0  # steps used so far
        self._requests: list[RecordedRequest] = []
        self._unexpected: list[str] = []
        self._server: ResponsesServer | None = None
        self._home: Home | None = None

    # Life

    def start(self: _Self) -> _Self:
        """Start serving and make the directories.

        Raises:
            RuntimeError: it was started before.
        """
        if self._server is not None:
            raise RuntimeError("ScriptedModel: it was started before; make a new one")
        self._server = ResponsesServer(self._play)
        try:
            self._home = Home(
                self._server.url,
                model=self._model,
                config_toml=self._config_toml,
                requires_openai_auth=self._requires_openai_auth,
            )
        except BaseException:
            self._server.close()
            raise
        return self

    def close(self) -> None:
        """End open answers, stop serving and remove the directories. The records stay. Idempotent."""
        if self._server is not None:
            self._server.close()
        if self._home is not None:
            self._home.close()

    def __enter__(self: _Self) -> _Self:
        """Start it."""
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        """Close it."""
        self.close()

    # Script

    def say(self: _Self, text: str, *, phase: str | None = None, usage: Usage | None = None) -> _Self:
        """Add a step: one message, whole.

        Args:
            text: The message.
            phase: ``commentary`` or ``final_answer``; None leaves it out.
            usage: Token counts to report; None for one token each way.
        """
        return self.answer(message(text, phase=phase), usage=usage)

    def stream(
        self: _Self,
        parts: Iterable[str],
        delay: float = 0.0,
        *,
        phase: str | None = None,
        usage: Usage | None = None,
    ) -> _Self:
        """Add a step: one message as text deltas, then whole.

        Args:
            parts: Texts of the deltas; together they are the message.
            delay: Seconds between two deltas.
            phase: ``commentary`` or ``final_answer``; None leaves it out.
            usage: Token counts to report; None for one token each way.
        """
        return self._add(streamed_answer(parts, delay, phase, usage))

    def call_tool(
        self: _Self,
        name: str,
        arguments: Mapping[str, Any] | str | None = None,
        *,
        call_id: str | None = None,
        namespace: str | None = None,
        usage: Usage | None = None,
    ) -> _Self:
        """Add a step: one tool call. The tool's output is in the next request.

        Args:
            name: Tool name as offered in the request, such as ``exec_command``.
            arguments: An object for a function tool; a string is the input of a freeform tool, such as the
                patch for ``apply_patch``.
            call_id: Id that the tool's output will carry; None for a fresh one.
            namespace: Namespace of the tool; ``mcp__<server>`` for the tools of an MCP server.
            usage: Token counts to report; None for one token each way.
        """
        call = tool_call(name, arguments, call_id=call_id, namespace=namespace)
        return self.answer(call, usage=usage)

    def answer(self: _Self, *items: Item, usage: Usage | None = None) -> _Self:
        """Add a step of several items in one answer, such as a message and two tool calls.

        Args:
            items: ``message(...)``, ``tool_call(...)`` or any output item of the Responses API, in order.
                Ids that an item lacks are filled in. No item at all is an empty answer.
            usage: Token counts to report; None for one token each way.
        """
        return self._add(whole_answer(items, usage))

    def fail(
        self: _Self,
        error: int | str | Mapping[str, Any],
        message: str = "scripted failure",
        *,
        body: Mapping[str, Any] | str | None = None,
    ) -> _Self:
        """Add a step: the model fails.

        Args:
            error: An HTTP status, 400 to 599; or an error code, such as ``context_length_exceeded``, that the
                stream ends with (``response.failed``); or that error object as a whole.
            message: Text of the error, unless ``error`` or ``body`` is given as a whole.
            body: For a status: the whole body instead of ``{"error": {"message": ...}}``.
        """
        return self._add(failed_answer(error, message, body))

    def hang(self: _Self) -> _Self:
        """Add a step: begin an answer, then stay silent until the client goes away or the model closes."""
        return self._add(silent_answer())

    def raw(self: _Self, events: Iterable[Event]) -> _Self:
        """Add a step: exactly these events, then the end of the stream.

        Args:
            events: Objects with a ``type``; ``response.created`` and ``response.completed`` are not added.
        """
        return self._add(raw_answer(events))

    @property
    def remaining(self) -> int:
        """Number of steps that were not played yet."""
        with self._changed:
            return len(self._steps) - self._played

    # Records

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests for an answer so far, oldest first."""
        with self._changed:
            return list(self._requests)

    @property
    def unexpected(self) -> list[str]:
        """What went wrong on the model's side: requests without a step, and requests it does not know."""
        with self._changed:
            return list(self._unexpected)

    def wait_for_request(self, n: int = 1, timeout: float = 10.0) -> RecordedRequest:
        """Wait until ``n`` requests were made, and return the n-th.

        It blocks; call it through ``asyncio.to_thread`` in a coroutine.

        Args:
            n: Which request, counted from 1.
            timeout: Seconds to wait.

        Raises:
            TimeoutError: there were fewer requests when the time was over.
        """
        if n < 1:
            raise ValueError("wait_for_request(n): requests are counted from 1")
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._requests) >= n, timeout):
                raise TimeoutError(f"{len(self._requests)} of {n} requests came within {timeout:g} s")
            return self._requests[n - 1]

    # Runtime

    def config(self, *, env: Mapping[str, str] | None = None, **overrides: Any) -> CodexConfig:
        """Make a client configuration that leads the runtime to this model, in an isolated home.

        Args:
            env: More variables for the runtime, over the isolating ones.
            overrides: Other fields of ``CodexConfig``.

        Raises:
            RuntimeError: the model is not running.
            TypeError: ``CodexConfig`` has no such field.
        """
        home = self._running_home()
        config = CodexConfig(cwd=str(home.workspace), env={**home.environment(), **(env or {})})
        return dataclasses.replace(config, **overrides)

    @property
    def home(self) -> Path:
        """Codex home of the runtime: ``config.toml``, stored threads, credentials."""
        return self._running_home().codex_home

    @property
    def workspace(self) -> Path:
        """Directory that the runtime works in: fresh, empty, no git repository."""
        return self._running_home().workspace

    @property
    def base_url(self) -> str:
        """URL of the API, ``/v1`` included."""
        self._running_home()
        assert self._server is not None
        return self._server.url

    def _running_home(self) -> Home:
        if self._home is None or self._server is None or self._server.closing.is_set():
            raise RuntimeError("ScriptedModel: it is not running; use it as a context manager or call start()")
        return self._home

    def _add(self: _Self, step: Step) -> _Self:
        with self._changed:
            self._steps.append(step)
        return self

    def _play(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Step]:
        """Record a request and pick the step that answers it."""
        if method != "POST" or path.split("?")[0] != "/v1/responses":
            return 0, self._refuse(404, f"ScriptedModel: no such endpoint: {method} {path}")
        try:
            decoded: Any = json.loads(body)
        except ValueError:
            decoded = None
        if not isinstance(decoded, dict):
            return 0, self._refuse(400, f"ScriptedModel: the body of {method} {path} is not a JSON object")
        with self._changed:
            self._requests.append(RecordedRequest(path, headers, cast("dict[str, Any]", decoded)))
            self._changed.notify_all()
            number = len(self._requests)
            if self._played < len(self._steps):
                self._played += 1
            elif not (self._repeat_last and self._steps):
                # 400: the runtime shows its body as the turn's error, and never tries again.
                steps = len(self._steps)
                text = f"ScriptedModel: the script is exhausted: request {number} came after all {steps} steps"
                return number, self._refuse(400, text)
            return number, self._steps[self._played - 1]

    def _refuse(self, status: int, text: str) -> HttpError:
        with self._changed:
            self._unexpected.append(text)
        return HttpError(status, text)
