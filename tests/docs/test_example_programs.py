"""Every example program does what it says, as it stands.

Each runs in a fresh process and directory, where plain ``Codex()`` and ``AsyncCodex()`` reach a scripted model. The
table says what the model answers, what the program then prints, and what must have reached the model.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from openai_codex.testing import ScriptedModel, tool_call
from tests.docs.blocks import ROOT

EXAMPLES = ROOT / "docs" / "examples"


@dataclass(frozen=True)
class Program:
    """What belongs to one example.

    Attributes:
        script: Adds the model's answers.
        prints: Texts of its output, or patterns that are found there.
        sends: Texts of the requests to the model, as JSON.
        variables: More variables of its environment.
        needs_auth: Whether the provider is one that asks for a login.
        repository: Whether it runs in a git repository with a change that is not committed.
        stdin: What is typed.
        config_toml: More configuration of the runtime.
    """

    script: Callable[[ScriptedModel], object]
    prints: tuple[str | re.Pattern[str], ...]
    sends: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict[str, str])
    needs_auth: bool = False
    repository: bool = False
    stdin: str = ""
    config_toml: str = ""


def slow(model: ScriptedModel, text: str) -> ScriptedModel:
    """Add an answer that takes a second or so, which leaves time to steer or stop it."""
    return model.stream([f"{word} " for word in text.split()], delay=0.1)


STORY = "Once upon a time there was a lighthouse that nobody had ever seen from the sea because it stood inland."
FINDINGS = json.dumps(
    {
        "findings": [],
        "overall_correctness": "patch is correct",
        "overall_explanation": "Nothing to complain about.",
        "overall_confidence_score": 0.9,
    }
)
EPIC = " ".join([STORY] * 3)
TOUCH = {"cmd": "touch notes.txt && echo it is ''there"}  # the quotes are not in its output
PICTURES = (
    '"image_url": "data:image/png;base64,',
    '"detail": "high"',
    '"detail": "original"',
    "<image name=[Image #1] path=",
)
RECIPE = json.dumps({"title": "Omelette", "minutes": 10, "steps": ["Beat the eggs.", "Fry them."]})
QUICK = json.dumps({"title": "Omelette", "minutes": 10})
GOULASH = json.dumps({"title": "Goulash", "minutes": 180, "steps": ["Stir."]})


def controls(model: ScriptedModel) -> ScriptedModel:
    """Add answers to steer and to stop."""
    slow(model, "A context manager is much older than you may think.").say("With an example.")
    return slow(model, STORY)


# The browser's part may end in other ways, because all runtimes of the machine share its port.
LOGIN = Program(
    lambda model: model,
    (
        re.compile(r"In the browser\n  (open https://\S+\n(  nobody came: canceled\n)?  not logged in|not possible): "),
        "On another device\n  not possible: failed to request device code",
        "With an API key\n  account: apiKey\n  account: none\n",
    ),
    variables={"OPENAI_API_KEY": "sk-example"},
    needs_auth=True,
)
ERRORS = Program(
    lambda model: (
        model.say("Hello.").fail("context_length_exceeded").fail("server_is_overloaded").fail(401, "no key").hang()
    ),
    (
        "Hello? -> Hello.",
        "What is new? -> the thread is full",
        "And now? -> the model is at capacity",
        "Still there? -> the model's server answered with status 401",
        "timeout -> too slow",
        "unknown thread -> there is no such thread",
    ),
)
RUN = {"cmd": "echo ran"}
COMPLETE = {"status": "complete"}

WAREHOUSE: list[tuple[str, dict[str, Any]]] = [
    ("stock", {}),
    ("reserve", {"amount": "two"}),
    ("reserve", {"amount": 2}),
]
DESK = f"""
[mcp_servers.desk]
command = {json.dumps(sys.executable)}
args = {json.dumps([str(ROOT / "tests" / "e2e" / "mcp_server.py")])}
"""
SIZES = [{"label": "S", "description": "small"}, {"label": "L", "description": "large"}]
SIZE = {"id": "size", "header": "Size", "question": "Which size?", "options": SIZES}
ANSWERED = (
    json.dumps(json.dumps({"answers": {"size": {"answers": ["L"]}}}, separators=(",", ":"))),
    r"answered {\"action\": \"accept\", \"content\": {\"color\": \"blue\", \"name\": \"Ada\"}}",
)


def outside(command: str) -> Any:
    """A call that asks to run a command outside of the sandbox."""
    wish = {"sandbox_permissions": "require_escalated", "justification": "The sandbox is in the way."}
    return tool_call("exec_command", {"cmd": command, **wish})


def patch(path: str) -> str:
    """A patch that adds a file."""
    return f"*** Begin Patch\n*** Add File: {path}\n+Good morning\n*** End Patch"


def ask_questions(model: ScriptedModel) -> ScriptedModel:
    """Add a question of the model's, and a call that makes a server ask."""
    model.call_tool("request_user_input", {"questions": [SIZE]}).say("It is large.")
    return model.answer(tool_call("ask_form", {}, namespace="mcp__desk")).say("Hello Ada.")


