"""Which versions of the runtime will do."""

from __future__ import annotations

import logging

import pytest

from openai_codex import UnsupportedRuntimeError
from openai_codex._generated._version import OLDEST_RUNTIME, RUNTIME_VERSION
from openai_codex._metadata import ServerInfo, check_version, judge_version


def neighbour(version: str, step: int) -> str:
    """The version whose minor number is ``step`` away."""
    major, minor, patch = version.split(".")
    return f"{major}.{int(minor) + step}.{patch}"


VERDICTS = [
    (RUNTIME_VERSION, "same"),
    (neighbour(RUNTIME_VERSION, -1), "older"),
    (OLDEST_RUNTIME, "older"),
    (f"{OLDEST_RUNTIME}-alpha.1", "older"),
    (neighbour(RUNTIME_VERSION, +1), "newer"),
    ("1.0.0", "newer"),
    (neighbour(OLDEST_RUNTIME, -1), "unsupported"),
    ("0.9.9", "unsupported"),  # numbers, not texts
    ("0.0.0", "unknown"),
    ("nightly", "unknown"),
    ("", "unknown"),
]


@pytest.mark.parametrize(("version", "fit"), VERDICTS)
def test_version_is_judged(version: str, fit: str) -> None:
    verdict = judge_version(version)
    assert verdict.fit == fit
    assert f"codex {version}" in verdict.text


@pytest.mark.parametrize(("version", "fit"), VERDICTS)
def test_start_does_what_the_verdict_says(version: str, fit: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "openai_codex")
    if fit == "unsupported":
        texts = f"{version}.*{OLDEST_RUNTIME}.*=={RUNTIME_VERSION}"
        with pytest.raises(UnsupportedRuntimeError, match=texts) as caught:
            check_version(ServerInfo(version=version))
        assert caught.value.version == version
    else:
        check_version(ServerInfo(version=version))
    levels = {"older": [logging.WARNING], "newer": [logging.INFO]}
    assert [record.levelno for record in caplog.records] == levels.get(fit, [])
    assert all(version in text and RUNTIME_VERSION in text for text in caplog.messages)


def test_unknown_runtime_is_not_compared() -> None:
    check_version(None)
