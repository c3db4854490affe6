"""The HTTP side: a loopback server that plays steps as server-sent events.

Every request has a thread and a connection of its own (``Connection: close``), so the end of the connection
is the end of the answer, and an answer that hangs blocks no other. The server keeps the open connections:
``close()`` shuts them down, which wakes every waiting thread, and then joins the threads. The server is also
the proxy of the runtime and of its commands, one that lets nothing out.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, cast

from ._script import Event, EventStream, HttpError, Step

__all__ = ["Play", "ResponsesServer"]

Play = Callable[[str, str, Mapping[str, str], bytes], tuple[int, Step]]
"""Takes method, path, headers and body of a request; returns its number and the step that answers it."""

_NO_MODELS = '{"object": "list", "data": [], "models": []}'


class ResponsesServer(ThreadingHTTPServer):
    """Serves the answers that ``play`` picks, from construction until ``close()``."""

    daemon_threads = True
    request_queue_size = 512  # a burst of connections must not be refused

    def __init__(self, play: Play) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.play = play
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._acceptor = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": 0.05}, name="scripted-model", daemon=True
        )
        self._acceptor.start()

    @property
    def url(self) -> str:
        """Base URL of the API, ``/v1`` included."""
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def server_bind(self) -> None:
        """Bind without the reverse DNS lookup of the base class, which can take seconds."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "localhost", self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer the connection on a thread that ``close()`` knows."""
        thread = threading.Thread(
            target=self.process_request_thread,
            args=(request, client_address),
            name="scripted-model-request",
            daemon=True,
        )
        with self._lock:
            thread.start()
            self._connections[thread] = request

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Run one connection, then forget it."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._connections[threading.current_thread()]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors of ours; a client that went away is not one."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)

    def close(self) -> None:
        """Stop listening, end every open answer and join all threads. Idempotent."""
        if self.closing.is_set():
            return
        self.closing.set()
        self.shutdown()
        self._acceptor.join()
        self.server_close()
        with self._lock:
            connections = dict(self._connections)
        for connection in connections.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections:
            thread.join(timeout=5.0)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 30.0  # seconds for a client to send its request

    @property
    def _responses(self) -> ResponsesServer:
        return cast(ResponsesServer, self.server)

    def do_CONNECT(self) -> None:
        self._send(403, "ScriptedModel: there is no network behind this proxy", "text/plain")

    def do_GET(self) -> None:
        if self.path.startswith("http"):
            self.do_CONNECT()
        elif self.path.split("?")[0] == "/v1/models":
            self._send(200, _NO_MODELS, "application/json")
        else:
            self._play(b"")

    def do_POST(self) -> None:
        body = self._read_body()
        if self.path.startswith("http"):
            self.do_CONNECT()
        else:
            self._play(body)

    def _play(self, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        number, step = self._responses.play(self.command, self.path, headers, body)
        if isinstance(step, HttpError):
            kind = "application/json" if step.body.startswith("{") else "text/plain; charset=utf-8"
            self._send(step.status, step.body, kind)
        else:
            self._stream(step, number)

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            length = int(self.headers.get("content-length", 0))
            body = self.rfile.read(length)
            if len(body) < length:
                raise ConnectionResetError("the client went away within its request")
            return body
        chunks: list[bytes] = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)

    def _send(self, status: int, text: str, content_type: str) -> None:
        data = text.encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(data)

    def _stream(self, step: EventStream, number: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("cache-control", "no-cache")
        self.send_header("connection", "close")
        self.end_headers()
        self.connection.settimeout(None)  # a slow reader is not one that went away
        with contextlib.suppress(OSError):  # the client went away, which ends its answer
            deltas = 0
            for event in step.events(number):
                if event["type"] == "response.output_text.delta":
                    if deltas and step.delay and self._responses.closing.wait(step.delay):
                        return
                    deltas += 1
                self.wfile.write(_encode(event))
            if step.hang:
                self._wait_for_the_end()

    def _wait_for_the_end(self) -> None:
        """Return when the client goes away or the server closes."""
        # close() shuts the connection down, which ends a recv at once; where it does not, the timeout does.
        self.connection.settimeout(1.0)
        while not self._responses.closing.is_set():
            with contextlib.suppress(TimeoutError):
                if not self.connection.recv(4096):
                    return

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: requests are recorded, not logged."""


def _encode(event: Event) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(dict(event))}\n\n".encode()
