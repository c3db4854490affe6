"""What a person at a terminal sees, and what becomes of what is typed."""

from __future__ import annotations

import builtins
import io
import os
import re
import select
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from pydantic import TypeAdapter

from openai_codex import Elicitation, ElicitationRequest, UserInputRequest, console
from openai_codex._answers import NEVER_CANCELLED, ServerRequestContext
from openai_codex._approvals import (
    Approval,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    PermissionsApprovalRequest,
    ToolApprovalRequest,
)
from openai_codex._generated import models as m
from openai_codex._questions import elicitation_request
from openai_codex._terminal import Block, visible
from openai_codex.console import ask_approval, ask_user


class Screen:
    """A terminal that is none: what is typed is known beforehand.

    Tests make their own, because pytest sets the streams again between a fixture and its test.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.output = io.StringIO()
        monkeypatch.setattr(sys, "stdout", self.output)
        monkeypatch.setattr(console, "_threads", set[str]())
        monkeypatch.setenv("COLUMNS", "200")
        self.type()

    def type(self, *lines: str) -> None:
        self._monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))

    @property
    def text(self) -> str:
        return self.output.getvalue()

    @property
    def left(self) -> str:
        """What was typed and not read."""
        return sys.stdin.read()


def command(text: str | None = "git push", **settings: Any) -> CommandApprovalRequest:
    members: dict[str, Any] = {"thread_id": "t", "command": text, **settings}
    return CommandApprovalRequest(**members)


# What is shown of a text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, größe, 漢字, \U0001f600", "plain text, größe, 漢字, \U0001f600"),
        ("\x1b[2J\x9b", r"\x1b[2J\x9b"),
        ("a\rb\x08\x7f\x00", r"a\rb\x08\x7f\x00"),
        ("a\nb\tc\x0b\x0c\x85", r"a\nb\tc\x0b\x0c\x85"),
        ("\u202eevil\u2066\u200e", r"\u202eevil\u2066\u200e"),
        ("a\u200bb\u200db\u00ad\ufeff\u2060", r"a\u200bb\u200db\xad\ufeff\u2060"),
        ("\u2028\u2029", r"\u2028\u2029"),
        ("rm\u00a0-rf\u3000\u2003", r"rm\xa0-rf\u3000\u2003"),
        ("\U000e0041\U000e0100\ufe0f\u180b", r"\U000e0041\U000e0100\ufe0f\u180b"),
        ("\u3164\u115f\uffa0\u2800\u034f\u17b4", r"\u3164\u115f\uffa0\u2800\u034f\u17b4"),
        ("\ud800\ue000\uffff", r"\ud800\ue000\uffff"),
    ],
)
def test_what_does_not_show_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(visible(text)) == shown


def test_block_keeps_its_lines_and_nothing_else() -> None:
    assert visible("a\n\tb\r\n\x1b", block=True) == "a\n    b\\r\n\\x1b"


def test_block_that_is_shortened_says_how_much_is_missing() -> None:
    assert Block("", "a\nb\n", max_lines=2).note() == ""
    block = Block("", "a\nbbbbb\nc\nd\n", max_lines=2, max_width=3)
    assert block.lines() == ["a", "bbb"]
    assert block.note() == "not shown: 2 characters at the ends of 1 long lines and 2 more lines"
    whole = Block("", "x" * 100_000 + "\nb" * 1000)
    assert (whole.lines(), whole.note()) == (whole.text.split("\n"), "")


# Approvals


@pytest.mark.parametrize(
    ("typed", "approval"),
    [
        ("y", Approval.accept()),
        (" YES ", Approval.accept()),
        ("s", Approval.accept_for_session()),
        ("session", Approval.accept_for_session()),
        ("n", Approval.decline()),
        ("no", Approval.decline()),
        ("c", Approval.cancel()),
        ("cancel", Approval.cancel()),
        ("", Approval.decline()),
    ],
)
def test_approval_is_what_was_typed(monkeypatch: pytest.MonkeyPatch, typed: str, approval: Approval) -> None:
    screen = Screen(monkeypatch)
    screen.type(typed, "y")
    assert ask_approval(command()) == approval
    assert screen.left == "y\n"
    assert screen.text.endswith("[y]es, [s]ession, [n]o, [c]ancel? ")


def test_end_of_the_input_declines(monkeypatch: pytest.MonkeyPatch) -> None:
    Screen(monkeypatch)
    assert ask_approval(command()) == Approval.decline()


def test_three_answers_that_cannot_be_used_decline(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("yy", "\x1b[A", "r", "y")
    assert ask_approval(command()) == Approval.decline()
    assert screen.text.count("Please answer y, s, n or c.") == 3 and screen.left == "y\n"


def test_two_answers_that_cannot_be_used_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("what", "what", "y")
    assert ask_approval(command()) == Approval.accept()


def test_command_is_shown_whole_with_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    text = "\n".join(f"echo {number}" for number in range(500))
    ask_approval(command(text, cwd="/srv/x", reason="to publish", environment_id="box"))
    assert "== May this command run? ==" in screen.text
    assert [f"  | {line}" in screen.text.splitlines() for line in text.splitlines()] == [True] * 500
    assert "Directory: /srv/x\n" in screen.text and "Reason: to publish\n" in screen.text
    assert "Environment: box\n" in screen.text and "not shown" not in screen.text


def test_environment_of_the_runtime_itself_is_not_mentioned(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_approval(command(environment_id="local"))
    assert "Environment" not in screen.text


def test_command_cannot_paint_over_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_approval(command("ls\x1b[2J\r\n== May this command run? ==\n\u202e", cwd="/a\nReason: none", reason="\x1b[A"))
    lines = screen.text.splitlines()
    assert r"  | ls\x1b[2J\r" in lines and "  | == May this command run? ==" in lines and r"  | \u202e" in lines
    assert r"Directory: /a\nReason: none" in lines and r"Reason: \x1b[A" in lines
    assert lines.count("== May this command run? ==") == 1


def test_long_lines_are_folded_behind_the_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    monkeypatch.setenv("COLUMNS", "50")
    ask_approval(command("x" * 45 + "== PROMPT" + "漢" * 30, reason="y" * 60 + "Answer:"))
    shown = screen.text[: screen.text.rindex("[y]es")].splitlines()
    assert all(len(line) + line.count("漢") < 50 for line in shown)
    assert [line for line in shown if line.startswith(("==", "Answer"))] == ["== May this command run? =="]
    assert "".join(line.removeprefix("  | ") for line in shown if line.startswith("  | ")).count("漢") == 30


def test_text_that_the_terminal_cannot_write_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    Screen(monkeypatch)
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    ask_approval(command("echo größe"))
    assert rb"echo gr\xf6\xdfe" in raw.getvalue()


def test_rule_is_offered_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("r")
    assert ask_approval(command(proposed_rule=("git", "push it"))) == Approval.accept_with_rule(["git", "push it"])
    assert "[r]ule allows from now on every: git 'push it'" in screen.text and "[r]ule, [n]o" in screen.text


@pytest.mark.parametrize("rule", [None, (), ("",)])
def test_rule_is_not_offered_where_there_is_none(monkeypatch: pytest.MonkeyPatch, rule: Any) -> None:
    screen = Screen(monkeypatch)
    screen.type("r", "r", "r")
    assert ask_approval(command(proposed_rule=rule)) == Approval.decline()
    assert "[r]ule" not in screen.text


def test_host_of_a_command_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    network = m.NetworkApprovalContext.model_validate({"host": "a.test", "protocol": "https"})
    ask_approval(command(None, network=network))
    assert "May a command reach this host?" in screen.text and "Host: a.test (https)" in screen.text


def test_permissions_of_a_command_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    more = m.AdditionalPermissionProfile.model_validate({"network": {"enabled": True}})
    ask_approval(command(additional_permissions=more))
    assert "With these permissions beyond its sandbox:" in screen.text and '"enabled": true' in screen.text


def change(path: str, diff: str, **kind: Any) -> m.FileUpdateChange:
    return m.FileUpdateChange.model_validate({"path": path, "diff": diff, "kind": kind or {"type": "update"}})


def test_files_are_shown_with_their_diffs(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    moved = change("a.py", "-x\n+y\n", type="update", move_path="b.py")
    long = change("c.py", "\n".join(f"+{number}" for number in range(100)), type="add")
    ask_approval(FileChangeApprovalRequest(thread_id="t", changes=[moved, long], grant_root="/srv"))
    assert "update: a.py\n  moved to: b.py\n  | -x\n  | +y\nadd: c.py\n  | +0\n" in screen.text
    assert "  | +39\n  (not shown: 60 more lines)\n" in screen.text and "+40" not in screen.text
    assert "Writable for the session: /srv" in screen.text


def test_many_files_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_approval(FileChangeApprovalRequest(thread_id="t", changes=[change(f"f{n}", "+x") for n in range(25)]))
    assert "f19" in screen.text and "f20" not in screen.text and "(not shown: 5 more files)" in screen.text


def test_changes_that_are_not_known_are_called_that(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_approval(FileChangeApprovalRequest(thread_id="t"))
    assert "What would be changed is not known." in screen.text


def test_permissions_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    asked = m.RequestPermissionProfile.model_validate({"fileSystem": {"write": ["/srv"]}})
    ask_approval(PermissionsApprovalRequest(thread_id="t", permissions=asked, cwd="/x"))
    assert '"write": [' in screen.text and '"/srv"' in screen.text and "Directory: /x" in screen.text


def test_tool_is_shown_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("s")
    request = ToolApprovalRequest(
        thread_id="t", server="srv", tool="delete", arguments={"path": "\u202e"}, message="Allow?\nReally?"
    )
    assert ask_approval(request) == Approval.accept_for_session()
    for shown in ("Server: srv", "Tool: delete", "  | Allow?\n  | Really?", r'"path": "\u202e"'):
        assert shown in screen.text


def test_thread_is_named_as_soon_as_there_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_approval(command())
    assert "Thread:" not in screen.text
    ask_approval(command(thread_id="other"))
    assert "Thread: other" in screen.text


# One dialog at a time


class Flag:
    def __init__(self, *answers: bool) -> None:
        self._answers = [*answers]

    def is_set(self) -> bool:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def wait(self, timeout: float | None = None) -> bool:
        raise AssertionError(timeout)


def test_what_is_settled_before_its_turn_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("y")
    assert ask_approval(command(cancelled=Flag(True))) == Approval.decline()
    assert ask_user(question(cancelled=Flag(True))) == {}
    assert ask_user(elicitation({}, cancelled=Flag(True))) == Elicitation.decline()
    assert screen.text == ""


def test_what_is_settled_while_somebody_types_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("y")
    assert ask_approval(command(cancelled=Flag(False, True))) == Approval.decline()
    assert "settled in the meantime" in screen.text


def test_dialogs_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    asked, release = threading.Semaphore(0), threading.Semaphore(0)

    def slow_input(prompt: str) -> str:
        asked.release()
        assert release.acquire(timeout=10)
        return "y"

    monkeypatch.setattr(builtins, "input", slow_input)
    results: list[Approval] = []

    def work(text: str) -> None:
        results.append(ask_approval(command(text)))

    threads = [threading.Thread(target=work, args=[text]) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    assert asked.acquire(timeout=10)
    assert not asked.acquire(timeout=0.2)
    assert screen.text.count("  | ") == 1
    release.release()
    assert asked.acquire(timeout=10)
    assert screen.text.count("  | ") == 2
    release.release()
    for thread in threads:
        thread.join(10)
    assert results == [Approval.accept()] * 2


def interrupted(prompt: str) -> str:
    raise KeyboardInterrupt


def test_interruption_of_the_main_thread_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    with monkeypatch.context() as patch:
        patch.setattr(builtins, "input", interrupted)
        with pytest.raises(KeyboardInterrupt):
            ask_approval(command())
    screen.type("y")
    assert ask_approval(command()) == Approval.accept()  # the next one has its turn


def test_interruption_of_another_thread_declines(monkeypatch: pytest.MonkeyPatch) -> None:
    Screen(monkeypatch)
    monkeypatch.setattr(builtins, "input", interrupted)
    results: list[Approval] = []
    thread = threading.Thread(target=lambda: results.append(ask_approval(command())))
    thread.start()
    thread.join(10)
    assert results == [Approval.decline()]


def test_what_is_shown_is_written_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    Screen(monkeypatch)
    pieces: list[str] = []

    class Output(io.StringIO):
        def write(self, text: str) -> int:
            pieces.append(text)
            return len(text)

    monkeypatch.setattr(sys, "stdout", Output())
    ask_approval(command(reason="x"))
    assert "May this command run?" in pieces[0] and pieces[0].endswith("Reason: x\n")


# Questions


COLOURS = [{"label": "Red", "description": "warm"}, {"label": "Green", "description": ""}]


def question(*more: dict[str, Any], cancelled: Any = NEVER_CANCELLED, **settings: Any) -> UserInputRequest:
    asked = [{"id": "q", "header": "Head", "question": "Which?\nSay", **settings}, *more]
    questions = [m.ToolRequestUserInputQuestion.model_validate(each) for each in asked]
    return UserInputRequest(thread_id="t", questions=questions, cancelled=cancelled)


@pytest.mark.parametrize(
    ("typed", "answer"),
    [("1", "Red"), ("2", "Green"), ("green", "Green"), (" Red ", "Red")],
)
def test_option_is_chosen_by_number_or_label(monkeypatch: pytest.MonkeyPatch, typed: str, answer: str) -> None:
    screen = Screen(monkeypatch)
    screen.type(typed)
    assert ask_user(question(options=COLOURS)) == {"q": answer}
    assert "== Question 1 of 1: Head ==\n  | Which?\n  | Say\n  1) Red - warm\n  2) Green\n" in screen.text


def test_label_goes_before_number(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("1")
    options = [{"label": "2", "description": ""}, {"label": "1", "description": ""}]
    assert ask_user(question(options=options)) == {"q": "1"}


def test_other_answer_is_free_only_where_it_is_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("0", "3", "Blue")
    assert ask_user(question(options=COLOURS)) == {}
    assert screen.text.count("from 1 to 2") == 3
    screen.type("Blue")
    assert ask_user(question(options=COLOURS, isOther=True)) == {"q": "Blue"}


def test_answer_without_options_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("  as it is ")
    assert ask_user(question()) == {"q": "  as it is "}


def test_question_without_an_answer_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("", "x")
    assert ask_user(question({"id": "r", "header": "", "question": "?"})) == {"r": "x"}


def test_end_of_the_input_gives_no_answers_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("x")
    assert ask_user(question({"id": "r", "header": "", "question": "?"})) == {}


def test_question_cannot_paint_over_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_user(question(header="\x1b[A", options=[{"label": "\u202e", "description": "\n"}]))
    assert r"Question 1 of 1: \x1b[A" in screen.text and r"  1) \u202e - \n" in screen.text


# Elicitations


ELICITATIONS: TypeAdapter[Any] = TypeAdapter(m.McpServerElicitationRequestParams)


def elicitation(
    properties: dict[str, Any] | None,
    *required: str,
    mode: str = "form",
    cancelled: Any = NEVER_CANCELLED,
    **members: Any,
) -> ElicitationRequest:
    if properties is not None:
        members["requestedSchema"] = {"type": "object", "properties": properties, "required": [*required]}
    members = {"mode": mode, "threadId": "t", "serverName": "srv", "message": "Who?", **members}
    context = ServerRequestContext(7, "x", "t", None, {}, None, cancelled)
    return elicitation_request(ELICITATIONS.validate_python(members), context)


FORM: dict[str, Any] = {
    "first-name": {"type": "string", "title": "Name", "description": "As on paper", "minLength": 2},
    "age": {"type": "integer", "minimum": 0},
    "ratio": {"type": "number", "default": 1.5},
    "ok": {"type": "boolean"},
    "colour": {"type": "string", "oneOf": [{"const": "r", "title": "Red"}, {"const": "g", "title": "Green, dark"}]},
    "tags": {"type": "array", "items": {"type": "string", "enum": ["a", "b", "c,d"]}},
    "mail": {"type": "string", "format": "email"},
}


def test_form_is_asked_field_by_field(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("Ada", "36", "2", "y", "2", "1, b", "ada@example.com", "y")
    content = {
        "first-name": "Ada",
        "age": 36,
        "ratio": 2,
        "ok": True,
        "colour": "g",
        "tags": ["a", "b"],
        "mail": "ada@example.com",
    }
    answer = ask_user(elicitation(FORM, "first-name"))
    assert (answer.action, answer.content) == ("accept", content)
    assert "== The server srv asks ==\n  | Who?\n" in screen.text
    assert "== Name (text, required) ==\n  | As on paper\n" in screen.text
    assert "== ratio (number) ==\nDefault: 1.5\n" in screen.text
    assert "== ok (y or n) ==" in screen.text and "== mail (email) ==" in screen.text
    assert "  1) Red - r\n  2) Green, dark - g\n" in screen.text


def test_fields_are_asked_again_until_they_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type(
        "", "A", "Ada", "old", "-1", "36", "x", "", "maybe", "n", "blue", "GREEN, DARK", "4", "c,d", "ada", "", "y"
    )
    answer = ask_user(elicitation(FORM, "first-name"))
    assert answer.content == {"first-name": "Ada", "age": 36, "ok": False, "colour": "g", "tags": ["c,d"]}
    for problem in (
        "This has to be answered.",
        "at least 2 characters.",
        "Please answer with a number.",
        "greater than or equal to 0.",
        "Please answer y or n.",
        "from 1 to 2",
        "from 1 to 3",
        "it should be an email address.",
    ):
        assert problem in screen.text


def test_option_of_a_form_is_chosen_by_what_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("g", "y")
    assert ask_user(elicitation({"colour": FORM["colour"]})).content == {"colour": "g"}


def test_three_values_that_do_not_fit_decline(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    screen.type("A", "B", "C", "Ada")
    assert ask_user(elicitation(FORM, "first-name")) == Elicitation.decline()
    assert screen.left == "Ada\n"


def test_nothing_is_sent_without_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    for last in ("n", ""):
        screen.type("Ada", last)
        assert ask_user(elicitation({"name": {"type": "string"}})) == Elicitation.decline()
    screen.type("Ada")
    assert ask_user(elicitation({"name": {"type": "string"}})) == Elicitation.decline()


def test_form_without_fields_takes_yes_or_no(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    for typed, answer in (("y", Elicitation.accept()), ("n", Elicitation.decline()), ("", Elicitation.decline())):
        screen.type(typed)
        assert ask_user(elicitation({}, _meta={"tool_params": {"path": "/x"}})) == answer
    assert '"path": "/x"' in screen.text


def test_address_is_shown_with_its_host(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    url = "https://good.test@evil.test/x\u202e"
    for typed, answer in (("y", Elicitation.accept()), ("n", Elicitation.decline()), ("", Elicitation.decline())):
        screen.type(typed)
        assert ask_user(elicitation(None, mode="url", elicitationId="e", url=url)) == answer
    assert r"  | https://good.test@evil.test/x\u202e" in screen.text and "Host: evil.test\n" in screen.text


def test_address_that_is_none_is_shown_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(monkeypatch)
    ask_user(elicitation(None, mode="url", elicitationId="e", url="http://[x"))
    assert "  | http://[x\n" in screen.text and "Host" not in screen.text


@pytest.mark.parametrize(
    "members",
    [
        {"mode": "voice", "url": "https://a.test"},
        {"mode": "openai/userVerification", "challenge": "c", "title": "T", "description": "D"},
        {"mode": "form", "requestedSchema": {"type": "object", "properties": {"f": {"type": "file"}}}},
    ],
)
def test_what_cannot_be_answered_here_is_declined(monkeypatch: pytest.MonkeyPatch, members: dict[str, Any]) -> None:
    screen = Screen(monkeypatch)
    screen.type("y")
    assert ask_user(elicitation(None, **members)) == Elicitation.decline()
    assert "cannot be answered here" in screen.text and screen.left == "y\n"


# Real terminals


CHILD = """
import fcntl, sys, termios, threading
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
for name in {hidden!r}:
    sys.modules[name] = None
