"""Give every definition a module, so that a program loads only the models that it uses.

``core`` is the closure of the hot set, loaded at once. A type that only one domain (first segment of the wire methods)
can reach belongs to that domain; what several share is ``common``, what no listed message reaches is
``unlisted``. Imports then run unlisted -> domain -> common -> core, so there is no cycle by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

from openai_codex._schema.bundle import closure, references

from .ir import Protocol
from .naming import snake_case
from .normalise import Normalised
from .overrides import Overrides

__all__ = ["COMMON", "CORE", "UNLISTED", "Layout", "partition"]

CORE = "core"
COMMON = "common"
UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True)
class Layout:
    """Module of each definition, and the modules in order."""

    module_of: dict[str, str]

    @property
    def modules(self) -> list[str]:
        """Module names, sorted."""
        return sorted(set(self.module_of.values()))


def partition(protocol: Protocol, normalised: Normalised, overrides: Overrides) -> Layout:
    """Assign the modules."""
    graph = {name: set(references(schema)) for name, schema in normalised.definitions.items()}
    hot = [name for name in overrides.names("core_types") if name in graph and overrides.get("core_types", name)]
    core = closure(hot, graph)

    roots: dict[str, set[str]] = {}
    for request in protocol.requests:
        roots.setdefault(snake_case(request.method.split("/")[0]), set()).update(
            filter(None, (request.params, request.result))
        )
    for notification in protocol.notifications:
        roots.setdefault(snake_case(notification.method.split("/")[0]), set()).add(notification.payload)
    for server_request in protocol.server_requests:
        roots.setdefault(snake_case(server_request.method.split("/")[0]), set()).update(
            (server_request.params, server_request.result)
        )

    reached_by: dict[str, set[str]] = {}
    for domain, names in roots.items():
        for name in closure(names, graph):
            reached_by.setdefault(name, set()).add(domain)

    def module_of(name: str) -> str:
        if name in core:
            return CORE
        domains = reached_by.get(name, set())
        if not domains:
            return UNLISTED
        return next(iter(domains)) if len(domains) == 1 else COMMON

    return Layout({name: module_of(name) for name in sorted(graph)})