APPROVALS = Program(
    lambda model: (
        model.answer(outside("date > today.txt"))
        .say("Done.")
        .call_tool("apply_patch", patch("hello.txt"))
        .say("As you like.")
    ),
    (
        "== May this command run? ==\nCommand:\n  | /bin/bash -lc 'date > today.txt'\nDirectory: ",
        "Reason: The sandbox is in the way.\n[y]es, [s]ession, [r]ule, [n]o, [c]ancel? ",
        "\ncompleted: /bin/bash -lc 'date > today.txt'\nDone.\n\n== May these files be changed? ==\nadd: ",
        re.compile(r"hello\.txt\n  \| Good morning\n.*\? \ndeclined: \S+hello\.txt\nAs you like\.\n$"),
    ),
    ("patch rejected by user",),
    stdin="y\nn\n",
)

QUICKSTART = Program(lambda model: model.say("It parses dates."), ("It parses dates.\n[completed, 2 tokens]\n",))

PROGRAMS: dict[str, Program] = {
    "demo.py": Program(lambda model: model, ("I am a script", "refused")),
    "sync/quickstart.py": QUICKSTART,
    "async_/quickstart.py": QUICKSTART,
    "sync/stream.py": Program(
        lambda model: model.stream(["Good ", "morning."]).call_tool("exec_command", RUN).stream(["No ", "files."]),
        ("Good morning.\n---\n$ ", "echo ran'\nran\n[exit code 0]\nNo files.\n[completed: 3 items in "),
    ),
    "async_/stream.py": Program(
        lambda model: (
            model.stream(["Good ", "morning."])
            .call_tool("exec_command", RUN)
            .call_tool("exec_command", RUN)
            .say("As I thought.")
            .say("As I thought.")
        ),
        (
            "Good morning.\n---\n",
            "echo ran' [exit code 0]",
            "files | As I thought.\n",
            "disk | As I thought.\n",
            "files | completed in ",
            "disk | completed in ",
        ),
    ),
    "sync/multi_turn.py": Program(
        lambda model: model.say("datewise").say("dw").say("Dates, parsed."),
        ("2. Shorter, please.\n   dw\n   [2 tokens, 4 so far]", "Dates, parsed.\n   [2 tokens, 6 so far]"),
        ("datewise", "Answer in one line"),
    ),
    "async_/multi_turn.py": Program(
        lambda model: [model.say("An answer.") for _ in range(6)],
        (
            "a library that parses dates\n  Suggest a name for a library that parses dates.\n    An answer.\n",
            "a program that renames photographs\n",
            "one-line description for it.\n    An answer.\n    [2 tokens, 6 so far]\na program",
        ),
        ("Answer in one line",),
    ),
    "sync/controls.py": Program(
        lambda model: controls(model).hang().call_tool("exec_command", TOUCH).say("Done."),
        ("steered: With an example.", "interrupted: 'Once upon", "timeout: interrupted", "gpt-5.5: Done."),
        ("Leave out the history", '"effort": "low"', "it is there"),
    ),
    "async_/controls.py": Program(
        lambda model: controls(model).hang().hang().call_tool("exec_command", TOUCH).say("Done."),
        (
            "steered: With an example.",
            "interrupted: 'Once upon",
            "timeout: interrupted",
            "cancelled: True, and the turn is interrupted",
            "gpt-5.5: Done.",
        ),
        ("Leave out the history", '"effort": "low"', "it is there"),
    ),
    "sync/images.py": Program(
        lambda model: model.say("A square.").say("Red.").say("The same."),
        ("path:  A square.", "bytes: Red.", "local: The same."),
        PICTURES,
    ),
    "async_/images.py": Program(
        lambda model: model.say("Red.").say("Red.").say("Red."),
        ("path:  Red.\nbytes: Red.\nlocal: Red.\n",),
        PICTURES,
    ),
    "sync/structured_output.py": Program(
        lambda model: model.say("Eggs!").say(RECIPE).say('{"value": ["Tortilla", "Frittata"]}').say(GOULASH),
        (
            "Omelette (10 minutes)\n  1. Beat the eggs.\n  2. Fry them.\nalso known as Tortilla, Frittata\n",
            f"not a recipe: ('minutes',): Input should be less than or equal to 60\nthe answer was {GOULASH}\n",
        ),
        ('"json_schema"', "Time from start to table.", "- $: Invalid JSON: expected value at line 1 column 1"),
    ),
    "async_/structured_output.py": Program(
        lambda model: model.say("Eggs!").say(QUICK).say(QUICK).say(QUICK),
        (" 10 minutes: Omelette\n 10 minutes: Omelette\n 10 minutes: Omelette\n",),
        ('"json_schema"', "Time from start to table.", "- $: Invalid JSON: expected value at line 1 column 1"),
    ),
    "sync/approvals.py": APPROVALS,
    "async_/approvals.py": APPROVALS,
    "sync/policy.py": Program(
        lambda model: (
            model.answer(outside("git status"), outside("git push"), outside("git push; ls"))
            .call_tool("apply_patch", patch("notes/today.md"))
            .say("Two of four.")
        ),
        (
            "asked about a command: /bin/bash -lc 'git push; ls'\nTwo of four.\n",
            "allow by rule 1 -> accept: command: /bin/bash -lc 'git status' (in ",
            " deny by rule 0 -> decline: command: /bin/bash -lc 'git push' (in ",
            "  ask by rule 3 -> decline: command that is not plain: /bin/bash -lc 'git push; ls'\n",
            re.compile(r"allow by rule 2 -> accept: add file: \S+/notes/today.md\n4 lines in the audit file\n"),
        ),
        ("Untracked files", "rejected by user", "Success. Updated the following files:"),
        repository=True,
    ),
    "async_/policy.py": Program(
        lambda model: model.answer(outside("git status")).say("OK.").answer(outside("git status")).say("OK."),
        (
            "asked about a command: /bin/bash -lc 'git status'\n",
            "trusted: allow by rule 0 -> accept: command: /bin/bash -lc 'git status' (in ",
            "strict: ask by rule 0 -> decline: command: /bin/bash -lc 'git status' (in ",
            "2 lines in the audit file\n",
        ),
        ("Untracked files", "rejected by user"),
        repository=True,
    ),
    "sync/tools.py": Program(
        lambda model: (
            model.call_tool("stock", {"article": "chair"})
            .call_tool("reserve", {"article": "chair", "amount": "two"})
            .call_tool("reserve", {"article": "chair", "amount": 2})
            .say("Two chairs are yours.")
        ),
        (
            re.compile(r"^the thread ends with (\w{4})\nreserving 2 of chair for the thread that ends with \1\n"),
            "stock({'article': 'chair'}) completed: 12\n"
            "reserve({'article': 'chair', 'amount': 'two'}) failed: The arguments do not fit: amount: Input should be",
            "reserve({'article': 'chair', 'amount': 2}) completed: "
            '{"article":"chair","amount":2,"left":10}\nTwo chairs are yours.\n',
        ),
        ("Name in the singular, such as chair.", "Tell how many of an article there are.", "The arguments do not fit"),
    ),
    "async_/tools.py": Program(
        lambda model: (
            [
                model.answer(tool_call(name, {"article": "chair", **more}, namespace="warehouse"))
                for name, more in WAREHOUSE
                for _ in range(2)
            ]
            and model.say("Yours.").say("Yours.")
        ),
        (
            "reserving 2 of chair in work\n",
            "warehouse.stock({'article': 'chair'}) completed: 12\n",
            "warehouse.reserve({'article': 'chair', 'amount': 'two'}) failed: The arguments do not fit: amount: ",
            "warehouse.reserve({'article': 'chair', 'amount': 2}) completed: ",
            '"left":8}\n',
            "chairs that are left: 8\n",
        ),
        ("What is in the warehouse.", "Name in the singular, such as chair.", "The arguments do not fit"),
    ),
    "sync/questions.py": Program(
        ask_questions,
        (
            "== Question 1 of 1: Size ==\n  | Which size?\n  1) S - small\n  2) L - large\n",
            "\ndesk: Who are you?\n  answered with {'color': 'blue', 'name': 'Ada'}\nHello Ada.\n",
        ),
        ANSWERED,
        stdin="2\n",
        config_toml=DESK,
    ),
    "async_/questions.py": Program(
        ask_questions,
        ("Which size? ['S', 'L'] -> L\nIt is large.\ndesk: Who are you? (form)\nHello Ada.\n",),
        ANSWERED,
        config_toml=DESK,
    ),
    "sync/login.py": LOGIN,
    "async_/login.py": LOGIN,
    "sync/errors_and_retry.py": ERRORS,
    "async_/errors_and_retry.py": ERRORS,
    "sync/model_selection.py": Program(
        lambda model: model.say("29.").say("It is 29."),
        ("* GPT-", "  GPT-5.5 ", "by itself thinks with effort", "\nlow: 29.\n", ": It is 29.\n"),
        ('"effort": "low"',),
    ),
    "async_/model_selection.py": Program(
        lambda model: model.say("29.").say("29."),
        ("* GPT-", "  GPT-5.5 ", "\nGPT-5.5 with effort low: 29. ("),
        ('"effort": "low"', '"model": "gpt-5.5"'),
    ),
    "sync/goals.py": Program(
        lambda model: slow(model.say("An idea.").call_tool("update_goal", COMPLETE).say("It is written."), STORY),
        (
            "turn 1: An idea.\nturn 2: It is written.\nthe goal is complete after ",
            "the first words are 'Once ', and that is enough\nFind the largest prime number. is paused\n",
        ),
    ),
    "async_/goals.py": Program(
        lambda model: slow(
            model.stream(["An ", "idea."]).call_tool("update_goal", COMPLETE).stream(["It ", "is written."]), EPIC
        ),
        (
            "turn 1: An idea.\nturn 2: It is written.\nthe goal is complete after ",
            "turn 1: Once upon",
            "\nFind the largest prime number. is paused\n",
        ),
    ),
    "sync/review.py": Program(
        lambda model: model.call_tool("exec_command", {"cmd": "git status --short"}).say(FINDINGS).say(FINDINGS),
        (
            "Changes that are not committed\n  $ ",
            "git status --short'\nNothing to complain about.\n",
            "The tests\nNothing to complain about.\n",
        ),
        ("?? new.txt", "no test would notice"),
        repository=True,
    ),
    "async_/review.py": Program(
        lambda model: model.say(FINDINGS).say(FINDINGS),
        ("Changes that are not committed\nNothing to complain about.\n\nThe tests\nNothing to complain about.\n",),
        ("untracked", "no test would notice"),
        repository=True,
    ),
    "sync/threads.py": Program(
        lambda model: model.say("Noted.").say("7.").say("8."),
        (
            "Newest threads\n  A number to remember\nResumed: 7.\nForked:  8.\n",
            "you:   Remember the number 7.\n  Codex: Noted.\n  you:   Which number?\n  Codex: 7.\n",
            "Archived: True",
        ),
    ),
    "async_/threads.py": Program(
        lambda model: [model.say("As you say.") for _ in range(5)],
        (
            "Stored: ['The number 7', 'The number 8', 'The number 9']\n",
            "Thread: 2 turns, the newest is completed\n  you:   Remember the number 7.\n  Codex: As you say.\n",
            "Fork: 2 turns, ",
            "  you:   Add 100 to it.\n  Codex: As you say.\nArchived: 3\n",
        ),
    ),
}


