"""The protocol as data: what is called, what it takes and gives, and whether it is experimental.

Built from the two bundles and the overrides; knows nothing of Python code or of model classes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from openai_codex._schema.bundle import Bundle, Schema, method_of, params_of
from openai_codex._schema.shapes import result_name

from .findings import CodegenError, Finding
from .naming import handler_name, python_path, snake_case
from .overrides import Overrides

__all__ = ["Notification", "Protocol", "Request", "ServerRequest", "build"]


@dataclass(frozen=True, slots=True)
class Request:
    """One method that the client may call."""

    method: str
    namespace: str
    name: str
    params: str | None
    result: str
    doc: str
    experimental: bool
    long_running: bool

    @property
    def path(self) -> str:
        """Dotted path below ``codex.rpc``."""
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification that the runtime may send."""

    method: str
    payload: str
    doc: str
    experimental: bool


@dataclass(frozen=True, slots=True)
class ServerRequest:
    """One request that the runtime may send to the client."""

    method: str
    handler: str
    params: str
    result: str
    doc: str
    experimental: bool
    refusal: dict[str, object] | None


@dataclass(frozen=True, slots=True)
class Protocol:
    """Everything that travels, and the definitions it is made of."""

    requests: tuple[Request, ...]
    notifications: tuple[Notification, ...]
    server_requests: tuple[ServerRequest, ...]
    definitions: dict[str, Schema]
    experimental_types: frozenset[str]
    experimental_fields: frozenset[tuple[str, str]]
    experimental_tags: frozenset[tuple[str, str]] = frozenset()
    """Union and tag of each variant that the stable schema lacks in a union that it has."""
    undecided: tuple[Finding, ...] = ()
    """What a human has to decide first; until then the likeliest answer stands in, so that the rest can be seen."""

    @property
    def sent(self) -> frozenset[str]:
        """Names of the definitions that a client sends as they are; it sends those that they refer to as well."""
        params = {request.params for request in self.requests if request.params is not None}
        return frozenset(params | {request.result for request in self.server_requests})

    @property
    def read(self) -> frozenset[str]:
        """The same of what a client reads."""
        results = {request.result for request in self.requests} | {request.params for request in self.server_requests}
        return frozenset(results | {notification.payload for notification in self.notifications})


def _result(
    method: str, params: str | None, definitions: Iterable[str], overrides: Overrides
) -> tuple[str, Finding | None]:
    """Name of the result type: the schema never states it, so it follows from the name of the params type."""
    override = overrides.get("response", method)
    candidates = _candidates(method, definitions)
    likeliest = candidates[0] if candidates else next(iter(definitions), "")
    listed = f"candidates: {', '.join(candidates) or 'none'}"
    if override is not None:
        chosen: str = override if isinstance(override, str) else override["type"]
        if chosen in definitions:
            return chosen, None
        reason = f"[response] {method} = {chosen}: there is no such type"
        step = f'say `"{method}" = "{candidates[0]}"`; {listed}' if candidates else listed
        return likeliest, Finding(overrides.path.name, reason, step)
    guess = result_name(method, params)
    if guess in definitions:
        return guess, None
    step = f'add `"{method}" = "{candidates[0] if candidates else "..."}"` to [response]; {listed}'
    return likeliest, Finding(overrides.path.name, f"no result type known for {method} ({guess} does not exist)", step)


def _candidates(method: str, definitions: Iterable[str]) -> list[str]:
    """Result types that share words with the method, in whatever order, the likeliest first."""
    wanted = set(snake_case(method).split("_"))

    def unlike(name: str) -> float:
        words = set(snake_case(name.removesuffix("Response")).split("_"))
        return 1 - len(words & wanted) / len(words | wanted)

    responses = [name for name in definitions if name.endswith("Response") and unlike(name) < 1]
    return sorted(responses, key=lambda name: (unlike(name), name))[:4]


