"""What came of a step, and what an exception says of it.

An error of the client is clean where it says what the runtime does not take. One that says that the connection is
gone, that no answer came, that an answer cannot be read or that a turn has failed is none: no runtime that is
supported may lack so much.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from openai_codex import (
    CodexError,
    InternalRpcError,
    OutputValidationError,
    ResponseValidationError,
    RuntimeNotFoundError,
    ServerBusyError,
    ThreadNotFoundError,
    TransportClosedError,
    TurnFailedError,
    TurnNotActiveError,
)
from tests.matrix.steps import Lacking, WrongResult

__all__ = ["Outcome", "Verdict", "classify", "worst"]

NEVER_CLEAN = (
    InternalRpcError,
    OutputValidationError,
    ResponseValidationError,
    RuntimeNotFoundError,
    ServerBusyError,
    ThreadNotFoundError,
    TimeoutError,
    TransportClosedError,
    TurnFailedError,
    TurnNotActiveError,
)
_SHOWN = 400
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_PATH = re.compile(re.escape(tempfile.gettempdir()) + r"[^\s'\",;)]*")


class Verdict(str, Enum):
    """How a step ended, from the best to the worst."""

    works = "works"
    not_run = "not run"
    clean_error = "clean error"
    broken = "broken"


@dataclass(frozen=True)
class Outcome:
    """What came of a step.

    Attributes:
        verdict: How it ended.
        text: Why, where it did not work: the error's class first.
        lacking: Requests that the runtime does not have.
    """

    verdict: Verdict
    text: str = ""
    lacking: tuple[str, ...] = ()


def classify(error: BaseException) -> Outcome:
    """Return what it means that a step has raised."""
    if isinstance(error, Lacking):
        # One text for all runtimes.
        text = _describe(error.error).replace(error.methods[0], "METHOD").replace(error.version, "VERSION")
        return Outcome(Verdict.clean_error, text, error.methods)
    clean = isinstance(error, CodexError) and not isinstance(error, NEVER_CLEAN)
    return Outcome(Verdict.clean_error if clean else Verdict.broken, _describe(error))


def _describe(error: BaseException) -> str:
    """Say what was raised, without what differs from run to run."""
    name = "wrong result" if isinstance(error, (WrongResult, AssertionError)) else type(error).__name__
    text = _PATH.sub("PATH", _ID.sub("ID", " ".join(str(error).split())))
    text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
    return f"{name}: {text}" if text else name


def worst(outcomes: Mapping[str, Outcome]) -> Outcome:
    """Return one outcome for all clients. Where they differ, the text says which one it is about."""
    found = max(outcomes.values(), key=lambda outcome: list(Verdict).index(outcome.verdict))
    kinds = [kind for kind, outcome in outcomes.items() if outcome == found]
    if len(kinds) == len(outcomes) or not found.text:
        return found
    return replace(found, text=f"{found.text} ({', '.join(kinds)} only)")
