"""An MCP server over stdio, for tests: its tools ask the user, or want to be approved."""

from __future__ import annotations

import json
import sys
from typing import Any

FORM: dict[str, Any] = {
    "mode": "form",
    "message": "Who are you?",
    "requestedSchema": {
        "type": "object",
        "properties": {
            "name": {"type": "string", "title": "Name", "minLength": 2},
            "color": {"type": "string", "enum": ["red", "blue"]},
            "age": {"type": "integer", "minimum": 0},
        },
        "required": ["name", "color"],
    },
}
ADDRESS = {"mode": "url", "message": "Log in there", "url": "https://example.org/login", "elicitationId": "e1"}
ASKS = {"ask_form": FORM, "ask_address": ADDRESS}


def tool(name: str, **hints: bool) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"what": {"type": "string"}}}
    return {"name": name, "description": name, "inputSchema": schema, "annotations": hints}


TOOLS = [
    tool("ask_form", readOnlyHint=True),
    tool("ask_address", readOnlyHint=True),
    tool("wipe", destructiveHint=True),
]


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def text(said: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": said}]}


def main() -> None:
    """Serve until the end of the input."""
    asked: dict[Any, Any] = {}  # own request -> the call that it belongs to
    for line in sys.stdin:
        message = json.loads(line)
        method, id, params = message.get("method"), message.get("id"), message.get("params", {})
        if method == "initialize":
            info = {"name": "desk", "version": "1"}
            version = params["protocolVersion"]
            send({"id": id, "result": {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info}})
        elif method == "tools/list":
            send({"id": id, "result": {"tools": TOOLS}})
        elif method == "tools/call" and params["name"] in ASKS:
            own = f"ask-{id}"
            asked[own] = id
            send({"id": own, "method": "elicitation/create", "params": ASKS[params["name"]]})
        elif method == "tools/call":
            send({"id": id, "result": text(f"wiped {params.get('arguments', {}).get('what')}")})
        elif method is None and id in asked:
            send({"id": asked.pop(id), "result": text(f"answered {json.dumps(message.get('result'))}")})
        elif id is not None and method is not None:
            send({"id": id, "error": {"code": -32601, "message": "not here"}})


if __name__ == "__main__":
    main()
