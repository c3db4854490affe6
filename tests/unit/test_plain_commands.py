"""Which lines are plain commands, by table, by random quoting, and by asking real shells."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given, settings, strategies as st

from openai_codex import ApprovalPolicy, ApprovalRule, CommandApprovalRequest
from openai_codex._command_line import plain_command

PLAIN: list[tuple[str, list[str]]] = [
    ("git status", ["git", "status"]),
    ("  git \t status  ", ["git", "status"]),
    ("git commit -m 'it''s; $(x) `y` \\ ! *'", ["git", "commit", "-m", "its; $(x) `y` \\ ! *"]),
    ('g"i"t "a b"\'c\'d', ["git", "a bcd"]),
    ("git commit -m 'it'\"'\"'s'", ["git", "commit", "-m", "it's"]),
    ("git '' \"\"", ["git", "", ""]),
    ("git log --author='Zoë' \"…\"", ["git", "log", "--author=Zoë", "…"]),
    ("make CC=gcc --jobs=2 a==b", ["make", "CC=gcc", "--jobs=2", "a==b"]),
    ("tool '=x' \"=y\" '~' '#' '{a,b}'", ["tool", "=x", "=y", "~", "#", "{a,b}"]),
    ("'A=b' git", ["A=b", "git"]),
    ("'time' git", ["time", "git"]),
    ("t'im'e git", ["time", "git"]),
    ("git time if", ["git", "time", "if"]),
    ("timeout 1", ["timeout", "1"]),
    ("a 'b\tc'", ["a", "b\tc"]),
    # Shells in the forms in which the runtime shows them.
    ("/bin/bash -lc 'git status'", ["git", "status"]),
    ("/usr/bin/zsh -c ls", ["ls"]),
    ("/usr/local/bin/dash -lc \"git commit -m 'it works'\"", ["git", "commit", "-m", "it works"]),
    ("/opt/homebrew/bin/sh -lc 'echo '\"'q'\"", ["echo", "q"]),
    ("/bin/bash -lc 'git\tstatus'", ["git", "status"]),
    ("/bin/bash -lc \"echo 'x \"''\"y'\"", ["echo", "x y"]),
    # What is unwrapped is unwrapped once, and nothing else is.
    ("/bin/bash -lc \"/bin/bash -lc 'git status'\"", ["/bin/bash", "-lc", "git status"]),
    ("/bin/bash -lc \"bash -c 'git status'\"", ["bash", "-c", "git status"]),
    ("bash -lc 'git status'", ["bash", "-lc", "git status"]),
    ("./bin/bash -lc 'git status'", ["./bin/bash", "-lc", "git status"]),
    ("/srv/bin/bash -lc 'git status'", ["/srv/bin/bash", "-lc", "git status"]),
    ("/bin/../bin/bash -lc 'git status'", ["/bin/../bin/bash", "-lc", "git status"]),
    ("/bin/fish -lc 'git status'", ["/bin/fish", "-lc", "git status"]),
    ("/bin/bash -ic 'git status'", ["/bin/bash", "-ic", "git status"]),
    ("/bin/bash -cl 'git status'", ["/bin/bash", "-cl", "git status"]),
    ("/bin/bash 'git status'", ["/bin/bash", "git status"]),
    ("/bin/bash -lc 'git status' x", ["/bin/bash", "-lc", "git status", "x"]),
    ("/bin/bash --rcfile x -lc 'git status'", ["/bin/bash", "--rcfile", "x", "-lc", "git status"]),
    ("/bin/bash -l -c 'git status'", ["/bin/bash", "-l", "-c", "git status"]),
]

NOT_PLAIN = [
    "",
    " \t ",
    *(f"git status{tail}" for tail in (";ls", "; ls", "&", " & ls", "&&ls", "|ls", "||ls", "\nls", "\rls", "\r\nls")),
    *(f"git status {tail}" for tail in (">out", "2>&1", "<in", "<<x", "<(ls)", ">(ls)", "$(ls)", "`ls`", "$x", "${x}")),
    *(f"git status {tail}" for tail in ("$'x'", '$"x"', '"$x"', '"$(ls)"', '"`ls`"', '"a\\b"', '"!!"', "!!", "!x")),
    *(
        f"git status {tail}"
        for tail in ("*", "?", "[a]", "a]", "{a,b}", "}", "~", "~root", "a~", "#x", "^x", "\\;", "\\")
    ),
    *(
        f"git status {tail}"
        for tail in ("(", ")", "(ls)", "'open", '"open', "'a'\"", "é", "\N{NO-BREAK SPACE}x", "\u2028")
    ),
    *(f"git status {tail}" for tail in ("\0", "'\0'", '"\0"', "'\n'", '"\n"', "'\x1b'", "\x7f", "'\x7f'", "\v", "\f")),
    *("=git status", "git =ls", "git ''=ls", 'git ""=ls', "A=b git status", "A= git status", "A=b", "A+=b git status"),
    *("A='b' git status", 'A="b" git status', "a/b=c git", "'A'=b git status"),
    *("time git status", "if git status", "! git status", "coproc git status", "function git", "while git status"),
    *("{ git status", "[[ git", "(git status)", "nocorrect git status", "repeat 2 git status", "for git", "do git"),
    "/bin/bash -lc 'git status; ls'",
    "/bin/bash -lc 'git status' ; ls",
    "/bin/bash -lc ''",
    "/bin/bash -lc ' '",
    "/bin/bash -lc $x",
    "/bin/bash -lc git\\ status",
    "/bin/bash -lc 'A=b git status'",
    "A=b /bin/bash -lc 'git status'",
    "/bin/bash -lc 'a\nb'",
    "/bin/bash -lc 'x ''^ y'",
    # Double quotes with a backslash are how the runtime shows a script that has both kinds of quotes.
    '/bin/bash -lc "git log --format=\\"it\'s\\""',
    "<command included NUL byte>",
]


@pytest.mark.parametrize(("line", "argv"), PLAIN)
def test_plain_command_has_the_words_that_the_shell_makes_of_it(line: str, argv: list[str]) -> None:
    assert plain_command(line) == tuple(argv)


@pytest.mark.parametrize("line", NOT_PLAIN)
def test_everything_else_has_no_words(line: str) -> None:
    assert plain_command(line) is None
    if not line.startswith("/bin/"):  # which is unwrapped once only
        assert plain_command(shlex.join(["/bin/sh", "-c", line])) is None


@pytest.mark.parametrize("character", [chr(code) for code in range(128)])
def test_unquoted_character_is_itself_or_not_plain(character: str) -> None:
    literal = character.isalnum() or character in "_@%+=:,./-"
    separates = character in " \t"
    expected = ("git", f"a{character}b") if literal else ("git", "a", "b") if separates else None
    assert plain_command(f"git a{character}b") == expected


# Quoting in Python, and in the runtime


def runtime_quote(word: str) -> str:
    """Quote a word as the runtime does: each stretch unquoted, else in single quotes, else in double quotes."""
    pieces: list[str] = []
    rest = word
    while rest:
        bare, single, double = (len(rest) - len(rest.lstrip(BARE)), run(rest, "'^\\"), run(rest, "`$!^"))
        if rest.startswith("^"):
            single = 1 + run(rest[1:], "'^\\")
        size = max(bare, single, double)
        taken, rest = rest[:size], rest[size:]
        if bare == size:
            pieces.append(taken)
        elif single == size:
            pieces.append(f"'{taken}'")
        else:
            pieces.append('"' + taken.replace("\\", "\\\\").replace('"', '\\"') + '"')
    return "".join(pieces) or "''"


BARE = "+-./:@]_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def run(text: str, without: str) -> int:
    return next((index for index, character in enumerate(text) if character in without), len(text))


def test_runtime_quotes_as_it_was_seen_to() -> None:
    seen = {
        "git status": "'git status'",
        "git commit -m 'it works'": "\"git commit -m 'it works'\"",
        'git log --format="it\'s"': '"git log --format=\\"it\'s\\""',
        "a\\b": '"a\\\\b"',
        "x ^ y": "'x ''^ y'",
        "echo $X 'q'": "'echo $X '\"'q'\"",
        "ls": "ls",
        "": "''",
    }
    assert {word: runtime_quote(word) for word in seen} == seen


ODD = st.sampled_from("abg =~'\"\\$`!;&|<>(){}[]*?#^%-\n\t\0é")
WORDS = st.lists(st.text(st.one_of(ODD, st.characters())), min_size=1)


@settings(max_examples=500, deadline=None)
@given(words=WORDS, runtime=st.booleans(), shell=st.sampled_from([None, "/bin/bash -lc", "/usr/bin/zsh -c"]))
@example(words=["git", "it's"], runtime=True, shell="/bin/bash -lc")
@example(words=["A=b", "git"], runtime=True, shell="/bin/bash -lc")
def test_quoted_words_are_the_same_words_or_not_plain(words: list[str], runtime: bool, shell: str | None) -> None:
    # What the model writes as a script is quoted in some way, and the runtime quotes that in its own.
    script = shlex.join(words)
    quote = runtime_quote if runtime else shlex.quote
    line = " ".join(map(quote, words)) if shell is None else f"{shell} {quote(script)}"
    found = plain_command(line)
    if found is not None:
        assert found == tuple(words)


def test_words_that_are_quoted_plainly_are_found() -> None:
    for words in (["git", "status"], ["git", "commit", "-m", "it's; $(odd)"], ["a b", "~", "*"]):
        for quote in (shlex.quote, runtime_quote):
            assert plain_command(" ".join(map(quote, words))) == tuple(words)


# Real shells

SHELLS = [path for name in ("bash", "sh", "dash", "zsh") if (path := shutil.which(name))]
STUBS = ("git", "gitx", "ls", "bash", "env", "status", "time", "x")
BUILTINS = ("command", "eval", "exec")
STUB = '#!/bin/sh\nprintf \'%s\\0\' "${0##*/}" "$@" > "$RAN/$$"\n'


class World:
    """A directory in which there are no other commands than stubs, which note how they were called.

    Args:
        folder: An empty directory.
    """

    def __init__(self, folder: Path) -> None:
        self._bin, self._ran, self._cwd = folder / "bin", folder / "ran", folder / "cwd"
        for each in (self._bin, self._ran, self._cwd):
            each.mkdir()
        for name in STUBS:
            stub = self._bin / name
            stub.write_text(STUB)
            stub.chmod(0o755)

    def run(self, shell: str, script: str) -> list[tuple[str, ...]]:
        """Run a script, and return the calls that came of it."""
        env = {"PATH": str(self._bin), "HOME": str(self._cwd), "RAN": str(self._ran)}
        subprocess.run([shell, "-c", script], cwd=self._cwd, env=env, capture_output=True, stdin=subprocess.DEVNULL)
        calls = [tuple(os.fsdecode(each.read_bytes()).split("\0")[:-1]) for each in self._ran.iterdir()]
        for each in [*self._ran.iterdir(), *self._cwd.iterdir()]:
            each.unlink()
        return calls


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


def test_stubs_note_every_call(world: World) -> None:
    for shell in SHELLS:
        calls = world.run(shell, "git 'a b' ''; ls $(x) > y && git")
        assert sorted(calls) == [("git",), ("git", "a b", ""), ("ls",), ("x",)]


TRICKS = (
    *(";", "&", "&&", "|", "||", "\n", "\r", ">x", "2>&1", "<x", "<<x", "(", ")", "$(ls)", "`ls`", "$IFS", "${x}"),
    *("$x", "$'ls'", "*", "?", "[x]", "{ls,x}", "{", "}", "~", "#", "!", "!!", "^", "\\", "\\\n", "\\;", "\0", "\x01"),
    *("é", "%1", "'", '"', "'\"'\"'", "''", '""', "'ls'", '"ls"', "'; ls'", '"$(ls)"', '"\\""', "'\n'", "=ls", "A=b"),
    *("=", "+=", ":", "bash -lc", "/bin/bash -lc", "bash -c 'git status'", "env", "exec", "eval", "command", "time"),
    *("if", "then", "fi", "function", "coproc", "do", " ", " ", "\t", "git", "status", "git status", "ls", "x", "-s"),
    *("--", "=git", "gitx", " -s;ls", " x&ls", " x|ls", " x\nls", " x>x", " x$(ls)", " `ls`", " $x", " A=b git", "~/x"),
)
BEGINNINGS = (
    "git status",
    "git status ",
    "'git' \"status\" ",
    "g'i't sta\"tu\"s",
    "git\tstatus",
    "git",
    "time ",
    "A=b ",
    "",
)
SCRIPTS = st.lists(st.sampled_from(TRICKS), max_size=6).flatmap(
    lambda rest: st.sampled_from(BEGINNINGS).map(lambda first: first + "".join(rest))
)


def accepts(command: str) -> bool:
    policy = ApprovalPolicy([ApprovalRule.allow(command=["git", "status"])])
    answer = policy(CommandApprovalRequest(thread_id="t", command=command, cwd="/"))
    return getattr(answer, "decision", None) == "accept"


@settings(max_examples=2000, deadline=None)
@given(script=SCRIPTS, quote=st.sampled_from([shlex.quote, runtime_quote]))
@example(script="git status 'a'\"b\"c '' -s --x=y", quote=shlex.quote)
def test_accepted_script_runs_one_command_that_the_rule_names(
    world: World, script: str, quote: Callable[[str], str]
) -> None:
    if not accepts(f"/bin/bash -lc {quote(script)}"):
        return
    for shell in SHELLS:
        (call,) = world.run(shell, script)
        assert call[:2] == ("git", "status")
        assert call == plain_command(script)


@settings(max_examples=1000, deadline=None)
@given(script=SCRIPTS)
@example(script="A=b git")
@example(script="time git")
def test_plain_command_runs_with_the_words_that_were_found(world: World, script: str) -> None:
    words = plain_command(shlex.join(["/bin/sh", "-c", script]))
    if words is None or words[0] in BUILTINS or "/" in words[0]:
        return
    for shell in SHELLS:
        assert world.run(shell, script) == ([words] if words[0] in STUBS else [])


@pytest.mark.parametrize("outer", ["bash -lc", "/bin/bash -lc", "/usr/bin/env", "env", "sudo", "command"])
def test_command_within_a_command_is_not_what_the_rule_names(outer: str) -> None:
    assert not accepts(shlex.join(["/bin/bash", "-lc", f"{outer} 'git status'"]))
    assert not accepts(shlex.join(["/bin/bash", "-lc", f"{outer} git status"]))
