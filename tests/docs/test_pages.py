"""What pages say beside their examples: where links lead, and that what has to be complete is."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from openai_codex import ApprovalMode, CodexConfig, Sandbox, TurnResult, errors
from openai_codex._generated._version import OLDEST_RUNTIME
from tests.docs.blocks import PAGES, ROOT
from tests.generated.test_parity import ENUM_DIFFERENCES, MODEL_DIFFERENCES, WRAPPER_DIFFERENCES
from tests.unit.protocols import described

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\[\]]*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?)\s*$", re.MULTILINE)


def page_name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def prose(page: Path) -> str:
    """The text without examples."""
    return _FENCED.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    """Where links into the page can point: its headings, spelled as GitHub does."""
    found: list[str] = []
    for heading in _HEADING.findall(prose(page)):
        text = _LINK.sub(lambda link: link.group().partition("]")[0].removeprefix("["), heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        found.append(f"{slug}-{found.count(slug)}" if slug in found else slug)
    return frozenset(found)


def broken_links(page: Path) -> Iterator[str]:
    for target in _LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield target


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    assert list(broken_links(page)) == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, more = {ROOT / "README.md"}, [ROOT / "README.md"]
    while more:
        page = more.pop()
        targets = {(page.parent / target.partition("#")[0]).resolve() for target in _LINK.findall(prose(page))}
        new = {target for target in targets if target in PAGES} - reached
        reached |= new
        more += new
    assert [page_name(page) for page in PAGES if page not in reached] == []


def named(page: str) -> set[str]:
    """What a page writes as code outside of its examples."""
    return set(re.findall(r"[\w.]+", " ".join(re.findall(r"`([^`\n]+)`", prose(ROOT / "docs" / page)))))


def test_errors_has_every_class() -> None:
    classes = {name for name in errors.__all__ if isinstance(getattr(errors, name), type)}
    assert classes - named("errors.md") == set()


def test_errors_draws_the_tree_of_the_module() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    drawn = page.partition("```text\n")[2].partition("```")[0]
    branch = r"[│├└─ ]*\w+Error"
    assert re.findall(rf"^{branch}", drawn, re.MULTILINE) == [
        line[4:] for line in re.findall(rf"^ {{4}}{branch}", errors.__doc__ or "", re.MULTILINE)
    ]


@pytest.mark.parametrize("page", ["errors.md", "faq.md", "migrating.md"])
def test_oldest_runtime_is_the_one_that_is_checked(page: str) -> None:
    assert OLDEST_RUNTIME in prose(ROOT / "docs" / page)


@pytest.mark.parametrize("cls", [CodexConfig, TurnResult], ids=lambda cls: cls.__name__)
def test_getting_started_has_every_field(cls: type) -> None:
    fields = {field.name for field in dataclasses.fields(cls)}
    written = named("getting-started.md")
    assert {field for field in fields if not {field, f"{cls.__name__}.{field}"} & written} == set()


def test_getting_started_has_every_preset_and_mode() -> None:
    members = {f"{type(member).__name__}.{member.name}" for member in [*Sandbox, *ApprovalMode]}
    assert members - named("getting-started.md") == set()


def test_migrating_has_every_reviewed_difference() -> None:
    written = named("migrating.md")
    renamed = {name: here for name, (here, _) in MODEL_DIFFERENCES.items()}
    renamed |= {name: here for name, (here, members, _) in ENUM_DIFFERENCES.items() if not members}
    assert {name for name in [*renamed, *WRAPPER_DIFFERENCES] if name not in written} == set()
    assert {here for here in renamed.values() if here is not None and here not in written} == set()
    members = [(here, member) for here, changed, _ in ENUM_DIFFERENCES.values() for member in changed.values()]
    assert {f"{here}.{member}" for here, member in members} - written == set()


def test_migrating_is_about_the_recorded_version() -> None:
    record = json.loads((ROOT / "tests" / "data" / "official-surface-0.163.0.json").read_text(encoding="utf-8"))
    version = re.search(r"openai-codex (\d[\d.]*\d)", record["about"])
    assert version is not None and f"`openai-codex` {version[1]}" in prose(ROOT / "docs" / "migrating.md")


def test_numbers_of_messages_are_those_of_the_version_that_they_are_given_for() -> None:
    found = re.search(r"a type: (\d+), (\d+) and (\d+) at runtime (\d[\d.]*\d)", prose(ROOT / "README.md"))
    assert found is not None
    known = described(found[4])
    numbers = [len(group) for group in (known.requests, known.notifications, known.server_requests)]
    assert [int(number) for number in found.groups()[:3]] == numbers
