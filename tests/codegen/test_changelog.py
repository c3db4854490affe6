"""The changelog's section about the protocol: where it goes, what it replaces, and that it leaves the rest alone."""

from __future__ import annotations

import pytest

from codegen.changelog import with_protocol_section
from codegen.findings import CodegenError

BEFORE = """# Changelog

## [Unreleased]

### Added

- A thing: `### Protocol 1 -> 2` is how a section begins.

## [0.1.0]

### Protocol 0.0.9 -> 0.1.0

- `old/one`
"""
SECTION = "### Protocol 0.1.0 -> 0.2.0\n\n**Compatible: request added** (why)\n\n- `new/one`\n"
WITH = BEFORE.replace(
    "begins.\n", "begins.\n\n### Protocol 0.1.0 -> 0.2.0\n\n**Compatible: request added** (why)\n\n- `new/one`\n"
)


def test_section_ends_what_is_unreleased() -> None:
    assert with_protocol_section(BEFORE, SECTION) == WITH


def test_same_section_again_changes_nothing() -> None:
    assert with_protocol_section(WITH, SECTION) == WITH


def test_another_section_takes_its_place() -> None:
    other = SECTION.replace("0.2.0", "0.3.0").replace("new/one", "new/two")
    assert with_protocol_section(WITH, other) == WITH.replace("0.2.0", "0.3.0").replace("new/one", "new/two")


def test_section_goes_when_it_is_empty_and_leaves_no_trace() -> None:
    assert with_protocol_section(WITH, "") == BEFORE
    assert with_protocol_section(BEFORE, "") == BEFORE


def test_what_stands_behind_the_section_stays() -> None:
    moved = WITH.replace("\n## [0.1.0]", "\n### Fixed\n\n- A bug.\n\n## [0.1.0]")
    assert with_protocol_section(moved, "") == BEFORE.replace("\n## [0.1.0]", "\n### Fixed\n\n- A bug.\n\n## [0.1.0]")


def test_changelog_that_ends_with_what_is_unreleased() -> None:
    alone = BEFORE[: BEFORE.index("\n## [0.1.0]")]
    added = with_protocol_section(alone, SECTION)
    assert added == f"{alone}\n{SECTION}"
    assert with_protocol_section(added, "") == alone


def test_empty_unreleased_part_takes_a_section_and_gives_it_back() -> None:
    bare = "# Changelog\n\n## [Unreleased]\n\n## [0.1.0]\n"
    added = with_protocol_section(bare, SECTION)
    assert added == f"# Changelog\n\n## [Unreleased]\n\n{SECTION}\n## [0.1.0]\n"
    assert with_protocol_section(added, "") == bare


def test_changelog_without_a_place_is_refused() -> None:
    with pytest.raises(CodegenError) as caught:
        with_protocol_section("# Changelog\n\n## [0.1.0]\n", SECTION)
    assert str(caught.value) == ("CHANGELOG.md: has no line '## [Unreleased]'; add it above the newest release")


def test_section_is_replaced_where_it_stands() -> None:
    moved = WITH.replace("\n## [0.1.0]", "\n### Fixed\n\n- A bug.\n\n## [0.1.0]")
    other = SECTION.replace("0.2.0", "0.3.0")
    assert with_protocol_section(moved, other) == moved.replace("0.2.0", "0.3.0")


def test_line_ends_stay() -> None:
    windows = BEFORE.replace("\n", "\r\n")
    assert with_protocol_section(windows, SECTION) == WITH.replace("\n", "\r\n")
