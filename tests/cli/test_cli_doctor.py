"""``doctor`` on the real runtime, and on programs that stand in for one where no real one behaves like that."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from openai_codex import Codex, CodexConfig
from openai_codex._generated._version import OLDEST_RUNTIME
from openai_codex._transport.launch import find_runtime
from openai_codex.protocol import SCHEMA_VERSION
from openai_codex.testing import ScriptedModel
from tests.cli.doctor_runs import ORDER, add_project, add_settings, examine, run, stand_in, variables, without_runtime

pytestmark = pytest.mark.e2e

MARKER = "sk-marker-0123456789"


def bundled() -> Path:
    """The real runtime."""
    return Path(find_runtime(CodexConfig()).path)


def after(name: str) -> list[str]:
    """The checks that come after one."""
    return [*ORDER[ORDER.index(name) + 1 :]]


# Where everything works


def test_healthy_set_up_is_ok() -> None:
    with ScriptedModel() as model:
        report = examine(env=variables(model))
        assert report.code == 0
        assert report.versions == {
            "python": ".".join(map(str, sys.version_info[:3])),
            "package": report.versions["package"],
            "schema": SCHEMA_VERSION,
            "oldest_runtime": OLDEST_RUNTIME,
            "runtime": SCHEMA_VERSION,
        }
        assert report.named("failed") == report.named("skipped") == []
        assert report.named("warning") in ([], ["sandbox"])  # whether bubblewrap is installed depends on the machine
        assert report["runtime"]["detail"] == f"{bundled()} (from the package openai-codex-cli-bin)"
        assert report["home"]["detail"] == str(model.home)
        assert report["configuration"]["detail"] == str(model.home / "config.toml")
        assert report["login"]["detail"] == "none, and the model provider needs none"
        assert model.requests == [] and model.unexpected == []


def test_text_has_a_line_for_each_check_and_says_how_it_is() -> None:
    with ScriptedModel() as model:
        outcome = run("doctor", env=variables(model))
    assert (outcome.code, outcome.stderr) == (0, "")
    *lines, empty, closing = outcome.stdout.splitlines()
    assert empty == "" and closing.startswith("everything works")
    firsts = [line.split() for line in lines if not line.startswith(" ")]
    assert [words[1] for words in firsts] == [*ORDER]
    assert {words[0] for words in firsts} <= {"ok", "warning"}
    assert len({line.index(words[2]) for line, words in zip(lines, firsts, strict=False)}) == 1


def test_setting_is_passed_on() -> None:
    with ScriptedModel(requires_openai_auth=True) as model:
        env = variables(model)
        report = examine("--config", "model_providers.scripted.requires_openai_auth=false", env=env)
        assert (report.code, report["login"]["status"]) == (0, "ok")
        assert report["configuration"]["detail"].endswith("config.toml, and --config")
        assert examine(env=env)["login"]["status"] == "failed"


def test_home_without_a_configuration_has_the_defaults(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        report = examine(env=variables(model, CODEX_HOME=str(tmp_path)))
        assert report["configuration"]["detail"] == f"the runtime's defaults; there is no {tmp_path / 'config.toml'}"
        assert report.named("failed") == ["login"]  # the default provider needs one


def test_runtime_on_the_path_is_found_without_the_package(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "codex").symlink_to(bundled())
    with ScriptedModel() as model:
        env = variables(model, PYTHONPATH=without_runtime(tmp_path), PATH=str(tmp_path / "bin"))
        report = examine(env={**env, "PYTHONNOUSERSITE": "1"}, python=("-S",))
    assert report.code == 0
    assert report["runtime"]["detail"] == f"{tmp_path / 'bin' / 'codex'} (from PATH)"


def test_newer_runtime_is_ok_with_a_note(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        report = examine("--codex-bin", str(stand_in(tmp_path, "7.0.0")), env=variables(model))
    assert (report.code, report.versions["runtime"]) == (0, "7.0.0")
    assert report["version"]["status"] == "ok" and "newer than schema" in report["version"]["detail"]


def test_older_runtime_is_a_warning(tmp_path: Path) -> None:
    with ScriptedModel() as model:
        report = examine("--codex-bin", str(stand_in(tmp_path, OLDEST_RUNTIME)), env=variables(model))
    assert (report.code, report.versions["runtime"]) == (0, OLDEST_RUNTIME)
    assert report.named("warning") == ["version"]
    assert f"older than schema {SCHEMA_VERSION}" in report["version"]["detail"]
    assert f"openai-codex-cli-bin=={SCHEMA_VERSION}" in report["version"]["fix"]


def test_unknown_setting_is_a_warning_with_its_name() -> None:
    with ScriptedModel(config_toml="modle = 3") as model:
        report = examine(env=variables(model))
        assert report.code == 0
        assert "`modle` is ignored" in report["notice"]["detail"]
        assert str(model.home / "config.toml") in report["notice"]["fix"]


def test_sandbox_warning_of_the_runtime_is_shown(tmp_path: Path) -> None:
    # PATH decides whether the runtime finds bubblewrap; without it, it warns on Linux.
    if not sys.platform.startswith("linux"):
        pytest.skip("only Linux needs bubblewrap")
    with ScriptedModel() as model:
        report = examine(env=variables(model, PATH=str(tmp_path)))
    assert (report.code, report["sandbox"]["status"]) == (0, "warning")
    assert "bubblewrap" in report["sandbox"]["detail"]
    assert report["sandbox"]["fix"].startswith("sudo apt install bubblewrap")


# Logins


def test_login_by_api_key_is_ok_and_the_key_is_not_shown() -> None:
    with ScriptedModel(requires_openai_auth=True) as model:
        with Codex(model.config()) as codex:
            codex.login_api_key(MARKER)
        env = variables(model)
        report, text = examine(env=env), run("doctor", env=env)
    assert report["login"]["status"] == "ok" and report["login"]["detail"].startswith("API key")
    assert text.code == 0
    assert MARKER not in json.dumps(report.checks) + text.stdout + text.stderr


class _Backend(BaseHTTPRequestHandler):
    """What the runtime asks ChatGPT about an account."""

    def do_GET(self) -> None:
        entry = {"workspace_backend_origin": "https://chatgpt.com", "account_routing_override": "NO_CONSTRAINT"}
        body = json.dumps({"accounts": [{"id": "account-1", **entry}]}).encode()
        known = self.path.endswith("/accounts/check") and "Bearer" in self.headers["authorization"]
        self.send_response(200 if known else 404)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def backend() -> Generator[str, None, None]:
    """The address of a server for accounts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Backend) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/backend-api"
        finally:
            server.shutdown()
            thread.join()


