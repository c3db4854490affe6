"""The error of everything that gets hold of a schema."""

from __future__ import annotations

__all__ = ["SchemaError"]


class SchemaError(Exception):
    """A schema could not be had.

    Attributes:
        subject: What was asked, or read.
        cause: What came of it.
        next_step: What to do.
    """

    def __init__(self, subject: str, cause: str, next_step: str) -> None:
        self.subject, self.cause, self.next_step = subject, cause, next_step
        super().__init__(f"{subject}: {cause}; {next_step}")
