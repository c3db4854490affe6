"""What an approval request asks for, taken apart into subjects that rules can be held against one by one.

A request is allowed only if all of its subjects are, so whatever a request holds has to become a subject: what cannot
be understood becomes one that no condition of a rule covers. What this version does not even know, because the runtime
is newer, becomes one that nothing covers.

Paths are resolved here, when the request is decided. A path may mean two files: a link, which can be deleted or moved,
and the file that it leads to, which can be written. An allowed path has to be allowed in all of its meanings. A path
with ``..`` is not understood, for whoever follows the links in ``link/..`` ends elsewhere than whoever takes it out
first; the runtime, which takes it out, sends none. What is put there after the decision, nobody can judge here.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeAlias, cast

from pydantic import BaseModel

from ._approvals import (
    ApprovalRequest,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    PermissionsApprovalRequest,
    ToolApprovalRequest,
)
from ._command_line import plain_command
from ._generated import models as m
from ._model import OpenEnum, Unrecognized

__all__ = [
    "CommandSubject",
    "HostSubject",
    "ObscureSubject",
    "PathSubject",
    "Subject",
    "ToolSubject",
    "UnknownSubject",
    "folded",
    "host_name",
    "is_inside",
    "meanings",
    "subjects_of",
]


@dataclass(frozen=True, slots=True)
class CommandSubject:
    """A plain command that is to run.

    Attributes:
        argv: Its words.
        cwd: Every directory that its working directory can mean; empty where it is not understood.
        local: Whether it runs on the machine of the runtime.
        shown: How it is told.
    """

    argv: tuple[str, ...]
    cwd: tuple[str, ...]
    local: bool
    shown: str


@dataclass(frozen=True, slots=True)
class PathSubject:
    """A file that is to be changed, or a file or directory that is to be opened up.

    Attributes:
        meanings: Every file that it can mean; at least one.
        local: Whether it is on the machine of the runtime.
        shown: How it is told.
    """

    meanings: tuple[str, ...]
    local: bool
    shown: str


@dataclass(frozen=True, slots=True)
class HostSubject:
    """A host that is to be reached.

    Attributes:
        host: Its name, as ``host_name`` writes it; None for every host.
        shown: How it is told.
    """

    host: str | None
    shown: str


@dataclass(frozen=True, slots=True)
class ToolSubject:
    """A tool of an MCP server that is to be called.

    Attributes:
        server: Name of the server.
        tool: Name of the tool.
        shown: How it is told.
    """

    server: str
    tool: str
    shown: str


@dataclass(frozen=True, slots=True)
class ObscureSubject:
    """Something that is not understood. Only rules without conditions cover it."""

    shown: str


@dataclass(frozen=True, slots=True)
class UnknownSubject:
    """Something that came with a newer protocol. No rule covers it, since nobody could be shown what it is."""

    shown: str


Subject: TypeAlias = CommandSubject | PathSubject | HostSubject | ToolSubject | ObscureSubject | UnknownSubject


def subjects_of(request: ApprovalRequest) -> tuple[Subject, ...]:
    """Return everything that a request asks for; at least one subject."""
    found: Iterable[Subject] = ()
    if isinstance(request, CommandApprovalRequest):
        found = _of_command(request)
    elif isinstance(request, FileChangeApprovalRequest):
        found = _of_changes(request)
    elif isinstance(request, PermissionsApprovalRequest):
        found = _of_permissions(request.permissions, _is_local(request.environment_id))
    elif isinstance(request, ToolApprovalRequest):  # pyright: ignore[reportUnnecessaryIsInstance]
        found = [_tool(request)]
    return tuple(found) or (ObscureSubject(f"nothing in a {type(request).__name__}"),)


def _of_command(request: CommandApprovalRequest) -> Iterator[Subject]:
    local = _is_local(request.environment_id)
    network = request.network
    if network is None:
        yield _command(request, local)
    elif (host := host_name(network.host)) and network.protocol.is_known:
        yield HostSubject(host, f"network: {network.host} ({network.protocol.value})")
    else:
        yield ObscureSubject(f"network: {network.host!r} ({network.protocol.value})")
    if request.additional_permissions is not None:
        yield from _of_permissions(request.additional_permissions, local)
        known = request.additional_permissions.model_dump(mode="json", by_alias=True)
        if _has_more(request.raw.get("additionalPermissions"), known):  # it would be granted with the rest
            yield UnknownSubject("permissions with something that this version does not know")


def _command(request: CommandApprovalRequest, local: bool) -> Subject:
    params = request.params
    if isinstance(params, m.CommandExecutionRequestApprovalParams):
        if params.kind is not m.CommandExecutionApprovalKind.command:
            return ObscureSubject(f"input of a running command ({params.kind.value}): {request.command}")
        if params.approval_id is not None:
            # A script of the model's runs it, in an environment that the script has made: PATH may lead anywhere.
            return ObscureSubject(f"command within a script: {request.command}")
    argv = None if request.command is None else plain_command(request.command)
    if argv is None:
        return ObscureSubject(f"command that is not plain: {request.command}")
    cwd = () if request.cwd is None else meanings(request.cwd, itself=False)
    return CommandSubject(argv, cwd, local, f"command: {request.command} (in {request.cwd})")


def _of_changes(request: FileChangeApprovalRequest) -> Iterator[Subject]:
    if request.changes is None:
        yield ObscureSubject("file changes that are not told")
    for change in request.changes or ():
        yield _change(change.path, f"{change.kind.type} file")
        if isinstance(change.kind, m.UpdatePatchChangeKind):
            if change.kind.move_path is not None:
                yield _change(change.kind.move_path, "move to file")
        elif not isinstance(change.kind, (m.AddPatchChangeKind, m.DeletePatchChangeKind)):
            yield ObscureSubject(f"change of an unknown kind: {change.path}")
    if request.grant_root is not None:
        yield _grant(request.grant_root, "writable root")


def _of_permissions(
    profile: m.AdditionalPermissionProfile | m.RequestPermissionProfile, local: bool
) -> Iterator[Subject]:
    if _holds_unknown(profile):
        yield UnknownSubject("permissions of a kind that this version does not know")
    network, files = profile.network, profile.file_system
    if network is not None and network.enabled:
        yield HostSubject(None, "network: any host")
    elif network is not None and network.enabled is None:
        yield ObscureSubject("network access that is not told")
    asked: list[Subject] = []
    if files is not None:
        asked += [_grant(path, "read path", local) for path in files.read or ()]
        asked += [_grant(path, "write path", local) for path in files.write or ()]
        asked += [_entry(entry, local) for entry in files.entries or ()]
        asked = asked or [ObscureSubject("access to files that is not told")]
    yield from asked
    if network is None and files is None:
        yield ObscureSubject("permissions that are not told")


def _entry(entry: m.FileSystemSandboxEntry, local: bool) -> Subject:
    if isinstance(entry.path, m.PathFileSystemPath):
        return _grant(entry.path.path, f"{entry.access.value} path", local)
    return ObscureSubject(f"{entry.access.value} {entry.path.model_dump(mode='json')}")


def _tool(request: ToolApprovalRequest) -> Subject:
    item = request.item
    elsewhere = isinstance(item, m.McpToolCallThreadItem) and item.server != request.server
    if request.tool is None or elsewhere:
        return ObscureSubject(f"tool that is not told, of {request.server}: {request.message}")
    return ToolSubject(request.server, request.tool, f"tool: {request.server}/{request.tool}")


def _change(path: str, what: str) -> Subject:
    return _path(path, meanings(path), what, local=True)


def _grant(path: str, what: str, local: bool = True) -> Subject:
    return _path(path, meanings(path, itself=False), what, local)


def _path(path: str, found: tuple[str, ...], what: str, local: bool) -> Subject:
    return PathSubject(found, local, f"{what}: {path}") if found else ObscureSubject(f"{what}: {path!r}")


def _is_local(environment_id: str | None) -> bool:
    return environment_id in (None, "local")


def _holds_unknown(value: Any) -> bool:
    """Whether there is anything in a model, at any depth, that the schema of this version does not have."""
    if isinstance(value, OpenEnum):
        return not value.is_known
    if isinstance(value, list):
        return any(_holds_unknown(each) for each in cast("list[object]", value))
    if not isinstance(value, BaseModel):
        return False
    own = isinstance(value, Unrecognized) or bool(value.model_extra)
    return own or any(_holds_unknown(each) for each in vars(value).values())


def _has_more(raw: Any, known: Any) -> bool:
    """Whether JSON has members, at any depth, that are not in what was read of it."""
    if isinstance(raw, dict) and isinstance(known, dict):
        members, read = cast("dict[str, Any]", raw), cast("dict[str, Any]", known)
        return any(name not in read or _has_more(value, read[name]) for name, value in members.items())
    if isinstance(raw, list) and isinstance(known, list):
        values: list[Any] = [*raw]
        reads: list[Any] = [*known]
        return any(map(_has_more, values, reads))
    return False


def host_name(host: str) -> str | None:
    """Return a host in the one form in which hosts are compared; None for what is no name of a single host."""
    name = host.removesuffix(".").lower()
    return name if host.isascii() and name and name.isprintable() and not set(name) & set("*/ ") else None


def meanings(path: str, *, itself: bool = True) -> tuple[str, ...]:
    """Return every file that an absolute path can mean, resolved.

    Args:
        path: The path.
        itself: Whether a link may be meant, and not only what it leads to.

    Returns:
        Paths without links; empty where the path is relative, has ``..``, or cannot be followed to its end.
    """
    plain = PurePath(path)
    # What was not UTF-8 reaches us with the replacement character, and is the name of another file.
    if not os.path.isabs(path) or ".." in plain.parts or "\ufffd" in path:
        return ()
    real, folder = _real(path), _real(str(plain.parent))
    if real is None or folder is None:
        return ()
    return tuple({real: None, os.path.join(folder, plain.name): None}) if itself else (real,)


def _real(path: str) -> str | None:
    """The path without links; None where something is in the way of finding out."""
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        return None
    try:
        return real if os.path.realpath(real, strict=True) == real else None
    except FileNotFoundError:
        return real  # what is missing is no link
    except OSError:
        return None  # a directory that cannot be searched may have links in it


def is_inside(path: str, root: str) -> bool:
    """Whether a resolved path is a resolved directory, or below it."""
    parts, above = (PurePath(os.path.normcase(each)).parts for each in (path, root))
    return parts[: len(above)] == above


def folded(path: str) -> str:
    """Return a path as file systems compare it that do not tell upper and lower case apart."""
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", path).casefold())
