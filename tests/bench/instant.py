"""A model that answers every request of the real runtime at once, in a process of its own.

``instant_model()`` starts ``python -m tests.bench.instant`` and makes a home whose configuration points there.
A request is read and not looked at; the answer is always one message, ``hello``, with the same bytes. Like the
scripted model of ``openai_codex.testing`` it is also the runtime's proxy, one that lets nothing out.
"""

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass

from openai_codex.testing._home import Home

from . import venvs

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def _answer() -> bytes:
    """The whole HTTP answer to a request for a response."""
    text = {"type": "output_text", "text": "hello"}
    item = {"type": "message", "role": "assistant", "id": "m1", "content": [text]}
    usage = {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 2,
    }
    events = (
        {"type": "response.created", "response": {"id": "r1"}},
        {"type": "response.output_item.added", "item": {**item, "content": [{**text, "text": ""}]}},
        {"type": "response.output_text.delta", "item_id": "m1", "delta": "hello"},
        {"type": "response.output_item.done", "item": item},
        {"type": "response.completed", "response": {"id": "r1", "usage": usage}},
    )
    body = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()
    return _http(b"200 OK", b"text/event-stream", body)


def _http(status: bytes, kind: bytes, body: bytes) -> bytes:
    head = (b"HTTP/1.1 " + status, b"content-type: " + kind, b"content-length: %d" % len(body))
    return b"\r\n".join((*head, b"", body))


_ANSWER = _answer()
_MODELS = _http(b"200 OK", b"application/json", b'{"object":"list","data":[],"models":[]}')
_REFUSED = _http(b"403 Forbidden", b"text/plain", b"there is no network behind this proxy")


class _Connection(asyncio.Protocol):
    """One connection of the runtime, which it may use again."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._data = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._data, 0, end)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._data) < whole:
                return
            path = bytes(self._data.split(b" ", 2)[1])
            del self._data[:whole]
            if path == b"/v1/responses":
                self._transport.write(_ANSWER)
            else:
                self._transport.write(_MODELS if path.startswith(b"/v1/models") else _REFUSED)


async def _serve() -> None:
    """Tell the port, and serve until standard input ends."""
    server = await asyncio.get_running_loop().create_server(_Connection, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    os._exit(0)


@dataclass(frozen=True)
class InstantModel:
    """A model that runs: its process, and the environment that leads the runtime to it."""

    pid: int
    environment: dict[str, str]


@contextmanager
def instant_model() -> Generator[InstantModel, None, None]:
    """A running model with a fresh home."""
    command = [sys.executable, "-m", "tests.bench.instant"]
    ours = venvs.checkout().environment
    with subprocess.Popen(
        command, cwd=venvs.ROOT, env=ours, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        home = None
        try:
            url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
            home = Home(url, model="gpt-5.5", config_toml="", requires_openai_auth=False)
            yield InstantModel(process.pid, home.environment())
        finally:
            process.stdin.close()
            process.wait()
            if home is not None:
                home.close()


if __name__ == "__main__":
    asyncio.run(_serve())