from openai_codex import ElicitationRequest, UserInputRequest, types as m
from openai_codex._approvals import CommandApprovalRequest
from openai_codex.console import ask_approval, ask_user
cancelled = threading.Event()
over = threading.Event()  # a thread whose join() was interrupted counts as over in older Pythons
def work():
    print("RESULT", {call}, flush=True)
    over.set()
try:
    threading.Thread(target=work).start()  # whose question may be there before this returns
    over.wait()
except KeyboardInterrupt:
    cancelled.set()
    print("INTERRUPTED", flush=True)
    over.wait()
"""

EVIL = r"ls [bold]x[/bold] :smile: \x1b[2J\x1b]0;title\x07\r\u202e\n" + "y" * 200
APPROVAL = f'ask_approval(CommandApprovalRequest(thread_id="t", command="{EVIL}", cancelled=cancelled))'
SECRET = (
    'ask_user(UserInputRequest(thread_id="t", questions=[m.ToolRequestUserInputQuestion('
    'id="q", header="H", question="?", is_secret=True)]))'
)


ADDRESS = (
    'ask_user(ElicitationRequest(thread_id="t", server="[red]s[/red]", mode="url", message="[red]m[/red] :smile:", '
    'url="https://a.test/[red]x[/red]"))'
)


class Terminal:
    """A program in a terminal of its own."""

    def __init__(self, call: str, *, rich: bool, ahead: str = "") -> None:
        pty = pytest.importorskip("pty")
        self._master, slave = pty.openpty()
        if ahead:
            self.type(ahead)
        hidden = [] if rich else ["rich", "rich.console"]
        environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "60", "PYTHONUTF8": "1"}
        environ.pop("NO_COLOR", None)
        self._process = subprocess.Popen(
            [sys.executable, "-c", CHILD.format(hidden=hidden, call=call)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env=environ,
        )
        os.close(slave)
        self._read = b""

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, expected: str) -> str:
        """Everything that was shown, as soon as ``expected`` was."""
        end = time.monotonic() + 30
        while expected.encode() not in self._read:
            if time.monotonic() > end or not select.select([self._master], [], [], 1)[0]:
                assert time.monotonic() < end, self._read
                continue
            try:
                self._read += os.read(self._master, 65536)
            except OSError:  # the program is over
                pytest.fail(f"{expected!r} was never shown: {self._read!r}")
        return self._read.decode()


PROMPT = "[c]ancel? "
FRAME = dict.fromkeys(map(ord, "|\u2502"))


@pytest.mark.parametrize("rich", [False, True])
def test_approval_in_a_terminal(rich: bool) -> None:
    with Terminal(APPROVAL, rich=rich) as terminal:
        shown = terminal.until(PROMPT)
        terminal.type("y\n")
        assert "decision='accept'" in terminal.until("rule=")
    assert ("\u256d" in shown) is rich  # the corner of a panel
    assert r"\x1b[2J\x1b]0;title\x07\r\u202e" in "".join(unstyled(shown).translate(FRAME).split())
    for raw in ("\x1b[2J", "\x1b]", "\x07", "\u202e"):
        assert raw not in shown
    assert "[bold]x[/bold] :smile:" in unstyled(shown)
    assert unstyled(shown).count("y" * 40) >= 3 and unstyled(shown).count("y") >= 200


def test_markup_of_others_is_text() -> None:
    with Terminal(ADDRESS, rich=True) as terminal:
        shown = unstyled(terminal.until("[n]o? "))
    assert "The server [red]s[/red] asks" in shown and "[red]m[/red] :smile:" in shown and "/[red]x[/red]" in shown


def unstyled(text: str) -> str:
    """What is left when colours are taken away."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_what_was_typed_before_the_question_is_no_answer() -> None:
    with Terminal(APPROVAL, rich=False, ahead="y\n") as terminal:
        terminal.until(PROMPT)
        terminal.type("n\n")
        assert "decision='decline'" in terminal.until("rule=")


def test_interruption_reaches_the_main_thread_and_the_dialog_is_over() -> None:
    with Terminal(APPROVAL, rich=False) as terminal:
        terminal.until(PROMPT)
        terminal.type("\x03")
        terminal.until("INTERRUPTED")
        terminal.type("y\n")
        shown = terminal.until("rule=")
    assert "settled in the meantime" in shown and "decision='decline'" in shown


def test_secret_answer_does_not_show() -> None:
    with Terminal(SECRET, rich=False) as terminal:
        terminal.until("Answer: ")
        terminal.type("hunter\n")
        shown = terminal.until("RESULT {'q': 'hunter'}")
    assert shown.count("hunter") == 1
