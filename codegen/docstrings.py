"""Docstrings as data: paragraphs, code, and the sections of Google's style.

Text comes out as Markdown: double backticks become single ones, and nothing looks like HTML.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass

__all__ = ["Block", "parse", "summary"]

_LISTS = ("Args", "Attributes", "Raises")
_BLOCK = re.compile(
    r"^(?:(?P<section>Args|Attributes|Raises|Returns|Yields):\n(?P<body>(?: {4}.*\n|\n)+)"
    r"|(?P<code> {4}.*\n(?: {4}.*\n|\n(?=\n* {4}))*)"
    r"|(?P<text>(?: {0,3}\S.*\n)+))",
    re.MULTILINE,
)
_ITEM = re.compile(r"^(\S.*?):\s+(.*(?:\n+ .*)*)", re.MULTILINE)
_SENTENCE = re.compile(r".*?(?<!\.)\.(?=\s|$)", re.DOTALL)
_INLINE = re.compile(r"``(.+?)``|`[^`]+`|<", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a docstring.

    Attributes:
        kind: ``text``, ``code``, or the title of a section.
        text: The whole; of a section with items "".
        items: Names and what is said of each.
    """

    kind: str
    text: str = ""
    items: tuple[tuple[str, str], ...] = ()


def parse(docstring: str) -> list[Block]:
    """Take apart a docstring whose indentation is cleaned."""
    blocks: list[Block] = []
    for found in _BLOCK.finditer(f"{docstring}\n"):
        body = textwrap.dedent(found["body"] or "").strip("\n")
        if found["code"] is not None:
            # The mark of reStructuredText for code says nothing here.
            code = textwrap.dedent(re.sub(r"^\s*::\n", "", found["code"]))
            blocks.append(Block("code", code.strip("\n")))
        elif found["text"] is not None:
            blocks.append(Block("text", _markdown(found["text"].rstrip("\n"))))
        elif found["section"] in _LISTS:
            items = tuple((name, _markdown(" ".join(text.split()))) for name, text in _ITEM.findall(body))
            blocks.append(Block(found["section"], items=items))
        else:
            blocks.append(Block(found["section"], _markdown(" ".join(body.split()))))
    return blocks


def summary(docstring: str) -> str:
    """The first sentence, on one line."""
    paragraph = docstring.split("\n\n", 1)[0]
    sentence = _SENTENCE.match(paragraph)
    return _markdown(" ".join((sentence.group() if sentence else paragraph).split()))


def _markdown(text: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        return f"`{found[1]}`" if found[1] else "&lt;" if found[0] == "<" else found[0]

    return _INLINE.sub(replaced, text)
