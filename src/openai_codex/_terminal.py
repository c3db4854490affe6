"""A terminal as the place where a person is asked: what is shown there, and one dialog at a time.

What is shown comes from a model, from servers and from files, and none of them may decide what the person sees: text
goes through ``visible``, keeps its lines only behind a margin, and is folded here and not by the terminal, so that
nothing of it can look like a prompt. ``rich`` is used where it is installed and the output is a terminal.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from getpass import getpass
from shutil import get_terminal_size
from typing import TYPE_CHECKING, TypeAlias, TypeVar
from unicodedata import east_asian_width

if TYPE_CHECKING:
    from ._answers import Cancellation

__all__ = ["Block", "Line", "Part", "Unanswered", "ask", "converse", "printable", "say", "show", "visible"]

_T = TypeVar("_T")
_ATTEMPTS = 3
_TAB = 4

# What counts as printable and shows nothing: fillers, joiners, selectors of variants, and the blank of Braille.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

_one_dialog = threading.Lock()


def visible(text: str, *, block: bool = False) -> str:
    """Return ``text`` with everything that does not show, or moves what shows, written as an escape.

    Args:
        text: The text.
        block: Keep the ends of lines, and make spaces of tabs, for text that is shown as lines of its own.
    """
    if block:
        return "\n".join(visible(line.expandtabs(_TAB)) for line in text.split("\n"))
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(char if char.isprintable() and not _BLANK.match(char) else _escape(char) for char in text)


def _escape(char: str) -> str:
    code = ord(char)
    return _SHORT.get(char) or (
        f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One line, with a label of ours before it. Without a label, the text is ours as well."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Text with lines of its own, below a label of ours.

    Attributes:
        language: What it is written in, for colours.
        max_lines: How many lines of it are shown; None for all of it.
        max_width: How many characters of a line are shown then.
    """

    label: str
    text: str
    language: str = "text"
    max_lines: int | None = None
    max_width: int = 400

    def lines(self) -> list[str]:
        """What is shown of it."""
        lines = self.text.removesuffix("\n").split("\n")
        if self.max_lines is None:
            return lines
        return [line[: self.max_width] for line in lines[: self.max_lines]]

    def note(self) -> str:
        """What is not; "" if nothing is left out."""
        lines = self.text.removesuffix("\n").split("\n")
        if self.max_lines is None:
            return ""
        wide = [len(line) - self.max_width for line in lines[: self.max_lines] if len(line) > self.max_width]
        notes = [
            f"{sum(wide)} characters at the ends of {len(wide)} long lines" if wide else "",
            f"{len(lines) - self.max_lines} more lines" if len(lines) > self.max_lines else "",
        ]
        left_out = " and ".join(filter(None, notes))
        return f"not shown: {left_out}" if left_out else ""


Part: TypeAlias = Line | Block


class Unanswered(Exception):
    """Nobody answers: the input is at its end, or what was typed could not be used."""


def converse(cancelled: Cancellation, dialog: Callable[[], _T], refusal: _T) -> _T:
    """Run a dialog when no other is running, and return what it returns.

    Ctrl-C reaches the main thread. A dialog there is broken off by it like anything else; one on another thread goes on
    until its request is cancelled.

    Args:
        cancelled: Whether the answer is still wanted.
        dialog: The dialog.
        refusal: What to return when it has no answer, or nobody wants one.
    """
    with _one_dialog:
        if cancelled.is_set():
            return refusal
        _forget_typed_ahead()
        try:
            answer = dialog()
        except Unanswered:
            answer = refusal
        if not cancelled.is_set():
            return answer
        say("This has been settled in the meantime. The answer is not used.")
        return refusal


def _forget_typed_ahead() -> None:
    """What was typed before the question cannot be an answer to it."""
    if sys.platform != "win32" and sys.stdin.isatty():
        import termios

        with suppress(termios.error, OSError):
            termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


def ask(prompt: str, parse: Callable[[str], _T], *, secret: bool = False) -> _T:
    """Ask until an answer can be used, three times at most.

    Args:
        prompt: The prompt.
        parse: Makes the answer of what was typed; raises ValueError with a text for the person.
        secret: Do not show what is typed, where the input is a terminal.

    Raises:
        Unanswered: there was no answer that could be used.
    """
    for _ in range(_ATTEMPTS):
        typed = _read(f"{visible(prompt)} ", secret)
        try:
            return parse(typed)
        except ValueError as problem:
            say(str(problem))
    raise Unanswered


def _read(prompt: str, secret: bool) -> str:
    sys.stdout.flush()
    try:
        return getpass(prompt) if secret and sys.stdin.isatty() else input(prompt)
    except (EOFError, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        say("")  # the cursor is behind the prompt
        raise Unanswered from None


def say(text: str) -> None:
    """Show one line."""
    _write([*_folded(printable(text))])


def show(title: str, parts: Sequence[Part]) -> None:
    """Show something that is asked.

    Args:
        title: What it is about.
        parts: What there is to know about it.
    """
    if sys.stdout.isatty() and _show_with_rich(title, parts):
        return
    lines = ["", *_folded(f"== {printable(title)} ==")]
    for part in parts:
        if isinstance(part, Line):
            lines += _folded(f"{part.label} {printable(part.text)}" if part.label else printable(part.text))
            continue
        lines += [part.label] if part.label else []
        for line in part.lines():
            lines += _folded(printable(line, block=True), first=_MARGIN)
        lines += [f"  ({part.note()})"] if part.note() else []
    _write(lines)


_MARGIN = "  | "


def _write(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def printable(text: str, *, block: bool = False) -> str:
    """Text as it can be written: visible, and in the encoding of the output."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return visible(text, block=block).encode(encoding, "backslashreplace").decode(encoding)


def _folded(line: str, *, first: str = "") -> Iterator[str]:
    """Lines that fit the terminal; all but the first begin with a margin."""
    width = max(get_terminal_size().columns, 40) - 1
    piece, used = first, len(first)
    for char in line:
        cells = 2 if east_asian_width(char) in "WF" else 1
        if used + cells > width:
            yield piece
            piece, used = _MARGIN, len(_MARGIN)
        piece += char
        used += cells
    yield piece


def _show_with_rich(title: str, parts: Sequence[Part]) -> bool:
    """Show it as a panel; returns whether there is ``rich``. Text and Syntax read no markup, unlike plain strings."""
    try:
        from rich.console import Console, Group, RenderableType
        from rich.padding import Padding
        from rich.panel import Panel
        from rich.syntax import Syntax
        from rich.text import Text
    except ImportError:
        return False
    shown: list[RenderableType] = []
    for part in parts:
        if isinstance(part, Line):
            label = (f"{part.label} ", "bold") if part.label else ""
            shown.append(Text.assemble(label, printable(part.text), overflow="fold"))
            continue
        shown += [Text(part.label, style="bold")] if part.label else []
        text = printable("\n".join(part.lines()), block=True)
        if part.language == "text":
            shown.append(Padding(Text(text, overflow="fold"), (0, 0, 0, 2)))
        else:
            code = Syntax(text, part.language, theme="ansi_dark", background_color="default", word_wrap=True)
            shown.append(Padding(code, (0, 0, 0, 2)))
        shown += [Text(f"  ({part.note()})", style="italic")] if part.note() else []
    console = Console(file=sys.stdout, markup=False, emoji=False, highlight=False)
    console.print(Panel(Group(*shown), title=Text(printable(title), style="bold"), title_align="left"))
    return True
