"""The text that a person reads while a turn runs, from its notifications.

Text comes as deltas and, whole, in ``item/completed``. When the model's stream breaks off, the runtime asks again and
the text comes anew from its beginning; what was given out before is then not given out a second time, as long as the
new text repeats it. A second message of a turn is set off by an empty line.
"""

from __future__ import annotations

from typing import Any, cast

from .notification import Notification

__all__ = ["TextFold"]

_BETWEEN = "\n\n"


class TextFold:
    """Turns the notifications of one turn into pieces of text."""

    def __init__(self) -> None:
        self._shown: list[str] = []  # what was given out of the current message
        self._before = ""  # the same, while a further attempt may still repeat it
        self._repeated: int | None = None  # how much of it the attempt has repeated so far; None: there is none
        self._messages = 0

    def add(self, notification: Notification) -> str:
        """Take one notification into account; return the text to give out for it, "" for none."""
        method, params = notification.method, notification.params
        if method == "item/agentMessage/delta":
            delta = params.get("delta")
            return self._add(delta) if isinstance(delta, str) else ""
        if method == "error" and params.get("willRetry") is True:
            self._start_again()
        elif method in ("item/started", "item/completed"):
            raw = params.get("item")
            item = cast("dict[str, Any]", raw) if isinstance(raw, dict) else {}
            if item.get("type") == "agentMessage":
                if method == "item/started":
                    self._start_again()
                else:
                    return self._complete(item.get("text"))
        return ""

    def _start_again(self) -> None:
        self._before = "".join(self._shown)
        self._repeated = 0 if self._before else None

    def _add(self, delta: str) -> str:
        if self._repeated is None:
            return self._give_out(delta)
        position, self._repeated = self._repeated, None
        left = len(self._before) - position
        if len(delta) < left and self._before.startswith(delta, position):
            self._repeated = position + len(delta)
            return ""
        if delta.startswith(self._before[position:]):
            return self._give_out(delta[left:])
        return self._replace(self._before[:position] + delta)

    def _complete(self, whole: Any) -> str:
        """The message is final: give out what no delta has brought."""
        text, shown = whole if isinstance(whole, str) else "", "".join(self._shown)
        piece = ""
        if text.startswith(shown):
            piece = self._give_out(text[len(shown) :])
        elif self._repeated is not None:
            piece = self._replace(text)
        # Otherwise the runtime has cut something out that was shown already.
        if self._shown:
            self._messages += 1
        self._shown, self._repeated = [], None
        return piece

    def _replace(self, text: str) -> str:
        """Give another text out whole, in place of what was shown."""
        self._shown = [text]
        return text

    def _give_out(self, piece: str) -> str:
        if not piece:
            return ""
        first = not self._shown
        self._shown.append(piece)
        return _BETWEEN + piece if first and self._messages else piece
