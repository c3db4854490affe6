"""A bare JSON-lines client for the runtime, so that tests of the scripted model depend on nothing else."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from codex_cli_bin import bundled_codex_path  # type: ignore[import-untyped]

from openai_codex._config import CodexConfig

Message = dict[str, Any]


class RawClient:
    """Starts the runtime for a configuration and keeps every message that it sends, in order."""

    def __init__(self, config: CodexConfig) -> None:
        overrides = [part for pair in config.config_overrides for part in ("--config", pair)]
        self._stderr: list[str] = []
        self.messages: list[Message] = []
        self._arrived = threading.Condition()
        self._eof = False
        self._last_id = 0
        self.process = subprocess.Popen(
            [config.codex_bin or str(bundled_codex_path()), "app-server", *overrides],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=config.cwd,
            env={**os.environ, **(config.env or {})},
            start_new_session=True,
            encoding="utf-8",
        )
        self._threads = [threading.Thread(target=job, daemon=True) for job in (self._read, self._drain)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> RawClient:
        client = {"name": "raw", "title": "Raw", "version": "0"}
        self.request("initialize", {"clientInfo": client, "capabilities": {"experimentalApi": True}})
        self.send({"method": "initialized"})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self.process
        assert process.stdin and process.stdout and process.stderr
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join(5)
        process.stdout.close()
        process.stderr.close()

    @property
    def stderr(self) -> str:
        return "".join(self._stderr)

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._arrived:
                self.messages.append(json.loads(line))
                self._arrived.notify_all()
        with self._arrived:
            self._eof = True
            self._arrived.notify_all()

    def _drain(self) -> None:
        assert self.process.stderr
        self._stderr.extend(self.process.stderr)

    def send(self, message: Message) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def wait(self, wanted: Callable[[Message], bool], timeout: float = 20.0) -> Message:
        """Return the first message that is wanted, old ones included."""
        deadline = time.monotonic() + timeout
        looked_at = 0
        with self._arrived:
            while True:
                for message in self.messages[looked_at:]:
                    if wanted(message):
                        return message
                looked_at = len(self.messages)
                left = deadline - time.monotonic()
                if self._eof or left <= 0:
                    state = "the runtime exited" if self._eof else "timeout"
                    methods = [message.get("method", message) for message in self.messages[-8:]]
                    raise AssertionError(f"{state}; last messages: {methods}; stderr: {self.stderr[-2000:]}")
                self._arrived.wait(left)

    def ask(self, method: str, params: Any = ..., timeout: float = 20.0) -> Message:
        """Send a request and return the whole answer; without ``params`` there is no such key."""
        self._last_id += 1
        request = {"id": self._last_id, "method": method}
        self.send(request if params is ... else {**request, "params": params})
        wanted = self._last_id
        return self.wait(lambda message: message.get("id") == wanted and "method" not in message, timeout)

    def request(self, method: str, params: Any = ...) -> Any:
        answer = self.ask(method, params)
        assert "result" in answer, answer
        return answer["result"]

    def notification(self, method: str, timeout: float = 20.0, **fields: Any) -> Any:
        """Return the params of the first notification of that method whose top-level fields are these."""

        def wanted(message: Message) -> bool:
            params: Message = message.get("params") or {}
            return message.get("method") == method and all(params.get(k) == v for k, v in fields.items())

        return self.wait(wanted, timeout)["params"]

    def start_thread(self, **params: Any) -> str:
        thread_id: str = self.request("thread/start", params)["thread"]["id"]
        return thread_id

    def start_turn(self, thread_id: str, text: str) -> str:
        params = {"threadId": thread_id, "input": [{"type": "text", "text": text}]}
        turn_id: str = self.request("turn/start", params)["turn"]["id"]
        return turn_id

    def end_of_turn(self, turn_id: str) -> Any:
        """Wait for a turn's end and return the turn."""
        return self.wait(
            lambda message: message.get("method") == "turn/completed" and message["params"]["turn"]["id"] == turn_id
        )["params"]["turn"]

    def run(self, thread_id: str, text: str) -> Any:
        """Run a turn and return it, with all of its completed items."""
        turn_id = self.start_turn(thread_id, text)
        turn = self.end_of_turn(turn_id)
        return {**turn, "items": self.items(turn_id)}

    def items(self, turn_id: str) -> list[Any]:
        return [
            message["params"]["item"]
            for message in self.messages
            if message.get("method") == "item/completed" and message["params"]["turnId"] == turn_id
        ]

    def deltas(self, turn_id: str) -> list[str]:
        return [
            message["params"]["delta"]
            for message in self.messages
            if message.get("method") == "item/agentMessage/delta" and message["params"]["turnId"] == turn_id
        ]
