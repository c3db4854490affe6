# @generated from _async/pages.py (same line numbers) by python -m codegen. Do not edit: run "make generate".
"""``Pager``: a list that the runtime gives out in pages, as one iterator."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._engine import DefaultTimeout
from ..errors import CodexError

if TYPE_CHECKING:
    from typing_extensions import Self

    from .session import Session

__all__ = ["Pager"]

_T = TypeVar("_T")


class Pager(Generic[_T]):
    """All entries of a list, as an iterator that asks for the next page when it needs one.

    It can be iterated once. What changes in the list meanwhile may be missed, or come twice.
    """

    __slots__ = ("_cursor", "_entries", "_fields", "_method", "_more", "_session", "_timeout")

    def __init__(
        self, session: Session, method: str, fields: Mapping[str, Any], timeout: float | DefaultTimeout | None
    ) -> None:
        self._session = session
        self._method = method
        self._fields = fields
        self._timeout = timeout
        self._entries: deque[_T] = deque()
        self._cursor: str | None = None
        self._more = True

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._method!r})"

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> _T:
        """The next entry. Raises what the request for a page raises."""
        while not self._entries:
            if not self._more:
                raise StopIteration
            self._fetch()
        return self._entries.popleft()

    def _fetch(self) -> None:
        cursor = {} if self._cursor is None else {"cursor": self._cursor}
        page = self._session.call(self._method, {**self._fields, **cursor}, self._timeout)
        self._more = page.next_cursor is not None
        if self._more and page.next_cursor == self._cursor:
            raise CodexError(f"{self._method}: the runtime gives the same page again and again")
        self._cursor = page.next_cursor
        self._entries.extend(page.data)
