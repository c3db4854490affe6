"""What rules cover, which verdict wins, and what is recorded. Files are real ones, with links that lead out."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
import stat
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from openai_codex import (
    Approval,
    ApprovalPolicy,
    ApprovalRequest,
    ApprovalRule,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    PermissionsApprovalRequest,
    PolicyDecision,
    ToolApprovalRequest,
)
from openai_codex._generated import models as m

allow, deny, ask = ApprovalRule.allow, ApprovalRule.deny, ApprovalRule.ask


# Requests


def line(text: str, **fields: Any) -> CommandApprovalRequest:
    """A request for a command as the runtime shows it."""
    given: dict[str, Any] = {"thread_id": "t", "command": text, "cwd": "/srv/app", **fields}
    return CommandApprovalRequest(**given)


def script(text: str, **fields: Any) -> CommandApprovalRequest:
    return line(shlex.join(["/bin/bash", "-lc", text]), **fields)


def params(**fields: Any) -> m.CommandExecutionRequestApprovalParams:
    common = {"itemId": "i", "threadId": "t", "turnId": "u", "startedAtMs": 0}
    return m.CommandExecutionRequestApprovalParams.model_validate({**common, **fields})


def host(name: str, protocol: str = "https", **fields: Any) -> CommandApprovalRequest:
    network = m.NetworkApprovalContext.model_validate({"host": name, "protocol": protocol})
    return script("git status", network=network, **fields)


def change(path: object, kind: str = "add", **more: Any) -> m.FileUpdateChange:
    return m.FileUpdateChange.model_validate({"diff": "", "path": str(path), "kind": {"type": kind, **more}})


def changes(*all_of_them: m.FileUpdateChange, root: object = None) -> FileChangeApprovalRequest:
    grant_root = None if root is None else str(root)
    return FileChangeApprovalRequest(thread_id="t", changes=all_of_them, grant_root=grant_root)


def permissions(environment_id: str | None = None, **profile: Any) -> PermissionsApprovalRequest:
    asked = m.RequestPermissionProfile.model_validate(profile)
    return PermissionsApprovalRequest(thread_id="t", permissions=asked, environment_id=environment_id)


def files(*entries: Any, **legacy: Any) -> PermissionsApprovalRequest:
    return permissions(fileSystem={"entries": list(entries) or None, **legacy})


def entry(path: object, access: str = "write") -> dict[str, Any]:
    return {"access": access, "path": {"type": "path", "path": str(path)}}


def with_permissions(**profile: Any) -> CommandApprovalRequest:
    return script("git status", additional_permissions=m.AdditionalPermissionProfile.model_validate(profile))


def tool(server: str, name: str | None, **fields: Any) -> ToolApprovalRequest:
    return ToolApprovalRequest(thread_id="t", server=server, tool=name, **fields)


def nobody(request: ApprovalRequest) -> bool:
    raise AssertionError("nobody is to be asked")


def verdict(rules: Sequence[ApprovalRule], request: ApprovalRequest) -> str:
    """Which verdict a policy gives, checked against the answer."""
    policy = ApprovalPolicy(rules, ask=lambda request: Approval.cancel())
    answer = policy(request)
    (decision,) = policy.decisions
    answers = {"allow": Approval.accept(), "deny": Approval.decline(), "ask": Approval.cancel()}
    assert answer == answers[decision.verdict]
    return decision.verdict


# Commands

GIT_STATUS = allow(command=["git", "status"])
GRADLEW = allow(command=["./gradlew", "test"], cwd="/srv/app")
HERE = allow(command=["make"], cwd="/srv/app")
CAREFUL = [deny(command=["git", "push"]), allow(command=["git"]), ask()]

COMMANDS: list[tuple[list[ApprovalRule], ApprovalRequest, str]] = [
    ([], script("git status"), "deny"),
    ([GIT_STATUS], script("git status"), "allow"),
    ([GIT_STATUS], script("git status -s 'a b'"), "allow"),
    ([GIT_STATUS], script("'git' st\"at\"us"), "allow"),
    ([GIT_STATUS], line("git status"), "allow"),
    ([GIT_STATUS], script("git"), "deny"),
    ([GIT_STATUS], script("gitx status"), "deny"),
    ([GIT_STATUS], script("git statusx"), "deny"),
    ([GIT_STATUS], script("/usr/bin/git status"), "deny"),
    ([GIT_STATUS], script("Git status"), "deny"),
    ([GIT_STATUS], script("git -C / status"), "deny"),
    ([GIT_STATUS], script("git 'status -s'"), "deny"),
    ([GIT_STATUS], script("git status; ls"), "deny"),
    ([GIT_STATUS], script("git status > x"), "deny"),
    ([GIT_STATUS], script("PATH=. git status"), "deny"),
    ([GIT_STATUS], script("bash -c 'git status'"), "deny"),
    ([GIT_STATUS], line("/srv/app/bash -lc 'git status'"), "deny"),
    ([GIT_STATUS], line("<command included NUL byte>"), "deny"),
    ([GIT_STATUS], CommandApprovalRequest(thread_id="t"), "deny"),
    ([allow(command=["/bin/bash"])], script("ls; ls"), "deny"),
    ([allow(paths=["/srv"]), allow(network=True), allow(tools=["a/*"])], script("git status"), "deny"),
    # The first rule that covers it decides.
    (CAREFUL, script("git push"), "deny"),
    (CAREFUL, script("'git' \"push\" origin"), "deny"),
    (CAREFUL, script("git pull"), "allow"),
    (CAREFUL, script("ls"), "ask"),
    ([allow(command=["git"]), deny(command=["git", "push"])], script("git push"), "allow"),
    ([ask(command=["git"]), allow(command=["git"])], script("git push"), "ask"),
    ([deny(), allow(command=["git"])], script("git push"), "deny"),
    # What is not plain is covered by rules without conditions alone.
    (CAREFUL, script("git push; ls"), "ask"),
    ([ask(command=["git", "push"])], script("git push; ls"), "deny"),
    ([deny(command=["git", "push"]), ask()], script("git push && ls"), "ask"),
    # Working directories.
    ([GRADLEW], script("./gradlew test -x"), "allow"),
    ([GRADLEW], script("./gradlew test", cwd="/srv/app/"), "allow"),
    ([GRADLEW], script("./gradlew test", cwd="/srv/app/sub"), "deny"),
    ([GRADLEW], script("./gradlew test", cwd="/srv"), "deny"),
    ([GRADLEW], script("./gradlew test", cwd=None), "deny"),
    ([GRADLEW], script("./gradlew test", cwd="app"), "deny"),
    ([GRADLEW], script("././gradlew test"), "deny"),
    ([HERE], script("make all", cwd="/srv/app/sub"), "allow"),
    ([HERE], script("make all", cwd="/srv/app/./sub//"), "allow"),
    ([HERE], script("make all", cwd="/srv/app/.."), "deny"),
    ([HERE], script("make all", cwd="/srv/app2"), "deny"),
    ([HERE], script("make all", cwd=None), "deny"),
    ([deny(command=["make"], cwd="/srv/app"), allow(command=["make"])], script("make", cwd="/srv/APP/sub"), "deny"),
    ([deny(command=["make"], cwd="/srv/app"), allow(command=["make"])], script("make", cwd=None), "deny"),
    ([deny(command=["make"], cwd="/srv/app"), allow(command=["make"])], script("make", cwd="/srv"), "allow"),
    # Elsewhere, and in ways that the line does not show.
    ([GIT_STATUS], script("git status", environment_id="local"), "allow"),
    ([GIT_STATUS], script("git status", environment_id="remote"), "deny"),
    ([GIT_STATUS], script("git status", environment_id=""), "deny"),
    ([deny(command=["git"]), ask()], script("git status", environment_id="remote"), "deny"),
    ([GIT_STATUS], script("git status", params=params()), "allow"),
    ([GIT_STATUS], script("git status", params=params(kind="writeStdin")), "deny"),
    ([GIT_STATUS], script("git status", params=params(kind="from the future")), "deny"),
    ([GIT_STATUS], script("git status", params=params(approvalId="a")), "deny"),
    ([GIT_STATUS, ask()], script("git status", params=params(approvalId="a")), "ask"),
]

# Network

PYPI = allow(network=["pypi.org"])
ANY_HOST = allow(network=True)
ALL_HOSTS = permissions(network={"enabled": True})

NETWORK: list[tuple[list[ApprovalRule], ApprovalRequest, str]] = [
    ([PYPI], host("pypi.org"), "allow"),
    ([PYPI], host("PyPI.org."), "allow"),
    ([allow(network=["PyPI.org."])], host("pypi.org"), "allow"),
    ([PYPI], host("pypi.org", "socks5Udp"), "allow"),
    ([PYPI], host("pypi.org", "from the future"), "deny"),
    ([PYPI], host("evil-pypi.org"), "deny"),
    ([PYPI], host("x.pypi.org"), "deny"),
    ([PYPI], host("pypi.org.evil.test"), "deny"),
    ([PYPI], host("pypi.org.."), "deny"),
    ([PYPI], host(" pypi.org"), "deny"),
    ([PYPI], host("pypi.org\0"), "deny"),
    ([allow(network=["kiwi.org"])], host("\N{KELVIN SIGN}iwi.org"), "deny"),
    ([ANY_HOST], host("pypi.org"), "allow"),
    ([ANY_HOST], host(""), "deny"),
    ([ANY_HOST], host("*"), "deny"),
    ([GIT_STATUS], host("pypi.org"), "deny"),
    ([deny(command=["git"]), PYPI], host("pypi.org"), "allow"),
    ([deny(network=["pypi.org"]), ANY_HOST], host("PYPI.ORG"), "deny"),
    ([deny(network=["pypi.org"]), ANY_HOST], host("python.org"), "allow"),
    ([PYPI], ALL_HOSTS, "deny"),
    ([ANY_HOST], ALL_HOSTS, "allow"),
    ([deny(network=["pypi.org"]), ANY_HOST], ALL_HOSTS, "deny"),
    ([ask(network=["pypi.org"]), ANY_HOST], ALL_HOSTS, "ask"),
    ([deny(command=["git"]), ANY_HOST], ALL_HOSTS, "allow"),
    ([ANY_HOST], permissions(network={"enabled": False}), "deny"),
    ([ANY_HOST], permissions(network={}), "deny"),
    ([ANY_HOST, ask()], permissions(network={}), "ask"),
    ([PYPI, allow(paths=["/srv"])], permissions(), "deny"),
]

# Tools

TOOLS_RULE = allow(tools=["github/get_issue", "docs/*"])
OTHER_CALL = m.McpToolCallThreadItem.model_validate(
    {"type": "mcpToolCall", "id": "i", "server": "docs", "tool": "x", "status": "inProgress", "arguments": {}}
)

TOOLS: list[tuple[list[ApprovalRule], ApprovalRequest, str]] = [
    ([TOOLS_RULE], tool("github", "get_issue"), "allow"),
    ([TOOLS_RULE], tool("github", "get_issues"), "deny"),
    ([TOOLS_RULE], tool("github", "GET_ISSUE"), "deny"),
    ([TOOLS_RULE], tool("github2", "get_issue"), "deny"),
    ([TOOLS_RULE], tool("docs", "search"), "allow"),
    ([TOOLS_RULE], tool("docs", "a/b"), "allow"),
    ([TOOLS_RULE], tool("docs/x", "search"), "deny"),
    ([allow(tools=["a/b/c"])], tool("a/b", "c"), "deny"),
    ([allow(tools=["a/b/c"])], tool("a", "b/c"), "allow"),
    ([TOOLS_RULE], tool("docs", None), "deny"),
    ([TOOLS_RULE, ask()], tool("docs", None), "ask"),
    ([TOOLS_RULE], tool("docs", "x", item=OTHER_CALL), "allow"),
    ([TOOLS_RULE], tool("github", "get_issue", item=OTHER_CALL), "deny"),
    ([deny(tools=["docs/drop"]), TOOLS_RULE], tool("docs", "drop"), "deny"),
]

# Permissions

SRC = allow(paths=["/srv/app/src"])
GLOB = {"access": "read", "path": {"type": "glob_pattern", "pattern": "/srv/app/src/*"}}
SPECIAL = {"access": "read", "path": {"type": "special", "value": {"kind": "project_roots", "subpath": "src"}}}
NEW_PATH = {"access": "read", "path": {"type": "from the future", "path": "/srv/app/src"}}
NEW_SPECIAL = {"access": "read", "path": {"type": "special", "value": {"kind": "from the future"}}}
EVERYTHING = [allow(paths=["/"], network=True), ask()]

ALL_NETWORK = m.AdditionalPermissionProfile.model_validate({"network": {"enabled": True}})

PERMISSIONS: list[tuple[list[ApprovalRule], ApprovalRequest, str]] = [
    ([SRC], files(entry("/srv/app/src")), "allow"),
    ([SRC], files(entry("/srv/app/src/a", "read"), entry("/srv/app/src/b", "deny")), "allow"),
    ([SRC], files(entry("/srv/app/src"), entry("/srv/app")), "deny"),
    ([SRC], files(read=["/srv/app/src/a"], write=["/srv/app/src/b"]), "allow"),
    ([SRC], files(read=["/srv/app/src/a"], write=["/srv/app/b"]), "deny"),
    ([SRC], files(read=["/srv/app/a"], write=["/srv/app/src/b"]), "deny"),
    ([SRC], files(read=["src"]), "deny"),
    ([SRC], files(entry("/srv/app/src"), write=["/srv"]), "deny"),
    ([SRC], files(), "deny"),
    ([SRC], permissions(fileSystem={"entries": [entry("/srv/app/src")]}, network={"enabled": True}), "deny"),
    ([SRC, ANY_HOST], permissions(fileSystem={"entries": [entry("/srv/app/src")]}, network={"enabled": True}), "allow"),
    ([SRC], permissions("remote", fileSystem={"entries": [entry("/srv/app/src")]}), "deny"),
    ([SRC], permissions("local", fileSystem={"entries": [entry("/srv/app/src")]}), "allow"),
    ([SRC], files(GLOB), "deny"),
    ([SRC], files(SPECIAL), "deny"),
    (EVERYTHING, files(GLOB), "ask"),
    (EVERYTHING, files(SPECIAL), "ask"),
    (EVERYTHING, files(NEW_PATH), "deny"),
    (EVERYTHING, files(NEW_SPECIAL), "deny"),
    (EVERYTHING, files(entry("/srv/app/src", "from the future")), "deny"),
    # Directories that contain what must not be given away.
    ([deny(paths=["/srv/app/secret"]), allow(paths=["/srv"])], files(entry("/srv/app")), "deny"),
    ([ask(paths=["/srv/app/secret"]), allow(paths=["/srv"])], files(entry("/srv/app")), "ask"),
    ([deny(paths=["/srv/app/secret"]), allow(paths=["/srv"])], files(entry("/srv/app/src")), "allow"),
    ([deny(paths=["/srv/app/secret"]), allow(paths=["/srv"])], files(entry("/srv/app/SECRET")), "deny"),
    ([deny(paths=["/srv/app/secret"]), ask()], permissions("remote", fileSystem={"read": ["/srv/app/secret"]}), "deny"),
    # Besides a command.
    ([GIT_STATUS], with_permissions(), "deny"),
    ([GIT_STATUS], with_permissions(network={}), "deny"),
    ([GIT_STATUS], with_permissions(network={"enabled": False}), "allow"),
    ([GIT_STATUS, SRC], with_permissions(fileSystem={}), "deny"),
    ([GIT_STATUS], with_permissions(network={"enabled": True}), "deny"),
    ([GIT_STATUS, ANY_HOST], with_permissions(network={"enabled": True}), "allow"),
    ([ANY_HOST], with_permissions(network={"enabled": True}), "deny"),
    ([GIT_STATUS], with_permissions(fileSystem={"write": ["/srv/app/src"]}), "deny"),
    ([GIT_STATUS, SRC], with_permissions(fileSystem={"write": ["/srv/app/src"]}), "allow"),
    ([GIT_STATUS, ask()], with_permissions(fileSystem={"entries": [NEW_PATH]}), "deny"),
    ([PYPI], host("pypi.org", additional_permissions=ALL_NETWORK), "deny"),
]


@pytest.mark.parametrize(("rules", "request_", "expected"), [*COMMANDS, *NETWORK, *TOOLS, *PERMISSIONS])
def test_verdict(rules: list[ApprovalRule], request_: ApprovalRequest, expected: str) -> None:
    assert verdict(rules, request_) == expected


def test_fields_that_a_model_keeps_without_knowing_them_are_denied() -> None:
    class Newer(m.AdditionalNetworkPermissions, extra="allow"):
        pass

    profile = m.RequestPermissionProfile()
    profile.network = Newer.model_validate({"enabled": True, "listen": True})
    assert verdict(EVERYTHING, PermissionsApprovalRequest(thread_id="t", permissions=profile)) == "deny"


# Paths


def tree_in(folder: Path) -> Path:
    """Make ``base``, which may be changed, ``outside``, which may not, and links that lead from one to the other."""
    for name in ("base/sub", "base2", "outside/sub"):
        (folder / name).mkdir(parents=True)
    for name in ("base/file", "base/sub/file", "base2/file", "outside/file", "outside/sub/file"):
        (folder / name).write_text(name)
    links = {
        "link": "base",
        "outside/in": "../base",
        "outside/infile": "../base/file",
        "base/self": ".",
        "base/loop": "loop",
        "base/out": "../outside",
        "base/outsub": "../outside/sub",
        "base/outfile": "../outside/file",
        "base/dangling": "../outside/new",
        "base/within": "sub",
    }
    for name, target in links.items():
        (folder / name).symlink_to(target)
    return folder


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return tree_in(tmp_path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("base/file", "allow"),
        ("base/new", "allow"),
        ("base/new/deep/er", "allow"),
        ("base", "allow"),
        ("base/", "allow"),
        ("base//sub/./file", "allow"),
        ("base/sub/../file", "deny"),
        ("base/within/file", "allow"),
        ("base/self/self/new", "allow"),
        ("link/file", "allow"),
        ("outside/in/new", "allow"),
        ("base/outfile", "deny"),
        ("base/out/file", "deny"),
        ("base/out", "deny"),
        ("base/out/new", "deny"),
        ("base/dangling", "deny"),
        ("base/loop", "deny"),
        ("base/loop/x", "deny"),
        ("base/file/x", "deny"),
        ("base/..", "deny"),
        ("base/../outside/file", "deny"),
        ("base/sub/../../base2/file", "deny"),
        ("base/new/../../outside/file", "deny"),
        # Where these lead depends on whether links are followed first or ``..`` is taken out first.
        ("outside/in/../base/new", "deny"),
        ("base/outsub/../new", "deny"),
        ("base/out/../base/file", "deny"),
        # The link is outside, whatever it leads to: deleting it deletes something outside.
        ("outside/infile", "deny"),
        ("base2/file", "deny"),
        ("basex", "deny"),
        ("BASE/file", "deny"),
        ("outside/file", "deny"),
        ("", "deny"),
    ],
)
def test_file_is_in_the_root_or_it_is_not(tree: Path, path: str, expected: str) -> None:
    for root in (tree / "base", tree / "link", f"{tree}//./base/"):
        assert verdict([allow(paths=[root])], changes(change(f"{tree}/{path}"))) == expected


@pytest.mark.parametrize("path", ["file", "./file", "../base", "~/file", "", "/a\0", "/a\ufffd", "/\ud800", "/a/../b"])
def test_path_that_is_not_understood_is_not_allowed(path: str) -> None:
    assert verdict([allow(paths=["/"])], changes(change(path))) == "deny"
    assert verdict([allow(paths=["/"]), ask()], changes(change(path))) == "ask"


def test_every_change_and_both_ends_of_a_move_are_judged(tree: Path) -> None:
    within, without = tree / "base/file", tree / "outside/file"
    rules = [allow(paths=[tree / "base"]), ask()]
    assert verdict(rules, changes(change(within), change(tree / "base/b", "delete"))) == "allow"
    assert verdict(rules, changes(change(within), change(without))) == "ask"
    assert verdict(rules, changes(change(within, "update"))) == "allow"
    assert verdict(rules, changes(change(within, "update", move_path=str(tree / "base/b")))) == "allow"
    assert verdict(rules, changes(change(within, "update", move_path=str(without)))) == "ask"
    assert verdict(rules, changes(change(without, "update", move_path=str(within)))) == "ask"
    assert verdict(rules, changes(change(within, "from the future"))) == "ask"
    assert verdict(rules, changes(change(within), root=tree / "base")) == "allow"
    assert verdict(rules, changes(change(within), root=tree)) == "ask"
    assert verdict(rules, changes()) == "ask"
    unknown = FileChangeApprovalRequest(thread_id="t", grant_root=str(tree / "base"))
    assert verdict(rules, unknown) == "ask"
    assert verdict(rules[:1], unknown) == "deny"


def test_several_roots_make_one_permission(tree: Path) -> None:
    rule = allow(paths=[tree / "base", tree / "base2"])
    assert verdict([rule], changes(change(tree / "base/a"), change(tree / "base2/a"))) == "allow"
    assert verdict([rule], changes(change(tree / "outside/in/new"), change(tree / "outside/a"))) == "deny"


def test_file_as_root_is_that_file_alone(tree: Path) -> None:
    rules = [allow(paths=[tree / "base/file"])]
    assert verdict(rules, changes(change(tree / "base/file"))) == "allow"
    assert verdict(rules, changes(change(tree / "base/file2"))) == "deny"
    rules = [allow(paths=[tree / "outside/infile"])]
    assert verdict(rules, changes(change(tree / "outside/infile"))) == "allow"
    assert verdict(rules, changes(change(tree / "outside/file"))) == "deny"


def test_link_that_takes_the_place_of_a_root_widens_nothing(tree: Path) -> None:
    rules = [allow(paths=[tree / "base"]), allow(paths=[tree / "link"]), allow(paths=[tree / "later"])]
    policy = ApprovalPolicy([*rules, allow(command=["make"], cwd=tree / "later")])
    shutil.rmtree(tree / "base")
    (tree / "link").unlink()
    for name in ("base", "link", "later"):
        (tree / name).symlink_to("outside")
        assert policy(changes(change(tree / name / "file"))) == Approval.decline()
    assert policy(script("make", cwd=str(tree / "later"))) == Approval.decline()


def test_denied_root_is_where_it_was_and_where_it_is(tree: Path) -> None:
    narrow, wide = deny(command=["make"], cwd=tree / "link"), allow(command=["make"])
    policy = ApprovalPolicy([deny(paths=[tree / "link"]), allow(paths=[tree]), narrow, wide])
    (tree / "link").unlink()
    (tree / "link").symlink_to("outside")
    for name in ("base/new", "outside/new", "link/new", "link"):
        assert policy(changes(change(tree / name))) == Approval.decline()
    assert policy(changes(change(tree / "base2/new"))) == Approval.accept()
    for name in ("base", "outside", "link"):
        assert policy(script("make", cwd=str(tree / name))) == Approval.decline()
    assert policy(script("make", cwd=str(tree))) == Approval.accept()


def test_denied_root_is_not_reached_through_links(tree: Path) -> None:
    rules = [deny(paths=[tree / "outside"]), allow(paths=[tree])]
    for name in ("base/out/new", "base/outfile", "base/dangling", "outside/infile", "base/../outside/x"):
        assert verdict(rules, changes(change(tree / name))) == "deny"


def test_working_directory_is_where_links_lead(tree: Path) -> None:
    rules = [allow(command=["make"], cwd=tree / "link"), allow(command=["./run"], cwd=tree / "link")]
    assert verdict(rules, script("make", cwd=str(tree / "base/sub"))) == "allow"
    assert verdict(rules, script("make", cwd=str(tree / "base/out"))) == "deny"
    assert verdict(rules, script("make", cwd=str(tree / "outside/in"))) == "allow"
    assert verdict(rules, script("make", cwd=f"{tree}/base/outsub/..")) == "deny"
    assert verdict(rules, script("./run", cwd=str(tree / "link"))) == "allow"
    assert verdict(rules, script("./run", cwd=str(tree / "base/self"))) == "allow"
    assert verdict(rules, script("./run", cwd=str(tree / "base/sub"))) == "deny"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may search every directory")
def test_directory_that_cannot_be_searched_hides_no_link(tree: Path) -> None:
    (tree / "base/sub/out").symlink_to(tree / "outside")
    (tree / "base/sub").chmod(0)
    try:
        assert verdict([allow(paths=[tree / "base"])], changes(change(tree / "base/sub/out/file"))) == "deny"
    finally:
        (tree / "base/sub").chmod(0o755)


def test_failure_to_resolve_is_no_permission(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = ApprovalPolicy([allow(paths=[tree / "base"])])
    real = os.path.realpath

    def realpath(path: Any, *, strict: bool = False) -> Any:
        if strict:
            raise PermissionError(path)
        return real(path)

    monkeypatch.setattr(os.path, "realpath", realpath)
    assert policy(changes(change(tree / "base/file"))) == Approval.decline()


PARTS = ("base", "base2", "outside", "link", "in", "infile", "self", "loop", "out", "outsub", "outfile", "dangling")
PIECES = st.lists(st.sampled_from([*PARTS, "within", "sub", "file", "new", "..", "..", ".", "", "BASE"]), max_size=7)


def snapshot(folder: Path) -> dict[str, str]:
    """Everything outside of ``base``: names, contents, and where links lead."""
    return {
        str(each): os.readlink(each) if each.is_symlink() else "" if each.is_dir() else each.read_text()
        for each in sorted(folder.rglob("*"))
        if each.relative_to(folder).parts[0] != "base"
    }


def attempt(action: Callable[[], object]) -> None:
    with suppress(OSError):
        action()


@settings(max_examples=600, deadline=None)
@given(pieces=PIECES, first=st.sampled_from(["base", "link", "outside/in", "outside", "base/out", ""]))
def test_whatever_is_done_to_an_allowed_path_changes_nothing_outside(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str], first: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "tricks"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    tree_in(folder)
    path = "/".join([str(folder), first, *pieces])
    if verdict([allow(paths=[folder / "base"])], changes(change(path))) != "allow":
        return
    before = snapshot(folder)
    for spelled in (path, os.path.normpath(path)):  # the runtime takes ``..`` out of paths
        attempt(lambda spelled=spelled: os.makedirs(os.path.dirname(spelled)))  # type: ignore[misc]
        attempt(lambda spelled=spelled: Path(spelled).write_text("changed"))  # type: ignore[misc]
        attempt(lambda spelled=spelled: os.remove(spelled))  # type: ignore[misc]
    assert snapshot(folder) == before


# Strictness


def rule_about(make: Callable[..., ApprovalRule], paths: list[str]) -> ApprovalRule:
    return make(paths=paths)


SOME_RULES = st.lists(
    st.builds(
        rule_about,
        st.sampled_from([allow, deny, ask]),
        st.lists(st.sampled_from(["/srv", "/srv/a", "/srv/a/b", "/srv/ab", "/opt"]), min_size=1, max_size=2),
    ),
    max_size=4,
)
SOME_CHANGES = st.lists(
    st.builds(
        change,
        st.sampled_from(["/srv/a", "/srv/a/b/c", "/srv/ab", "/opt/x", "/", "relative"]),
        st.sampled_from(["add", "delete", "update", "from the future"]),
    ),
    min_size=1,
    max_size=4,
)
ORDER = ("allow", "ask", "deny")


@settings(max_examples=300, deadline=None)
@given(rules=SOME_RULES, asked=SOME_CHANGES, more=SOME_CHANGES, last=st.sampled_from([[], [ask()], [deny()]]))
def test_asking_for_more_makes_no_verdict_weaker(
    rules: list[ApprovalRule], asked: list[m.FileUpdateChange], more: list[m.FileUpdateChange], last: list[ApprovalRule]
) -> None:
    few, many = (verdict([*rules, *last], changes(*each)) for each in (asked, [*asked, *more]))
    assert ORDER.index(many) >= ORDER.index(few)
    alone = [verdict([*rules, *last], changes(each)) for each in asked]
    assert few == max(alone, key=ORDER.index)


# The next handler


def answered(result: Any) -> Any:
    return ApprovalPolicy([ask()], ask=lambda request: result)(script("ls"))


def test_next_handler_gets_the_request_and_gives_the_answer() -> None:
    request, seen = script("ls"), list[ApprovalRequest]()

    def handler(request: ApprovalRequest) -> Approval:
        seen.append(request)
        return Approval.accept_with_rule(["ls"])

    policy = ApprovalPolicy([ask()], ask=handler)
    assert policy(request) == Approval.accept_with_rule(["ls"])
    assert seen == [request]
    (decision,) = policy.decisions
    assert (decision.verdict, decision.approval, decision.asked) == ("ask", "accept_with_rule", True)
    assert answered(True) == Approval.accept()
    assert answered(False) == Approval.decline()


@pytest.mark.parametrize("wrong", [None, 1, "accept", "", object, [True]])
def test_answer_that_is_none_is_refused(wrong: Any) -> None:
    policy = ApprovalPolicy([ask()], ask=lambda request: wrong)
    with pytest.raises(TypeError, match=f"returned {type(wrong).__name__}; it takes an Approval, or True or False"):
        policy(script("ls"))
    (decision,) = policy.decisions
    assert (decision.verdict, decision.approval, decision.error) == ("ask", "decline", "TypeError")


def test_handler_that_raises_is_a_refusal_on_record() -> None:
    def handler(request: ApprovalRequest) -> bool:
        raise LookupError("no")

    policy = ApprovalPolicy([ask()], ask=handler)
    with pytest.raises(LookupError, match="no"):
        policy(script("ls"))
    (decision,) = policy.decisions
    assert (decision.approval, decision.error) == ("decline", "LookupError")


def test_nobody_is_asked_about_what_rules_decide() -> None:
    policy = ApprovalPolicy([GIT_STATUS, ask(command=["ls"])], ask=nobody)
    assert policy(script("git status")) == Approval.accept()
    assert policy(script("rm")) == Approval.decline()
    assert [decision.asked for decision in policy.decisions] == [False, False]


def test_asynchronous_handler_is_awaited_and_then_recorded() -> None:
    async def handler(request: ApprovalRequest) -> Any:
        await asyncio.sleep(0)
        if request.command == "ls":
            return True
        if request.command == "rm":
            raise LookupError("no")
        return "what?"

    policy = ApprovalPolicy([ask(), deny()], ask=handler)
    outer = ApprovalPolicy([GIT_STATUS, ask()], ask=policy)

    async def main() -> None:
        answer: Any = outer(line("ls"))
        assert not policy.decisions and not outer.decisions
        assert await answer == Approval.accept()
        assert [each.approval for each in (*policy.decisions, *outer.decisions)] == ["accept", "accept"]
        for command, error in (("rm", LookupError), ("dd", TypeError)):
            answer = outer(line(command))
            with pytest.raises(error):
                await answer
            assert (outer.decisions[-1].approval, outer.decisions[-1].error) == ("decline", error.__name__)
        assert outer(script("git status")) == Approval.accept()

    asyncio.run(main())


def test_cancelled_question_is_a_refusal_on_record() -> None:
    async def handler(request: ApprovalRequest) -> bool:
        await asyncio.sleep(60)
        return True

    async def main() -> None:
        policy = ApprovalPolicy([ask()], ask=handler)
        answer: Any = policy(script("ls"))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(answer, 0.01)
        assert [(each.approval, each.error) for each in policy.decisions] == [("decline", "CancelledError")]

    asyncio.run(main())


# The record


def test_decision_tells_what_was_asked_and_why_it_was_decided() -> None:
    policy = ApprovalPolicy([GIT_STATUS, allow(paths=["/srv/app"])])
    policy(script("git status", turn_id="u", item_id="i"))
    policy(script("git push"))
    policy(changes(change("/srv/app/a"), change("/srv/b", "delete")))
    first, second, third = policy.decisions
    assert first.at.utcoffset() == timedelta(0)
    assert first == PolicyDecision(
        at=first.at,
        kind="command",
        thread_id="t",
        turn_id="u",
        item_id="i",
        what="command: /bin/bash -lc 'git status' (in /srv/app)",
        verdict="allow",
        rule=0,
        rule_text="ApprovalRule.allow(command=['git', 'status'])",
        approval="accept",
        asked=False,
        error=None,
    )
    assert (second.verdict, second.rule, second.rule_text, second.approval) == ("deny", None, None, "decline")
    assert (third.kind, third.what) == ("file_change", "add file: /srv/app/a; delete file: /srv/b")
    assert third.verdict == "deny"


def test_record_is_bounded() -> None:
    policy = ApprovalPolicy([], keep=2)
    for index in range(3):
        policy(script(f"echo {index}{'x' * 5000}"))
    assert [decision.what.split()[4][:1] for decision in policy.decisions] == ["1", "2"]
    assert all(len(decision.what) < 2100 for decision in policy.decisions)
    assert ApprovalPolicy([], keep=0).decisions == ()


def test_audit_file_gets_a_line_of_json_for_every_decision(tmp_path: Path) -> None:
    audit = tmp_path / "approvals.jsonl"
    policy = ApprovalPolicy([GIT_STATUS, ask()], ask=lambda request: False, audit=audit)
    previous = os.umask(0)
    try:
        policy(script("git status"))
    finally:
        os.umask(previous)
    policy(line("git\nstatus \udcff é"))
    ApprovalPolicy([], audit=str(audit))(tool("a", "b"))
    assert stat.S_IMODE(audit.stat().st_mode) == 0o600
    text = audit.read_bytes()
    assert text.isascii() and text.endswith(b"\n")
    records = [json.loads(each) for each in text.splitlines()]
    assert [record["approval"] for record in records] == ["accept", "decline", "decline"]
    assert [record["asked"] for record in records] == [False, True, False]
    assert "git\nstatus \udcff é" in records[1]["what"]
    first = policy.decisions[0]
    assert records[0] == {
        "at": first.at.isoformat(),
        "kind": "command",
        "thread_id": "t",
        "turn_id": "",
        "item_id": "",
        "what": "command: /bin/bash -lc 'git status' (in /srv/app)",
        "verdict": "allow",
        "rule": 0,
        "rule_text": "ApprovalRule.allow(command=['git', 'status'])",
        "approval": "accept",
        "asked": False,
        "error": None,
    }


def test_decision_that_cannot_be_written_is_not_given(tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    policy = ApprovalPolicy([GIT_STATUS, ask()], ask=lambda request: True, audit=folder / "audit")
    folder.rmdir()
    for text in ("git status", "ls"):
        with pytest.raises(FileNotFoundError):
            policy(script(text))
        assert (policy.decisions[-1].approval, policy.decisions[-1].error) == ("decline", "FileNotFoundError")


def test_decision_that_is_written_in_part_is_not_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = ApprovalPolicy([GIT_STATUS], audit=tmp_path / "audit")
    monkeypatch.setattr(os, "write", lambda file, line: 1)  # pyright: ignore[reportUnknownArgumentType, reportUnknownLambdaType]
    with pytest.raises(OSError, match="only 1 of"):
        policy(script("git status"))


def test_audit_file_stays_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    policy = ApprovalPolicy([], audit="audit")
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir("sub")
    policy(script("ls"))
    assert (tmp_path / "audit").exists()


# Wrong rules

WRONG: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: allow(), ValueError, "allow: a rule without conditions would allow everything"),
    (lambda: ApprovalRule("allow"), ValueError, "would allow everything"),
    (lambda: ApprovalRule("maybe"), ValueError, "verdict: 'maybe'"),  # type: ignore[arg-type]
    (lambda: allow(command="git"), TypeError, r"command: 'git' is no list; write \['git', 'status'\]"),
    (lambda: allow(command=[]), ValueError, r"command: \[\] is empty"),
    (lambda: deny(command=[]), ValueError, r"command: \[\] is empty"),
    (lambda: allow(command=[""]), ValueError, r"command: \[''\] is empty"),
    (
        lambda: allow(command=["git status"]),
        ValueError,
        r"command: no program is called 'git status'; .*\['git', 'status'\]",
    ),
    (lambda: ApprovalRule.deny(command=[" git"]), ValueError, "command: no program is called ' git'"),
    (lambda: ApprovalPolicy(allow(command=["git"])), TypeError, r"rules: ApprovalRule.* is no list; write \["),  # type: ignore[arg-type]
    (lambda: allow(command=["git", 1]), TypeError, "command: .* is no list of str"),  # type: ignore[list-item]
    (lambda: allow(command={"git"}), TypeError, "command: .* is no list"),  # type: ignore[arg-type]
    (lambda: allow(command=["./gradlew"]), ValueError, "command: './gradlew' is another program in each directory"),
    (lambda: deny(command=["bin/x"]), ValueError, "say which with cwd"),
    (lambda: allow(command=["make"], cwd="app"), ValueError, "cwd: 'app' is not absolute; os.path.abspath"),
    (lambda: allow(command=["make"], cwd=1), TypeError, "cwd: 1 is no path"),  # type: ignore[arg-type]
    (lambda: allow(cwd="/srv"), ValueError, "cwd: it only narrows command"),
    (lambda: deny(cwd="/srv"), ValueError, "cwd: it only narrows command"),
    (lambda: allow(paths="/srv"), TypeError, r"paths: '/srv' is no list; write paths=\['/srv/app/src'\]"),
    (lambda: allow(paths=Path("/srv")), TypeError, "paths: .* is no list"),  # type: ignore[arg-type]
    (lambda: allow(paths=[]), ValueError, r"paths: \[\] is empty"),
    (lambda: allow(paths=[""]), ValueError, "paths: '' is not absolute"),
    (lambda: allow(paths=["src"]), ValueError, "paths: 'src' is not absolute; os.path.abspath makes it so"),
    (lambda: allow(paths=["~/src"]), ValueError, "paths: '~/src' is not absolute; os.path.expanduser makes it so"),
    (lambda: allow(paths=["/srv/*"]), ValueError, "looks like a pattern"),
    (lambda: allow(paths=[b"/srv"]), TypeError, "paths: b'/srv' is no path"),  # type: ignore[list-item]
    (lambda: allow(network="pypi.org"), TypeError, r"network: 'pypi.org' is no list; write \['pypi.org'\]"),
    (lambda: allow(network=False), TypeError, "network: False is no list"),  # type: ignore[arg-type]
    (lambda: allow(network=[]), ValueError, r"network: \[\] is empty"),
    (lambda: allow(network=["a", ""]), ValueError, "network: '' is no name of a host"),
    (lambda: allow(network=["*.pypi.org"]), ValueError, "there are no patterns"),
    (lambda: allow(network=["https://pypi.org"]), ValueError, "is no name of a host"),
    (lambda: allow(tools="a/b"), TypeError, "tools: 'a/b' is no list"),
    (lambda: allow(tools=[]), ValueError, r"tools: \[\] is empty"),
    *(
        (lambda each=each: allow(tools=["a/b", each]), ValueError, "is neither 'server/tool' nor 'server/\\*'")
        for each in ("a", "a/", "/b", "*", "*/b", "a/b*", "a*/b", "")
    ),
    (lambda: ApprovalPolicy([ask()]), ValueError, r"ask: there is nobody to ask for rule 0, ApprovalRule.ask\(\)"),
    (lambda: ApprovalPolicy(["git"]), TypeError, "rules: 'git' is no ApprovalRule"),  # type: ignore[list-item]
    (lambda: ApprovalPolicy([], ask=1), TypeError, "ask: 1 is no function"),  # type: ignore[arg-type]
    (lambda: ApprovalPolicy([], keep=-1), ValueError, "keep: -1"),
    (lambda: ApprovalPolicy([], keep=True), ValueError, "keep: True"),
    (lambda: ApprovalPolicy([], audit=1), TypeError, "audit: 1 is no path"),  # type: ignore[arg-type]
    (lambda: ApprovalPolicy([], audit="/nowhere/audit"), ValueError, "audit: there is no directory '/nowhere'"),
    (lambda: ApprovalPolicy([], audit="/"), ValueError, "audit: '/' is a directory"),
    (lambda: ApprovalPolicy([allow(paths=["/\0"])]), ValueError, "paths: .* cannot be resolved"),
]


@pytest.mark.parametrize(("make", "error", "message"), WRONG)
def test_wrong_argument_is_named(make: Callable[[], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_rules_and_policies_read_as_they_are_written() -> None:
    for text in (
        "ApprovalRule.allow(command=['git'])",
        "ApprovalRule.deny(command=['./x', 'y'], cwd='/srv')",
        "ApprovalRule.allow(paths=['/srv/app'], network=True, tools=['a/b'])",
        "ApprovalRule.deny(network=['pypi.org'])",
        "ApprovalRule.ask()",
    ):
        assert repr(eval(text)) == text
    assert repr(ApprovalPolicy([GIT_STATUS])) == f"ApprovalPolicy([{GIT_STATUS!r}])"
    assert "ask=<function nobody" in repr(ApprovalPolicy([ask()], ask=nobody))


def test_rule_cannot_be_changed() -> None:
    words = ["git"]
    rule = allow(command=words)
    words.clear()
    assert rule.command == ("git",)
    assert rule == allow(command=("git",))
    with pytest.raises(AttributeError):
        rule.verdict = "deny"  # type: ignore[misc]
    assert ApprovalPolicy([rule]).rules == (rule,)


@pytest.mark.parametrize(
    ("raw", "accepted"),
    [
        ({"network": {"enabled": True}}, True),
        ({"network": {"enabled": True, "ports": [22]}}, False),
        ({"network": {"enabled": True}, "devices": ["/dev/sda"]}, False),
        ({"network": {"enabled": True}, "fileSystem": {"write": ["/srv/app/x"], "mounts": []}}, False),
    ],
)
def test_permissions_with_more_than_this_version_knows_are_denied(raw: dict[str, Any], accepted: bool) -> None:
    """Models leave it out, but the runtime would grant it with the rest."""
    policy = ApprovalPolicy([allow(command=["git"], network=True, paths=["/srv/app"]), ask()], ask=lambda _: True)
    profile = m.AdditionalPermissionProfile.model_validate(raw)
    request = script("git status", additional_permissions=profile, raw={"additionalPermissions": raw})
    assert (policy(request) == Approval.accept()) is accepted