def log_in_to_chatgpt(home: Path) -> list[str]:
    """Store a login as the runtime does. Returns what of it nobody may see."""
    claims = {"chatgpt_plan_type": "plus", "chatgpt_user_id": "user-1", "chatgpt_account_id": "account-1"}
    payload = {"email": "someone@example.com", "exp": 4102444800, "https://api.openai.com/auth": claims}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in ({"alg": "none"}, payload)]
    token = b".".join([*parts, b"c2lnbmF0dXJl"]).decode()
    tokens = {"id_token": token, "access_token": token, "refresh_token": MARKER, "account_id": "account-1"}
    stored = {
        "auth_mode": "chatgpt",
        "tokens": tokens,
        "last_refresh": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    (home / "auth.json").write_text(json.dumps(stored), encoding="utf-8")
    return ["someone@example.com", token, MARKER, "account-1", "user-1"]


def test_login_to_chatgpt_is_ok_with_its_plan_and_nobody_is_named() -> None:
    with backend() as url, ScriptedModel(requires_openai_auth=True, config_toml=f'chatgpt_base_url = "{url}"') as model:
        secrets = log_in_to_chatgpt(model.home)
        env = variables(model)
        report, text = examine(env=env), run("doctor", env=env)
    assert (report["login"]["status"], report["login"]["detail"]) == ("ok", "ChatGPT, plan plus")
    shown = json.dumps(report.checks) + text.stdout + text.stderr
    assert [secret for secret in secrets if secret in shown] == []


@pytest.mark.parametrize(
    ("account", "detail"),
    [("{'type': 'amazonBedrock'}", "amazonBedrock"), ("{'type': 'carrierPigeon', 'name': 'Eve'}", "carrierPigeon")],
)
def test_any_other_login_is_ok(tmp_path: Path, account: str, detail: str) -> None:
    with ScriptedModel() as model:
        report = examine("--codex-bin", str(stand_in(tmp_path, account=account)), env=variables(model))
    assert (report["login"]["status"], report["login"]["detail"]) == ("ok", detail)


# Where something fails: what, and what to do about it


def no_file(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return ["--codex-bin", str(folder / "nowhere")], {}


def no_runtime(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return [], {"PYTHONPATH": without_runtime(folder), "PATH": str(folder)}


def too_old(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return ["--codex-bin", str(stand_in(folder, "0.148.0"))], {}


def other_program(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return ["--codex-bin", shutil.which("true") or "true"], {}


def no_program(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    (folder / "text").write_text("x", encoding="utf-8")
    return ["--codex-bin", str(folder / "text")], {}


def silent(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return ["--codex-bin", str(stand_in(folder, first="time.sleep(60)")), "--timeout", "0.5"], {}


def babbling(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return ["--codex-bin", str(stand_in(folder, "").resolve())], {}


def wrong_override(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return ["--config", "approval_policy=5"], {}


def no_home(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return [], {"CODEX_HOME": str(folder / "no where")}


def home_is_a_file(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return [], {"CODEX_HOME": str(model.home / "config.toml")}


def configured(text: str) -> Callable[[ScriptedModel, Path], tuple[list[str], dict[str, str]]]:
    def write(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
        add_settings(model, text)
        return [], {}

    return write


def unknown_provider(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    (model.home / "config.toml").write_text('model_provider = "nobody"', encoding="utf-8")
    return [], {}


def unreachable_chatgpt(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    log_in_to_chatgpt(model.home)
    return [], {}


def logged_out(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    return [], {}


def dying(model: ScriptedModel, folder: Path) -> tuple[list[str], dict[str, str]]:
    binary = stand_in(folder)
    program = folder / "stand_in.py"
    text = program.read_text(encoding="utf-8")
    program.write_text(
        text.replace('"config/read"', '"no such method"') + "    elif 'id' in request: sys.exit('ouch')\n"
    )
    return ["--codex-bin", str(binary)], {}


FAILURES: list[tuple[Any, list[str], str, str]] = [
    (no_file, ["runtime"], r"--codex-bin names .*nowhere, which is not a file", "let --codex-bin name a Codex runtime"),
    (no_runtime, ["runtime"], "openai-codex-cli-bin is not installed", rf"pip install \S+=={SCHEMA_VERSION}"),
    (
        too_old,
        ["version"],
        rf"codex 0\.148\.0, but this package needs {OLDEST_RUNTIME}",
        rf"codex {SCHEMA_VERSION} or newer",
    ),
    (other_program, ["start"], "exited with code 0; it wrote nothing", "let --codex-bin name a Codex runtime"),
    (no_program, ["start"], "cannot start the runtime .*Permission denied", "let --codex-bin name a Codex runtime"),
    (silent, ["start"], "did not answer within 0.5 s", "--timeout, or see .*codex app-server --listen stdio://"),
    (babbling, ["start"], "no version .*is this a Codex runtime", "let --codex-bin name a Codex runtime"),
    (wrong_override, ["start"], "approval_policy", "correct the value of --config"),
    (no_home, ["start", "home"], "no where", r"mkdir -p '.*no where'"),
    (home_is_a_file, ["start", "home"], "not a directory", "move it away, or let CODEX_HOME"),
    (
        configured("x = [1,"),
        ["configuration"],
        r"config\.toml:2:7: unexpected",
        r"correct .*config\.toml, at or just before line 2",
    ),
    (
        configured("\napproval_policy = 5"),
        ["configuration"],
        r"config\.toml:2:\d+: ",
        r"correct .*config\.toml, at or just before line 2",
    ),
    (unknown_provider, ["configuration"], "Model provider `nobody` not found", r"setting .* in .*config\.toml"),
    (dying, ["configuration"], "config/read: .*exited with code 1.*ouch", "let --codex-bin name a Codex runtime"),
    (logged_out, ["login"], "nobody is logged in", r"run \S+codex login, or from Python: codex\.login_chatgpt\(\)"),
    (
        unreachable_chatgpt,
        ["login"],
        "cannot be read: workspace routing discovery failed",
        "log in again: .*codex login",
    ),
]


@pytest.mark.parametrize(
    ("scene", "names", "detail", "fix"), FAILURES, ids=lambda value: getattr(value, "__name__", None)
)
def test_failure_has_a_cause_and_a_fix(tmp_path: Path, scene: Any, names: list[str], detail: str, fix: str) -> None:
    with ScriptedModel(requires_openai_auth=True) as model:
        arguments, more = scene(model, tmp_path)
        report = examine(*arguments, env=variables(model, **more), python=("-S",) if "PYTHONPATH" in more else ())
    assert report.code == 1
    assert report.named("failed") == names
    first = report[names[0]]
    assert re.search(detail, first["detail"], re.DOTALL), first
    assert re.search(fix, first["fix"]), first


@pytest.mark.parametrize(
    ("settings", "fix"),
    [
        ("approval_policy = 5", "correct {file}, at or just before line 1"),
        ("x = [1,", "correct the file that is named"),
    ],
)
def test_configuration_of_the_project_counts_where_the_program_runs(settings: str, fix: str) -> None:
    with ScriptedModel() as model:
        project = add_project(model, settings)
        file = project / ".codex" / "config.toml"
        report = examine(env=variables(model), cwd=project)
        assert report.named("failed") == ["configuration"]
        assert str(file) in report["configuration"]["detail"]
        assert report["configuration"]["fix"] == fix.format(file=file)
        assert examine(env=variables(model), cwd=model.home).code == 0


def test_every_check_that_can_fail_is_in_the_table() -> None:
    assert {name for _, names, _, _ in FAILURES for name in names} == {*ORDER} - {"python", "package", "sandbox"}


@pytest.mark.parametrize(
    ("scene", "failing"),
    [(no_file, "runtime"), (other_program, "start"), (too_old, "version")],
    ids=["file", "true", "old"],
)
def test_what_needs_the_failed_step_is_skipped(tmp_path: Path, scene: Any, failing: str) -> None:
    with ScriptedModel() as model:
        report = examine(*scene(model, tmp_path)[0], env=variables(model))
    assert report.named("skipped") == after(failing)
    assert {report[name]["fix"] for name in after(failing)} == {f"correct '{failing}' first"}


def test_login_is_not_judged_by_defaults_that_nobody_wants() -> None:
    with ScriptedModel(config_toml="x = [1,") as model:
        report = examine(env=variables(model))
        assert report["login"]["status"] == "skipped"
        text = run("doctor", env=variables(model))
    assert text.code == 1
    assert "\nskipped  login          needs 'configuration'\n" in text.stdout
    assert text.stdout.splitlines()[-1].startswith("1 problem")


def with_permissions_that_count() -> tuple[str, ...]:
    """What a command line must begin with for a file's permissions to bind it: they do not bind root as such."""
    if not hasattr(os, "geteuid"):
        pytest.skip("permissions of another kind")
    if os.geteuid() != 0:
        return ()
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv to take the powers of root away")
    return ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")


@pytest.mark.parametrize("given", [True, False], ids=["given", "default"])
def test_home_that_cannot_be_written_is_named(tmp_path: Path, given: bool) -> None:
    prefix = with_permissions_that_count()
    locked = tmp_path / "locked"
    locked.mkdir()
    with ScriptedModel() as model:
        env = variables(model, CODEX_HOME=str(locked) if given else "", HOME=str(locked))
        locked.chmod(0o555)
        report = examine(env=env, prefix=prefix)
        locked.chmod(0o755)
    assert report.named("failed") == ["start", "home"]
    assert f"{locked} cannot be written to" in report["home"]["detail"]
    assert "let CODEX_HOME name a folder of yours" in report["home"]["fix"]
    assert report["start"]["fix"] == report["home"]["fix"]
