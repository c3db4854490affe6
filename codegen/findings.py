"""What the pipeline reports: one line each, with the place, the reason and the next step."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass

from openai_codex._schema.errors import SchemaError

__all__ = ["CodegenError", "Finding", "SourceError", "as_source_error"]


@dataclass(frozen=True, order=True, slots=True)
class Finding:
    """Something a human has to look at."""

    where: str
    reason: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}; {self.next_step}"


class CodegenError(Exception):
    """The pipeline cannot go on. ``findings`` says why, all of them at once."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(sorted(findings))
        super().__init__("\n".join(map(str, self.findings)))


class SourceError(CodegenError):
    """A runtime or its schema could not be had; ``findings`` names the call, what came of it and the next step."""

    def __init__(self, call: str, cause: str, next_step: str) -> None:
        super().__init__([Finding(call, cause, next_step)])


@contextmanager
def as_source_error() -> Generator[None, None, None]:
    """Turn what the package raises into what the pipeline does."""
    try:
        yield
    except SchemaError as error:
        raise SourceError(error.subject, error.cause, error.next_step) from error