def build(bundle: Bundle, stable: Bundle, overrides: Overrides) -> Protocol:
    """Put the protocol together.

    Args:
        bundle: The experimental bundle; it is a strict superset of the stable one.
        stable: The stable bundle; whatever it lacks is experimental.
        overrides: Reviewed exceptions.

    Raises:
        CodegenError: the schema has what this module does not know.
    """
    findings: list[Finding] = []
    undecided: list[Finding] = []
    known = bundle.definitions
    stable_requests = {method_of(branch) for branch in stable.client_requests}
    stable_server_requests = {method_of(branch) for branch in stable.server_requests}
    stable_notifications = {method_of(branch) for branch in stable.server_notifications}

    def result_of(method: str, params: str | None) -> str:
        result, finding = _result(method, params, known, overrides)
        if finding is not None:
            undecided.append(finding)
        return result

    requests: list[Request] = []
    for branch in bundle.client_requests:
        method, params = method_of(branch), params_of(branch)
        if params is None and branch["properties"].get("params", {}).get("type", "null") != "null":
            findings.append(Finding("schema", f"the params of {method} have no name", "teach codegen/ir.py about it"))
        namespace, name = overrides.get("rpc_name", method) or python_path(method)
        requests.append(
            Request(
                method,
                namespace,
                name,
                params,
                result_of(method, params),
                branch.get("description", ""),
                method not in stable_requests,
                overrides.get("long_running", method) is not None,
            )
        )
    notifications = [
        Notification(
            method_of(branch),
            params_of(branch) or "",
            branch.get("description", ""),
            method_of(branch) not in stable_notifications,
        )
        for branch in bundle.server_notifications
    ]
    server_requests: list[ServerRequest] = []
    for branch in bundle.server_requests:
        method, params = method_of(branch), params_of(branch)
        server_requests.append(
            ServerRequest(
                method,
                handler_name(method),
                params or "",
                result_of(method, params),
                branch.get("description", ""),
                method not in stable_server_requests,
                overrides.get("refusal", method),
            )
        )
    payloads = {
        **{notification.method: notification.payload for notification in notifications},
        **{request.method: request.params for request in server_requests},
    }
    findings += [
        Finding("schema", f"{method} has no payload type", "teach codegen/ir.py about it")
        for method, payload in payloads.items()
        if not payload
    ]
    undecided += _clashes(requests)
    handlers: dict[str, str] = {}
    for server_request in server_requests:
        other = handlers.setdefault(server_request.handler, server_request.method)
        if other != server_request.method:
            reason = f"{other} and {server_request.method} would both be the handler {server_request.handler}"
            findings.append(Finding("schema", reason, "teach codegen/naming.py another name"))
    if findings:
        raise CodegenError([*findings, *undecided])
    return Protocol(
        tuple(sorted(requests, key=lambda request: request.method)),
        tuple(sorted(notifications, key=lambda notification: notification.method)),
        tuple(sorted(server_requests, key=lambda request: request.method)),
        known,
        frozenset(known.keys() - stable.definitions.keys()),
        frozenset(_experimental_fields(known, stable.definitions)),
        frozenset(
            (name, tag)
            for name in known.keys() & stable.definitions.keys()
            for tag in _tags(known[name]) - _tags(stable.definitions[name])
        ),
        tuple(undecided),
    )


def _clashes(requests: Iterable[Request]) -> Iterable[Finding]:
    taken: dict[str, str] = {}
    for request in requests:
        other = taken.setdefault(request.path, request.method)
        if other != request.method:
            reason = f"{other} and {request.method} would both be rpc.{request.path}"
            step = f'name one of them in [rpc_name]: `"{request.method}" = ["{request.namespace}", "..."]`'
            yield Finding("overrides.toml", reason, step)


def _experimental_fields(definitions: dict[str, Schema], stable: dict[str, Schema]) -> Iterable[tuple[str, str]]:
    for name in definitions.keys() & stable.keys():
        for field in definitions[name].get("properties", {}).keys() - stable[name].get("properties", {}).keys():
            yield name, field


def _tags(schema: Schema) -> set[str]:
    """All values that a branch of a union fixes one of its properties to."""
    branches: list[Schema] = schema.get("oneOf", [])
    values: list[Any] = [value for branch in branches for value in branch.get("properties", {}).values()]
    return {value["enum"][0] for value in values if value is not True and len(value.get("enum", ())) == 1}
