"""The rule that chooses the versions."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from openai_codex._generated._version import OLDEST_RUNTIME
from tests.matrix import versions
from tests.matrix.versions import choose, record, recorded


def patches(*minors: int, patch: int = 0) -> list[str]:
    return [f"0.{minor}.{patch}" for minor in minors]


SOME = "0.163.0 0.162.1 0.162.0 0.161.0 0.160.1 0.160.0 0.158.0 0.157.1 0.155.1 0.154.0 0.153.4 0.149.0 0.147.0 0.144.4"
EVERY = [*patches(*range(140, 171)), *patches(*range(140, 171), patch=1)]
WITH_SCHEMA = ["0.158.0", "0.154.0"]


@pytest.mark.parametrize(
    ("published", "oldest", "expected"),
    [
        pytest.param(
            SOME.split(),
            "0.149.0",
            ["0.163.0", "0.162.1", "0.161.0", "0.160.1", "0.158.0", "0.155.1", "0.154.0", "0.149.0", "0.147.0"],
            id="numbers that are missing",
        ),
        pytest.param(
            EVERY,
            "0.149.0",
            [
                *patches(170, 169, 168, 167, 162, patch=1),
                "0.158.0",
                "0.157.1",
                "0.154.0",
                "0.152.1",
                "0.149.0",
                "0.148.1",
            ],
            id="every number",
        ),
        pytest.param(["0.170.0", "0.169.3", "0.160.0"], "0.149.0", ["0.170.0", "0.169.3", "0.160.0"], id="few"),
        pytest.param(["0.9.0", "0.10.0"], "0.9.0", ["0.10.0", "0.9.0"], id="numbers and not texts"),
        pytest.param(
            ["0.170.0", "0.171.0a1", "0.170.0.post1", "0.171.0-rc.1", "latest"],
            "0.149.0",
            ["0.170.0"],
            id="no releases",
        ),
        pytest.param(["0.120.0", "0.130.0"], "0.149.0", ["0.130.0"], id="all too old"),
        pytest.param([], "0.149.0", [], id="none"),
        pytest.param(
            [*patches(*range(160, 171)), "1.0.0", "1.1.0"],
            "0.160.0",
            ["1.1.0", "1.0.0", "0.170.0", "0.169.0", "0.164.0", "0.160.0"],
            id="another major version",
        ),
    ],
)
def test_versions_are_chosen_by_the_rule(published: list[str], oldest: str, expected: Iterable[str]) -> None:
    shuffled = random.Random(1).sample(published, len(published))
    assert choose(published, oldest) == choose(shuffled, oldest) == [*expected]


def test_what_was_published_is_kept_for_runs_that_cannot_ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_RECORD", tmp_path / "published.txt")
    record(["0.163.0", "0.149.0"])
    assert recorded() == ["0.163.0", "0.149.0"]


def test_recorded_versions_have_what_every_run_needs() -> None:
    chosen = choose(recorded(), OLDEST_RUNTIME)
    assert {OLDEST_RUNTIME, *WITH_SCHEMA} <= set(chosen)
    assert versions.release(chosen[-1]) < versions.release(OLDEST_RUNTIME)
