"""Which command a command line runs, where that can be told beyond doubt.

The runtime shows a command as one line: its words, quoted where they need it. Most are a shell and a script, such as
``/bin/bash -lc 'git status'``. A script is *plain* if every POSIX shell, and zsh, takes it for one command made of the
words that are written there. Only a plain one has words here; what expands, substitutes, redirects, joins or hides
commands, or might in one of the shells, has none. So this is no shell parser: it knows a small language in which
nothing is special, and refuses the rest.

In that language a word is made of pieces without anything between them:

- unquoted ASCII letters, digits and ``_ @ % + = : , . / -``;
- single quotes around anything but control characters;
- double quotes around the same, without ``$``, backquote, backslash and ``!``.

Spaces and tabs separate words. Not plain are also ``=`` where a word begins (zsh looks up a command), ``=`` in the
first word (it sets a variable), and a first word that is part of a shell's grammar, such as ``time`` or ``if``.
"""

from __future__ import annotations

import re

__all__ = ["plain_command"]

_BLANKS = re.compile(r"[ \t]+")
# Tabs are the one control character that may be quoted: the script in ``sh -c 'git<tab>status'`` is such a word.
_PIECE = re.compile(
    r"""(?P<bare>[A-Za-z0-9_@%+=:,./-]+)
    |'(?P<single>[^'\x00-\x08\x0a-\x1f\x7f]*)'
    |"(?P<double>[^"$`\\!\x00-\x08\x0a-\x1f\x7f]*)"
    """,
    re.VERBOSE,
)

_GRAMMAR = re.compile(
    "case|coproc|do|done|elif|else|end|esac|fi|for|foreach|function|if|in|nocorrect|repeat|select|then|time|until|while"
)
"""Words that shells treat as their own where a command begins. Quoting makes ordinary words of them."""

# The model may choose the shell, so a program that is merely called ``bash`` is not taken for one.
_SHELLS = frozenset(
    f"{folder}/{name}"
    for folder in ("/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")
    for name in ("bash", "dash", "sh", "zsh")
)
_SCRIPT_OPTIONS = ("-c", "-lc")


def plain_command(line: str) -> tuple[str, ...] | None:
    """Return the words of the one command that a line runs.

    A script is unwrapped once, where a well-known shell gets it as ``-c`` or ``-lc`` and gets nothing else. A shell
    within the script is a command like any other.

    Args:
        line: The command line as the runtime shows it.

    Returns:
        The program and its arguments; None where the line is not a plain command.
    """
    words = _words(line)
    if words is not None and len(words) == 3 and words[0] in _SHELLS and words[1] in _SCRIPT_OPTIONS:
        return _words(words[2])
    return words


def _words(text: str) -> tuple[str, ...] | None:
    """The words of a plain command; None for anything else, and where there is none."""
    words: list[str] = []
    position = 0
    while position < len(text):
        if blanks := _BLANKS.match(text, position):
            position = blanks.end()
            continue
        start, word = position, ""
        while piece := _PIECE.match(text, position):
            bare = piece["bare"] or ""
            if "=" in bare and (not words or (not word and bare.startswith("="))):
                return None
            word += bare or piece["single"] or piece["double"] or ""
            position = piece.end()
        written = text[start:position]
        if not written or (not words and _GRAMMAR.fullmatch(written)):
            return None
        words.append(word)
    return tuple(words) or None
