"""What must hold of a protocol before models are made of it, and what is worth telling.

Name clashes, unknown union shapes, cycles and dangling references are found where they arise (`codegen.ir`,
`codegen.normalise`); here stand the rules that need the whole picture.
"""

from __future__ import annotations

import re

from .findings import Finding
from .ir import Protocol
from .naming import is_class_name, shadows_builtin
from .normalise import Normalised
from .partition import Layout

__all__ = ["lint"]

_NUMBERED = re.compile(r"[a-z]\d+$")
# What the model modules and their index import or define themselves, beside the types of the schema.
_TAKEN_TYPES = frozenset(
    {
        "NotificationPayload",
        "OpenEnum",
        "OpenKey",
        "OpenTag",
        "OpenUnion",
        "Unrecognized",
        "UnknownNotification",
        "Variant",
    }
)
# Pages of docs/protocol that no namespace owns, and names that the class of all namespaces uses.
_TAKEN_NAMESPACES = frozenset({"core", "m", "property", "readme"})


def lint(protocol: Protocol, normalised: Normalised, layout: Layout) -> tuple[list[Finding], list[Finding]]:
    """Return errors and notes."""
    errors: list[Finding] = []
    notes: list[Finding] = []
    for name in normalised.definitions:
        if not is_class_name(name) or shadows_builtin(name) or name in _TAKEN_TYPES:
            errors.append(Finding("schema", f"{name} cannot be a class name", "teach codegen/normalise.py another"))
        elif _NUMBERED.search(name) and name not in protocol.definitions:
            errors.append(Finding("schema", f"{name} is a numbered name", "teach codegen/normalise.py a better one"))
        if any(not isinstance(value, str) for value in normalised.definitions[name].get("enum", ())):
            step = "teach codegen/normalise.py about it"
            errors.append(Finding("schema", f"enum {name} has values that are no strings", step))
        if layout.module_of[name] in normalised.definitions:
            errors.append(Finding("schema", f"module {layout.module_of[name]} bears the name of a type", "rename it"))
    for call in protocol.requests:
        if call.namespace in _TAKEN_NAMESPACES or not all(part.isidentifier() for part in call.path.split(".")):
            reason = f"{call.method} cannot be rpc.{call.path}"
            step = f'give it another name in [rpc_name]: `"{call.method}" = ["{call.namespace}", "..."]`'
            errors.append(Finding("overrides.toml", reason, step))
    for asked in protocol.server_requests:
        if not asked.handler.isidentifier():
            step = "teach codegen/naming.py another name"
            errors.append(Finding("schema", f"{asked.method} cannot be the handler {asked.handler}", step))
    used = {request.result for request in protocol.requests} | {request.result for request in protocol.server_requests}
    for name in sorted(protocol.definitions):
        if name.endswith("Response") and name not in used:
            step = "if it answers a request, say so in [response]"
            notes.append(Finding("schema", f"{name} is the result of no request", step))
    for request in protocol.server_requests:
        if request.refusal is None:
            reason = f"server request {request.method} has no refusing answer; it will get -32601"
            line = f'"{request.method}" = {{ error = {{ code = -32000, message = "..." }} }}'
            notes.append(Finding("overrides.toml", reason, f"add one to [refusal], such as `{line}`"))
    return errors, notes