def test_every_example_is_in_the_table_and_in_the_list() -> None:
    files = {path.relative_to(EXAMPLES).as_posix() for path in EXAMPLES.rglob("*.py")}
    assert files == set(PROGRAMS)
    listed = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert [name for name in sorted(files) if f"]({name})" not in listed] == []


def test_sync_and_async_examples_have_the_same_names() -> None:
    names = {form: sorted(path.name for path in (EXAMPLES / form).glob("*.py")) for form in ("sync", "async_")}
    assert names["sync"] == names["async_"] != []


@contextmanager
def world(program: Program) -> Generator[tuple[ScriptedModel, dict[str, str]]]:
    """A scripted model with a workspace, and the environment that leads there."""
    with ScriptedModel(requires_openai_auth=program.needs_auth, config_toml=program.config_toml) as model:
        program.script(model)
        if program.repository:
            subprocess.run(["git", "init", "--quiet"], cwd=model.workspace, check=True)
            (model.workspace / "new.txt").write_text("new\n", encoding="utf-8")
        isolated = model.config().env or {}
        yield model, {**os.environ, **isolated, "PYTHONPATH": str(ROOT / "src"), **program.variables}


def run(
    name: str, model: ScriptedModel, environment: dict[str, str], *more: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-W", "error", str(EXAMPLES / name), *more]
    return subprocess.run(
        command, cwd=model.workspace, env=environment, input=stdin, capture_output=True, text=True, timeout=60
    )


def appears(text: str | re.Pattern[str], output: str) -> bool:
    return text in output if isinstance(text, str) else text.search(output) is not None


@pytest.mark.e2e
@pytest.mark.parametrize("name", PROGRAMS)
def test_example_program_runs(name: str) -> None:
    program = PROGRAMS[name]
    with world(program) as (model, environment):
        done = run(name, model, environment, stdin=program.stdin)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert [text for text in program.prints if not appears(text, done.stdout)] == [], done.stdout
        sent = json.dumps([request.body for request in model.requests], ensure_ascii=False)
        assert [text for text in program.sends if text not in sent] == []
        assert model.unexpected == []
        assert model.remaining == 0


@pytest.mark.e2e
@pytest.mark.parametrize("form", ["sync", "async_"])
def test_login_without_a_key_says_so(form: str) -> None:
    with world(dataclasses.replace(LOGIN, variables={"OPENAI_API_KEY": ""})) as (model, environment):
        done = run(f"{form}/login.py", model, environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "login: set OPENAI_API_KEY to the API key to log in with\n"


@pytest.mark.e2e
@pytest.mark.parametrize("form", ["sync", "async_"])
def test_login_leaves_a_login_alone(form: str) -> None:
    with world(LOGIN) as (model, environment):
        kept = model.home / "auth.json"
        kept.write_text('{"OPENAI_API_KEY": "sk-other"}', encoding="utf-8")
        done = run(f"{form}/login.py", model, environment)
        assert "sk-other" in kept.read_text(encoding="utf-8")
    assert (done.returncode, done.stdout) == (1, "")
    assert "somebody is logged in" in done.stderr


@pytest.mark.e2e
@pytest.mark.parametrize("form", ["sync", "async_"])
def test_review_without_a_repository_says_so(form: str) -> None:
    alone = Program(lambda model: model.say(FINDINGS), ())
    with world(alone) as (model, environment):
        done = run(f"{form}/review.py", model, environment, "main")
        assert (done.returncode, done.stderr, model.remaining) == (0, "", 0)
    assert re.search(r"(Changes since|Since) main\n *no review: ", done.stdout)
    assert "The tests\nNothing to complain about.\n" in done.stdout
