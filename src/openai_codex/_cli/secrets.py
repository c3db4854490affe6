"""Keeps secrets out of what commands show, whoever wrote the text.

The runtime quotes what it cannot read: a value of the configuration that is of the wrong type, an argument, an address
with a password in it. Known values are hidden wherever they stand: those of variables with the name of a secret, and of
all settings that were given. Others are recognised by their form; strings and lines of the configuration that the
runtime quotes are hidden whatever they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

__all__ = ["Veil"]

_HIDDEN = "***"
# What the pattern leaves out are words such as COMPASS and PASSIVE; where a name may mean either, its value is hidden.
_PASS = r"passw|passphrase|(?<!com)(?<!by)(?<!tres)(?<!under)(?<!over)pass(?!ive|age|enger|port|ed|ing|through)"
_SECRET_VARIABLE = re.compile(rf"key|token|secret|{_PASS}|credential|auth(?!or)", re.IGNORECASE)
_SHORTEST = 6  # characters; what is shorter is no secret, and would be found everywhere
_STRING = re.compile(r'"([^"]*)"|\'([^\']*)\'')
# The last part has no digits, and no slash is around: python@3.12 and /opt/codex@next.old/bin are no addresses.
_MAIL = re.compile(
    r"(?<![\w.+/-])[\w.+-]+@(?:[\w-]+\.)+(?:xn--[\w-]+|[^\W\d_]{2,})(?![\w.-]*/)(?!\w)",
)

_FORMS = (
    (re.compile(r"^(\s*\d+ \|) .*$", re.MULTILINE), rf"\1 {_HIDDEN}"),  # a line of a file, as parsers show them
    (re.compile(r'(\binvalid (?:type|value): string )"(?:[^"\\]|\\.)*"'), rf"\1{_HIDDEN}"),
    (re.compile(r"(://)[^\s/@]+@"), rf"\1{_HIDDEN}@"),
    (_MAIL, _HIDDEN),
    (re.compile(r"(\bBearer\s+)[^\s\"',;]+", re.IGNORECASE), rf"\1{_HIDDEN}"),
    (re.compile(r"\b(?:sk-|gh[a-z]_|github_pat_|xox[a-z]-|AKIA|eyJ)[\w.-]{8,}"), _HIDDEN),
)


class Veil:
    """Hides secrets in texts.

    Args:
        environment: Variables that the runtime knows.
        overrides: Settings as ``KEY=VALUE`` that the runtime is started with.
    """

    def __init__(self, environment: Mapping[str, str], overrides: Sequence[str] = ()) -> None:
        values = {value for name, value in environment.items() if _SECRET_VARIABLE.search(name)}
        values.update(value for override in overrides for value in _values(override))
        found = sorted((value for value in values if len(value) >= _SHORTEST), key=len, reverse=True)
        self._known = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, found))})(?!\w)") if found else None

    def over(self, text: str) -> str:
        """The text without its secrets."""
        if self._known is not None:
            text = self._known.sub(_HIDDEN, text)
        for form, shown in _FORMS:
            text = form.sub(shown, text)
        return text


def _values(override: str) -> Iterator[str]:
    """The value of a setting, and every string within it."""
    value = override.partition("=")[2].strip()
    yield value
    yield from (double or single for double, single in _STRING.findall(value))
