"""What the runtime says of itself on ``initialize``, and whether its version will do."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ._generated._version import OLDEST_RUNTIME, RUNTIME_VERSION
from ._log import log
from .errors import ResponseValidationError, UnsupportedRuntimeError

__all__ = [
    "InitializeResponse",
    "ServerInfo",
    "VersionVerdict",
    "check_version",
    "judge_version",
    "read_metadata",
]

# "<client name>/<version> (<system>) ...": the client name may hold slashes and spaces itself.
_USER_AGENT = re.compile(r"/([^/\s]+)(?: \(|$)")
_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")


class ServerInfo(BaseModel):
    """Name and version of the runtime, as far as they are known."""

    name: str | None = None
    version: str | None = None


class InitializeResponse(BaseModel):
    """The runtime's answer to ``initialize``. Attributes are camelCase, as on the wire.

    Attributes:
        serverInfo: Name and version; read from ``userAgent`` where the runtime does not send them apart.
        userAgent: The user agent string that the runtime uses for its own requests.
        codexHome: The runtime's home directory.
        platformFamily: For example ``unix``.
        platformOs: For example ``linux``.
    """

    model_config = ConfigDict(extra="ignore")

    serverInfo: ServerInfo | None = None
    userAgent: str | None = None
    codexHome: str | None = None
    platformFamily: str | None = None
    platformOs: str | None = None


def read_metadata(raw: Any) -> InitializeResponse:
    """Read the answer to ``initialize``.

    Raises:
        ResponseValidationError: it is no object, or does not name the runtime's version.
    """
    try:
        metadata = InitializeResponse.model_validate(raw)
    except ValidationError:
        raise ResponseValidationError("initialize: the answer is of unknown shape; is this a Codex runtime?") from None
    info = metadata.serverInfo or ServerInfo()
    agent = metadata.userAgent or ""
    found = _USER_AGENT.search(agent)
    info.name = info.name or (agent[: found.start()] if found else None) or None
    info.version = info.version or (found[1] if found else None)
    if not agent or info.version is None:
        raise ResponseValidationError(
            f"initialize: no version in the runtime's user agent {agent!r}; is this a Codex runtime?"
        )
    metadata.serverInfo = info
    return metadata


@dataclass(frozen=True, slots=True)
class VersionVerdict:
    """How a runtime's version goes with this package.

    Attributes:
        fit: ``unsupported``: older than the oldest supported one. ``older``, ``same``, ``newer``: than the schema.
            ``unknown``: it cannot be compared.
        text: The same in words.
    """

    fit: Literal["unsupported", "older", "same", "newer", "unknown"]
    text: str


def judge_version(version: str) -> VersionVerdict:
    """Compare a runtime's version with the schema's. One of 0.0.0, or an unreadable one, is not compared."""
    runtime, schema, oldest = (_parse(each) for each in (version, RUNTIME_VERSION, OLDEST_RUNTIME))
    codex, made_for = f"codex {version}", f"schema {RUNTIME_VERSION}"
    if runtime is None or schema is None or oldest is None or runtime == (0, 0, 0):
        return VersionVerdict("unknown", f"{codex} cannot be compared with {made_for}")
    if runtime < oldest:
        return VersionVerdict(
            "unsupported", f"the runtime is {codex}, but this package needs {OLDEST_RUNTIME} or newer"
        )
    if runtime < schema:
        return VersionVerdict("older", f"{codex} is older than {made_for}: newer methods will be refused")
    if runtime > schema:
        return VersionVerdict("newer", f"{codex} is newer than {made_for}: what is new in it has no types")
    return VersionVerdict("same", f"{codex} is the version of the schema")


def check_version(info: ServerInfo | None) -> None:
    """Log what is to be known about the version of the runtime that was started.

    Raises:
        UnsupportedRuntimeError: it is older than the oldest supported one.
    """
    version = (info.version if info is not None else None) or ""
    verdict = judge_version(version)
    if verdict.fit == "unsupported":
        raise UnsupportedRuntimeError(
            f"{verdict.text}; install openai-codex-cli-bin=={RUNTIME_VERSION}, "
            "or point CodexConfig.codex_bin at a newer runtime",
            version=version,
        )
    if verdict.fit in ("older", "newer"):
        log(logging.WARNING if verdict.fit == "older" else logging.INFO, "%s", verdict.text)


def _parse(version: str) -> tuple[int, int, int] | None:
    found = _VERSION.match(version)
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))
