"""A runtime that does what a script says. Standard library only; started as a process by the contract tests.

Usage: ``fake_server.py SCRIPT`` with SCRIPT a JSON object:

- ``on_start``: steps to take before reading;
- ``on``: method to the steps to take when that request comes; others are answered with ``{"echo": params}``.
  ``method#2`` is for its second request;
- ``ignore_eof``, ``ignore_sigterm``: live on;
- ``pause_reading_s``: seconds to wait before reading anything.

Steps, each a list of a name and arguments: ``result`` and ``error`` answer the request; ``send`` writes a
message; ``raw`` writes text (Latin-1, so that any byte can be said); ``repeat`` writes a text many times;
``count`` does the same with 0, 1, 2 ... in place of ``$n``; ``dribble`` writes text in pieces of n bytes;
``hold`` keeps the request; ``release`` answers what is held, the newest first, ``release_turn`` all of it with
the given result; ``held`` answers how many are held, ``seen`` how often a method was called; ``sleep``,
``exit``, ``kill``, ``stderr``, ``close_stdout``; ``orphan`` leaves a
process behind that holds the pipes open. In messages the string ``$id`` stands for the
request's id. Every answer to a request of ours is reported as the notification ``fake/reply``.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

held: list[Any] = []
seen: Counter[str] = Counter()


def write(data: bytes, fd: int = 1) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(fd, rest) :]


def send(message: dict[str, Any]) -> None:
    write(json.dumps(message).encode() + b"\n")


def fill(message: dict[str, Any], id: Any) -> dict[str, Any]:
    return {key: id if value == "$id" else value for key, value in message.items()}


def take(steps: list[list[Any]], id: Any) -> None:
    for name, *args in steps:
        if name == "result":
            send({"id": id, "result": args[0]})
        elif name == "error":
            send({"error": args[0], "id": id})
        elif name == "send":
            send(fill(args[0], id))
        elif name == "raw":
            write(args[0].replace("$id", str(id)).encode("latin-1"))
        elif name == "repeat":
            write(args[0].replace("$id", str(id)).encode("latin-1") * args[1])
        elif name == "count":
            for number in range(args[1]):
                write(args[0].replace("$n", str(number)).encode("latin-1"))
        elif name == "dribble":
            data = args[0].replace("$id", str(id)).encode("latin-1")
            for start in range(0, len(data), args[1]):
                write(data[start : start + args[1]])
        elif name == "hold":
            held.append(id)
        elif name == "release":
            while held:
                kept = held.pop()
                send({"id": kept, "result": {"was": kept}})
        elif name == "release_turn":
            while held:
                send({"id": held.pop(), "result": args[0]})
        elif name == "held":
            send({"id": id, "result": len(held)})
        elif name == "seen":
            send({"id": id, "result": seen[args[0]]})
        elif name == "sleep":
            time.sleep(args[0])
        elif name == "exit":
            os._exit(args[0])
        elif name == "kill":
            os.kill(os.getpid(), args[0])
        elif name == "stderr":
            write(args[0].encode() * args[1], 2)
        elif name == "close_stdout":
            os.close(1)
        elif name == "orphan":
            subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({args[0]})"])
        else:
            raise ValueError(name)


def main() -> None:
    script = json.loads(sys.argv[1])
    if script.get("ignore_sigterm"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    take(script.get("on_start", []), None)
    time.sleep(script.get("pause_reading_s", 0))
    on = script.get("on", {})
    for line in sys.stdin.buffer:
        message = json.loads(line)
        method, id = message.get("method"), message.get("id")
        if method is None:
            send({"method": "fake/reply", "params": message})
            continue
        seen[method] += 1
        nth = f"{method}#{seen[method]}"
        if nth in on or method in on:
            take(on[nth] if nth in on else on[method], id)
        elif id is not None:
            send({"id": id, "result": {"echo": message["params"]}})
    while script.get("ignore_eof"):
        time.sleep(0.1)


main()
