"""``schema`` as users run it: on the real runtime, on bundles of older ones, and on what is no schema at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from openai_codex import Codex, CodexConfig
from openai_codex._cli import main
from openai_codex._generated._version import OLDEST_RUNTIME, PACKAGE_VERSION, RUNTIME_VERSION
from openai_codex._schema.rules import RUNTIME_RULES, Verdict
from openai_codex._transport.launch import find_runtime
from openai_codex.errors import InvalidRequestError
from openai_codex.testing import ScriptedModel
from tests.cli.doctor_runs import Outcome, run, without_runtime
from tests.cli.schema_runs import BUNDLES, program, recorded_runtime
from tests.docs.blocks import ROOT
from tests.standin_binary import needs_shebang

OLD, NEWER = (str(BUNDLES / f"{version}-experimental.json.gz") for version in ("0.149.0", "0.154.0"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
HEADLINE = f"openai-codex {PACKAGE_VERSION} (schema {RUNTIME_VERSION}) with codex"


def schema(*arguments: str, env: Mapping[str, str] = ENVIRONMENT) -> Outcome:
    return run("schema", *arguments, env=env)


@pytest.fixture
def runtime(tmp_path: Path) -> Callable[[str], str]:
    """Makes a program that emits the bundles of a recorded version as that runtime did."""
    return lambda version: recorded_runtime(tmp_path, version)


# -- check: the installed runtime -----------------------------------------------------------------------------


@pytest.mark.parametrize("fail_on", [[], ["--fail-on", "breaking"], ["--fail-on", "attention"]])
def test_installed_runtime_is_compatible(fail_on: list[str]) -> None:
    outcome = schema("check", *fail_on)
    assert (outcome.code, outcome.stderr) == (0, "")
    headline, origin, empty, rest = outcome.stdout.splitlines()
    assert headline == f"{HEADLINE} {RUNTIME_VERSION}: compatible, no differences"
    assert origin == f"runtime: {find_runtime(CodexConfig()).path} (from the package openai-codex-cli-bin)"
    assert empty == ""
    assert re.fullmatch(r"2\d\d methods unchanged", rest)


def test_runtime_on_the_path_is_found_as_a_client_finds_it(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    os.symlink(find_runtime(CodexConfig()).path, tmp_path / "bin" / "codex")
    env = {**ENVIRONMENT, "PATH": str(tmp_path / "bin"), "PYTHONPATH": f"{ROOT / 'src'}:{without_runtime(tmp_path)}"}
    outcome = run("schema", "check", env=env, python=("-S",))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert f"runtime: {tmp_path / 'bin' / 'codex'} (from PATH)\n" in outcome.stdout


# -- check: another runtime -----------------------------------------------------------------------------------


@needs_shebang
@pytest.mark.parametrize(
    ("options", "code", "verdict"),
    [
        ([], 0, "breaking"),
        (["--fail-on", "attention"], 2, "breaking"),
        (["--fail-on", "breaking"], 2, "breaking"),
        (["--method", "item/completed", "--fail-on", "breaking"], 0, "attention"),
        (["--method", "item/completed", "--fail-on", "attention"], 1, "attention"),
        (["--methods", "thread/archive, turn/interrupt", "--fail-on", "attention"], 0, "compatible"),
        (["--method", "thread/archive", "--method", "memory/*", "--fail-on", "breaking"], 2, "breaking"),
        (["--method", "memory/*,thread/archive", "--stable", "--fail-on", "attention"], 0, "compatible"),
    ],
)
def test_verdict_is_the_exit_code_that_was_asked_for(
    runtime: Callable[[str], str], options: list[str], code: int, verdict: str
) -> None:
    outcome = schema("check", "--codex-bin", runtime("0.154.0"), "--format", "json", *options)
    assert (outcome.code, outcome.stderr) == (code, "")
    assert json.loads(outcome.stdout)["verdict"] == verdict


@needs_shebang
def test_older_runtime_is_told_method_by_method(runtime: Callable[[str], str]) -> None:
    outcome = schema("check", "--codex-bin", runtime("0.154.0"))
    lines = outcome.stdout.splitlines()
    assert lines[0].startswith(f"{HEADLINE} 0.154.0: breaking (")
    assert lines[1].endswith("/codex (from --codex-bin)")
    assert re.fullmatch(r"method +verdict +what differs", lines[3])
    table = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[4 : lines.index("", 4) - 1]}
    assert table["thread/attachment/add"] == "breaking    request missing"
    assert table["account/updated"] == "attention   value missing"
    assert list(table) == sorted(table, key=lambda method: (-Verdict[table[method].split()[0]], method))
    assert "breaking: request missing (the runtime lacks it and refuses the call)\n" in outcome.stdout
    assert "  thread/attachment/add\n" in outcome.stdout


@needs_shebang
def test_markdown_is_for_the_summary_of_a_job(runtime: Callable[[str], str]) -> None:
    outcome = schema("check", "--codex-bin", runtime("0.160.1"), "--format", "markdown")
    assert outcome.stdout.startswith(f"### openai-codex {PACKAGE_VERSION} with codex 0.160.1\n")
    assert "| `thread/attachmentOwner/list` | breaking | request missing |\n" in outcome.stdout


@needs_shebang
@pytest.mark.parametrize("options", [[], ["--method", "thread/archive"]])
def test_runtime_older_than_the_oldest_supported_one_is_breaking(
    runtime: Callable[[str], str], options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def runs(version: str, *more: str) -> tuple[int, str]:
        binary = Path(runtime("0.149.0"))
        binary.write_text(binary.read_text().replace("codex-cli 0.149.0", f"codex-cli {version}"))
        code = main(["schema", "check", "--codex-bin", str(binary), "--fail-on", "breaking", *options, *more])
        return code, capsys.readouterr().out

    reason = f"the runtime is codex 0.148.9, but this package needs {OLDEST_RUNTIME} or newer"
    code, text = runs("0.148.9")
    assert (code, text.splitlines()[0]) == (2, f"{HEADLINE} 0.148.9: breaking, {reason}")
    code, text = runs("0.148.9", "--format", "markdown")
    assert code == 2 and f"Verdict: **breaking, {reason}**." in text
    code, text = runs("0.148.9", "--format", "json")
    assert (code, json.loads(text)["verdict"], json.loads(text)["unsupported"]) == (2, "breaking", reason)
    for version in (OLDEST_RUNTIME, "0.0.0"):
        _, text = runs(version, "--format", "json")
        assert json.loads(text)["unsupported"] is None


# -- check: what cannot be done -------------------------------------------------------------------------------


def test_runtime_that_is_nowhere_is_told_with_the_fix(tmp_path: Path) -> None:
    env = {**ENVIRONMENT, "PATH": str(tmp_path), "PYTHONPATH": f"{ROOT / 'src'}:{without_runtime(tmp_path)}"}
    outcome = run("schema", "check", env=env, python=("-S",))
    assert (outcome.code, outcome.stdout) == (3, "")
    assert outcome.stderr == (
        "schema check: runtime: the package openai-codex-cli-bin is not installed, or holds no binary, and there is no "
        f"'codex' on PATH; python -m pip install openai-codex-cli-bin=={RUNTIME_VERSION}\n"
    )


@needs_shebang
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, ": is not a file; let --codex-bin name a Codex runtime, or leave it out to use"),
        ("print('hello')", "schema check: codex --version: answered `hello`, not `codex-cli VERSION`; give the path"),
        ("print('codex-cli 0.1.0')", "generate-json-schema: wrote no codex_app_server_protocol.schemas.json; use a"),
        ("import time; time.sleep(60)", "schema check: codex --version: did not end within 0.5 s; give the path"),
        ("print('\\x1b[2J')", "schema check: codex --version: answered `\\x1b[2J`"),
    ],
)
def test_program_that_is_no_runtime_is_told(
    tmp_path: Path, text: str | None, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "codex") if text is None else program(tmp_path, text)
    started = time.monotonic()
    assert main(["schema", "check", "--codex-bin", path, "--timeout", "0.5", "--fail-on", "breaking"]) == 3
    assert time.monotonic() - started < 20
    shown = capsys.readouterr()
    assert shown.out == ""
    assert message in shown.err
    assert shown.err.count("\n") == 1


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ("thread/strat", "there is no method 'thread/strat'; did you mean thread/start"),
        ("turn/start,thread/goal/gat", "there is no method 'thread/goal/gat'; did you mean thread/goal/get"),
        ("xyzzy/*", "there is no method 'xyzzy/*'; list what there is: python -m openai_codex schema show '*'"),
    ],
)
def test_unknown_method_is_not_passed_over(names: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "check", "--method", names, "--fail-on", "breaking"]) == 3
    shown = capsys.readouterr()
    assert (shown.out, shown.err.startswith(f"schema check: {message}")) == ("", True)


def test_experimental_methods_alone_leave_nothing_of_the_stable_part(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "check", "--method", "memory/*", "--stable"]) == 3
    assert capsys.readouterr().err == "schema check: --method: all these methods are experimental; leave out --stable\n"


def test_place_that_cannot_be_written_to_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    assert main(["schema", "check"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert re.fullmatch(rf"schema check: {re.escape(str(tmp_path))}.*: No such file or directory\n", shown.err)


# -- what the rules rest on -----------------------------------------------------------------------------------


@pytest.mark.e2e
def test_runtime_ignores_unknown_fields_and_refuses_unknown_words_variants_and_methods() -> None:
    assert RUNTIME_RULES["field removed"].sent is Verdict.attention
    assert RUNTIME_RULES["value removed"].sent is RUNTIME_RULES["variant removed"].sent is Verdict.breaking
    with ScriptedModel() as model, Codex(model.config()) as codex:
        answer = codex.request("thread/start", {"ofTomorrow": {"a": 1}})
        text = {"type": "text", "text": "Hi", "ofTomorrow": True}
        model.say("Hello")
        codex.request("turn/start", {"threadId": answer["thread"]["id"], "input": [text], "ofTomorrow": []})
        for method, params in _REFUSED.items():
            with pytest.raises(InvalidRequestError, match="unknown variant"):
                codex.request(method, {"threadId": answer["thread"]["id"], **params})


_REFUSED: dict[str, dict[str, Any]] = {
    "turn/start": {"input": [{"type": "hologram"}]},
    "turn/steer": {"input": [], "expectedTurnId": "x", "additionalContext": {"a": {"kind": "odd", "value": ""}}},
    "thread/hologram": {},
}


# -- diff -----------------------------------------------------------------------------------------------------


def test_diff_of_two_bundles_is_what_an_upgrade_brings() -> None:
    outcome = schema("diff", OLD, NEWER)
    assert (outcome.code, outcome.stderr) == (0, "")
    assert outcome.stdout.startswith("0.149.0 -> 0.154.0: breaking (2 breaking, ")
    assert "compatible: request added (a further method; an older runtime refuses it)\n" in outcome.stdout
    assert (
        '  CollabAgentTool: "followupTask", "interruptAgent", "listAgents", "sendMessage", read by ' in outcome.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "code", "headline"),
    [
        ([OLD, NEWER, "--fail-on", "breaking"], 2, "0.149.0 -> 0.154.0: breaking"),
        ([OLD, NEWER, "--fail-on", "attention"], 2, "0.149.0 -> 0.154.0: breaking"),
        ([OLD, NEWER, "--stable", "--fail-on", "breaking"], 0, "0.149.0 -> 0.154.0: attention"),
        ([OLD, NEWER, "--stable", "--fail-on", "attention"], 1, "0.149.0 -> 0.154.0: attention"),
        (["package", "package", "--fail-on", "attention"], 0, f"{RUNTIME_VERSION} -> {RUNTIME_VERSION}: no differ"),
        ([str(ROOT / "schema"), "package", "--fail-on", "attention"], 0, f"{RUNTIME_VERSION} -> {RUNTIME_VERSION}: no"),
    ],
)
def test_diff_has_the_exit_code_that_was_asked_for(
    arguments: list[str], code: int, headline: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "diff", *arguments]) == code
    assert capsys.readouterr().out.startswith(headline)


def test_diff_with_a_runtime_asks_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "diff", "package", find_runtime(CodexConfig()).path, "--fail-on", "attention"]) == 0
    assert capsys.readouterr().out == f"{RUNTIME_VERSION} -> {RUNTIME_VERSION}: no differences\n"


def test_diff_as_markdown_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "diff", OLD, NEWER, "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("### Protocol 0.149.0 -> 0.154.0\n\n2 breaking, ")
    assert main(["schema", "diff", OLD, NEWER, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["old"], data["new"], data["verdict"]) == ("0.149.0", "0.154.0", "breaking")


def test_diff_of_what_is_no_schema_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "damaged.json.gz").write_bytes(Path(OLD).read_bytes()[:1000])
    for source, message in {
        str(tmp_path / "damaged.json.gz"): "is damaged",
        str(tmp_path / "none"): "there is no such file or directory; give `package`, a bundle",
        str(tmp_path): "has no experimental.json; give `package`",
    }.items():
        for sides in ([source, "package"], ["package", source]):
            assert main(["schema", "diff", *sides, "--fail-on", "breaking"]) == 3
            shown = capsys.readouterr()
            assert (shown.out, shown.err.startswith(f"schema diff: {source}: {message}")) == ("", True)


def test_stable_part_of_a_bundle_that_does_not_tell_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shutil.copy(OLD, tmp_path / "0.149.0.json.gz")
    assert main(["schema", "diff", str(path), "package", "--stable"]) == 3
    assert f"{path}: does not say what is experimental; put the stable bundle beside it" in capsys.readouterr().err
    assert main(["schema", "diff", str(path), "package"]) == 0


# -- show -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("turn/start", ["turn/start: request", "  Python: codex.rpc.turn.start(...)", ""]),
        (
            "turn/settings/update",
            ["turn/settings/update: request (experimental)", "  Python: codex.rpc.turn.settings_update(...)", ""],
        ),
        (
            "turn/started",
            ["turn/started: notification", "  Python: openai_codex.types.TurnStartedNotification", ""],
        ),
        (
            "item/tool/call",
            [
                "item/tool/call: server request",
                "  Execute a dynamic tool call on the client.",
                "  Python: ServerRequestHandlers.item_tool_call(...)",
            ],
        ),
        ("SandboxPolicy", ["SandboxPolicy", "  Python: openai_codex.types.SandboxPolicy", ""]),
        ("AskForApproval.granular", ["AskForApproval.granular", "", "AskForApproval.granular:"]),
    ],
)
def test_method_and_type_are_shown(name: str, lines: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "show", name]) == 0
    assert capsys.readouterr().out.splitlines()[:3] == lines


def test_show_has_params_and_result_of_a_request() -> None:
    outcome = schema("show", "thread/start")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "\nparams: ThreadStartParams\nresult: ThreadStartResponse\n\nThreadStartParams:\n" in outcome.stdout
    assert re.search(r"^  approvalPolicy\? +AskForApproval \| null$", outcome.stdout, re.MULTILINE)
    assert re.search(
        r"^  dynamicTools\? +list\[DynamicToolSpec\] \| null \(experimental\)$", outcome.stdout, re.MULTILINE
    )
    assert outcome.stdout.count("\n\nAskForApproval: one of\n") == 1


def test_show_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "show", "thread/archive", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert (data["version"], data["kind"], data["python"]) == (
        RUNTIME_VERSION,
        "request",
        "codex.rpc.thread.archive(...)",
    )
    assert data["types"]["ThreadArchiveParams"]["fields"]["threadId"]["required"] is True
    assert main(["schema", "show", "thread/goal/*", "--json"]) == 0
    assert {"name": "thread/goal/get", "kind": "request", "experimental": False} in json.loads(capsys.readouterr().out)


def test_pattern_lists_methods_or_else_types(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "show", "turn/st*"]) == 0
    assert capsys.readouterr().out == ("turn/start    request\nturn/started  notification\nturn/steer    request\n")
    assert main(["schema", "show", "TurnSta*Params"]) == 0
    assert capsys.readouterr().out == "TurnStartParams  type\n"
    assert main(["schema", "show", "*"]) == 0
    assert not re.search(r" type\b", capsys.readouterr().out)


@needs_shebang
def test_show_of_another_runtime_says_what_this_package_lacks(
    runtime: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    binary = runtime("0.154.0")
    assert main(["schema", "show", "thread/rollback", "--codex-bin", binary]) == 0
    assert '\n  Python: not in this package; codex.request("thread/rollback", ...)\n' in capsys.readouterr().out
    assert main(["schema", "show", "thread/attachment/add", "--codex-bin", binary]) == 3
    assert "there is no method or type 'thread/attachment/add'; list what there is" in capsys.readouterr().err
    assert main(["schema", "show", "thread/rollback"]) == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("thread/stat", "there is no method or type 'thread/stat'; did you mean thread/start"),
        ("ThreadItems", "there is no method or type 'ThreadItems'; did you mean ThreadItem"),
        ("xyzzy", "there is no method or type 'xyzzy'; list what there is: python -m openai_codex schema show '*'"),
        ("xyzzy/*", "there is no method or type 'xyzzy/*'; list what there is"),
    ],
)
def test_unknown_name_is_told_with_what_resembles_it(
    name: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["schema", "show", name]) == 3
    shown = capsys.readouterr()
    assert (shown.out, shown.err.startswith(f"schema show: {message}")) == ("", True)


# -- usage and manners ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "COMMAND"),
        (["check", "--fail-on", "compatible"], "--fail-on"),
        (["check", "--format", "yaml"], "--format"),
        (["check", "--method", ","], "argument --method/--methods: takes the name of a method"),
        (["check", "--timeout", "0"], "argument --timeout: takes a number of seconds, more than 0"),
        (["check", "--fail", "breaking"], "unrecognized arguments: --fail"),
        (["diff", "package"], "NEW"),
        (["diff", "package", "package", "--method", "x"], "unrecognized arguments: --method"),
        (["show"], "METHOD"),
        (["show", "x", "--fail-on", "breaking"], "unrecognized arguments: --fail-on"),
    ],
)
def test_wrong_usage_of_schema_is_explained(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["schema", *arguments])
    shown = capsys.readouterr()
    assert (caught.value.code, shown.out) == (2, "")
    assert reason in shown.err and "python -m openai_codex" in shown.err


@pytest.mark.parametrize("command", ["check", "diff"])
def test_help_has_the_exit_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["schema", command, "--help"])
    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert re.findall(r"^  (\d+) ", shown.partition("exit codes:\n")[2], re.MULTILINE) == ["0", "1", "2", "3", "130"]


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_verdicts_are_coloured_on_a_terminal_and_nowhere_else() -> None:
    command = ["schema", "diff", OLD, NEWER]
    assert "\x1b" not in schema(*command[1:]).stdout
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        shown = on_terminal(*command, env={**ENVIRONMENT, "TERM": "xterm", **variables})
        assert ("\x1b[31m0.149.0 -> 0.154.0: breaking" in shown) is coloured
        assert ("\x1b[33mattention: value added\x1b[0m (may be sent" in shown) is coloured


def on_terminal(*arguments: str, env: Mapping[str, str]) -> str:
    """What a command writes to a terminal."""
    import pty
    import subprocess

    ours, theirs = pty.openpty()
    try:
        command = [sys.executable, "-m", "openai_codex", *arguments]
        process = subprocess.Popen(command, stdout=theirs, stdin=subprocess.DEVNULL, env=env)
        os.close(theirs)
        shown = b""
        while True:
            try:
                data = os.read(ours, 65536)
            except OSError:  # what Linux says when the other end is closed
                break
            if not data:
                break
            shown += data
        assert process.wait(60) == 0
    finally:
        os.close(ours)
    return shown.decode()


def test_names_from_a_schema_cannot_move_the_cursor(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = json.loads((ROOT / "schema/stable.json").read_bytes())
    bundle["definitions"]["v2"]["Odd\x1b[2J"] = {"type": "string"}
    (tmp_path / "stable.json").write_text(json.dumps(bundle))
    assert main(["schema", "diff", "package", str(tmp_path / "stable.json"), "--stable"]) == 0
    shown = capsys.readouterr().out
    assert "  Odd\\x1b%5b;2J, in no message\n" in shown
    assert "\x1b" not in shown


def test_reader_that_leaves_is_no_error() -> None:
    import subprocess

    command = [sys.executable, "-m", "openai_codex", "schema", "show", "*"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    assert process.stdout is not None and process.stderr is not None
    with process.stdout, process.stderr:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 3  # no verdict


def test_everything_works_from_a_zip(tmp_path: Path) -> None:
    shutil.make_archive(str(tmp_path / "package"), "zip", ROOT / "src")
    site = sysconfig.get_path("purelib")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "package.zip"), site])}
    outcome = run("schema", "check", env=env, python=("-S",))
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "compatible, no differences" in outcome.stdout
