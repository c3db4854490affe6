"""The protocol as data: what is called, what it takes and gives, and whether it is experimental.

Built from the two bundles and the overrides; knows nothing of Python code or of model classes.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .findings import CodegenError, Finding
from .load import Bundle, Schema, ref_name
from .naming import class_name, handler_name, python_path
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


def _method(branch: Schema) -> str:
    method: str = branch["properties"]["method"]["enum"][0]
    return method


def _params(branch: Schema) -> str | None:
    """Name of the params type; an optional one counts, an absent or null one does not."""
    params = branch["properties"].get("params", {})
    for candidate in (params, *params.get("anyOf", ())):
        name = ref_name(candidate)
        if name is not None:
            return name
    return None


def _result(method: str, params: str | None, definitions: Iterable[str], overrides: Overrides) -> str | Finding:
    """Name of the result type: the schema never states it, so it follows from the name of the params type."""
    override = overrides.get("response", method)
    if override is not None:
        chosen: str = override if isinstance(override, str) else override["type"]
        if chosen in definitions:
            return chosen
        reason = f"[response] {method} = {chosen}: there is no such type"
        return Finding(overrides.path.name, reason, f"candidates: {_candidates(method, definitions)}")
    stem = params.removesuffix("Params") if params else class_name(method)
    guess = f"{stem}Response"
    if guess in definitions:
        return guess
    step = f"add it to [response]; candidates: {_candidates(method, definitions)}"
    return Finding(overrides.path.name, f"no result type known for {method} ({guess} does not exist)", step)


def _candidates(method: str, definitions: Iterable[str]) -> str:
    responses = [name for name in definitions if name.endswith("Response")]
    near = difflib.get_close_matches(class_name(method), responses, n=4, cutoff=0.3)
    return ", ".join(near) or "none"


def build(bundle: Bundle, stable: Bundle, overrides: Overrides) -> Protocol:
    """Put the protocol together.

    Args:
        bundle: The experimental bundle; it is a strict superset of the stable one.
        stable: The stable bundle; whatever it lacks is experimental.
        overrides: Reviewed exceptions.

    Raises:
        CodegenError: a result type is unknown, or two methods get the same Python path.
    """
    findings: list[Finding] = []
    known = bundle.definitions
    stable_requests = {_method(branch) for branch in stable.client_requests}
    stable_server_requests = {_method(branch) for branch in stable.server_requests}
    stable_notifications = {_method(branch) for branch in stable.server_notifications}

    def result_of(method: str, params: str | None) -> str:
        result = _result(method, params, known, overrides)
        if isinstance(result, Finding):
            findings.append(result)
            return ""
        return result

    requests: list[Request] = []
    for branch in bundle.client_requests:
        method, params = _method(branch), _params(branch)
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
            _method(branch),
            _params(branch) or "",
            branch.get("description", ""),
            _method(branch) not in stable_notifications,
        )
        for branch in bundle.server_notifications
    ]
    server_requests: list[ServerRequest] = []
    for branch in bundle.server_requests:
        method, params = _method(branch), _params(branch)
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
    findings += _clashes(requests)
    handlers: dict[str, str] = {}
    for server_request in server_requests:
        other = handlers.setdefault(server_request.handler, server_request.method)
        if other != server_request.method:
            reason = f"{other} and {server_request.method} would both be the handler {server_request.handler}"
            findings.append(Finding("schema", reason, "teach codegen/naming.py another name"))
    if findings:
        raise CodegenError(findings)
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
    )


def _clashes(requests: Iterable[Request]) -> Iterable[Finding]:
    taken: dict[str, str] = {}
    for request in requests:
        other = taken.setdefault(request.path, request.method)
        if other != request.method:
            reason = f"{other} and {request.method} would both be rpc.{request.path}"
            yield Finding("overrides.toml", reason, "name one of them in [rpc_name]")


def _experimental_fields(definitions: dict[str, Schema], stable: dict[str, Schema]) -> Iterable[tuple[str, str]]:
    for name in definitions.keys() & stable.keys():
        for field in definitions[name].get("properties", {}).keys() - stable[name].get("properties", {}).keys():
            yield name, field


def _tags(schema: Schema) -> set[str]:
    """All values that a branch of a union fixes one of its properties to."""
    branches: list[Schema] = schema.get("oneOf", [])
    values: list[Any] = [value for branch in branches for value in branch.get("properties", {}).values()]
    return {value["enum"][0] for value in values if value is not True and len(value.get("enum", ())) == 1}
