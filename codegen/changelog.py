"""The changelog's section about the protocol: one per release, made from the schema alone.

It lies under ``## [Unreleased]`` and begins with a heading ``### Protocol OLD -> NEW``. Another comparison replaces it;
one without differences takes it away. Everything else in the file is left as it is.
"""

from __future__ import annotations

import re

from .findings import CodegenError, Finding

__all__ = ["with_protocol_section"]

_UNRELEASED = "## [Unreleased]\n"
_SECTION = re.compile(r"\n### Protocol \S+ -> \S+\n.*?(?=\n#{2,3} |\Z)", re.DOTALL)


def with_protocol_section(text: str, section: str) -> str:
    """Put a section about the protocol into a changelog.

    Args:
        text: The changelog.
        section: Markdown that begins with its heading; "" for none.

    Raises:
        CodegenError: the changelog has no place for it.
    """
    if "\r\n" in text:
        return with_protocol_section(text.replace("\r\n", "\n"), section).replace("\n", "\r\n")
    start = text.find(_UNRELEASED)
    if start < 0:
        reason = f"has no line {_UNRELEASED.strip()!r}"
        raise CodegenError([Finding("CHANGELOG.md", reason, "add it above the newest release")])
    start += len(_UNRELEASED)
    end = text.find("\n## ", start)
    end = len(text) if end < 0 else end
    body, new = text[start:end], f"\n{section.rstrip()}\n" if section else ""
    present = _SECTION.search(body)
    if present is not None:
        body = body[: present.start()] + new + body[present.end() :]
    elif new:
        body = (f"{body.rstrip()}\n" if body.strip() else "") + new
    return text[:start] + body + text[end:]
