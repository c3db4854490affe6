"""Command line in this process: options, places and installs that are no good end in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from codegen import manifest, pipeline, sources
from codegen.__main__ import main
from codegen.sources import Bundles, Source
from tests.codegen.small_schema import bundle

BUNDLES = Bundles(bundle({}), bundle({}), "1.0.0", Source("package", "1.0.0"))


def no_bundles(*_: object, **__: object) -> Bundles:
    raise AssertionError("a source was asked")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--codex-bin", ""], "--codex-bin is empty"),
        (["--runtime", ""], "--runtime is empty"),
        (["--url", ""], "--url is empty"),
        (["--url", "http://localhost/x", "--stable-url", ""], "--stable-url is empty"),
        (["--url", "http://localhost/", "--runtime-version", ""], "--runtime-version is empty"),
        (["--stable-url", "http://localhost/"], "--stable-url and --runtime-version belong to --url"),
        (["--runtime-version", "1.0.0"], "--stable-url and --runtime-version belong to --url"),
        (["--runtime", "1.0.0", "--runtime-version", "1.0.0"], "--stable-url and --runtime-version belong to --url"),
        (["--codex-bin", "codex", "--stable-url", "x"], "--stable-url and --runtime-version belong to --url"),
        (["--runtime", "1.0.0", "--codex-bin", "codex"], "not allowed with argument"),
    ],
)
def test_schema_options_that_contradict_or_are_empty_are_wrong_usage(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    reason: str,
) -> None:
    for name in ("from_binary", "from_runtime_version", "from_url", "from_installed_runtime"):
        monkeypatch.setattr(sources, name, no_bundles)
    with pytest.raises(SystemExit) as caught:
        main(["schema", *options, "--output", str(tmp_path / "schema")])
    assert caught.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("usage: python -m codegen") and reason in err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("schema", "--output", ""), ("generate", "--output", "")])
def test_empty_output_is_wrong_usage_and_not_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sources, "from_installed_runtime", no_bundles)
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert capsys.readouterr().err.endswith("argument --output: is empty\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["httpx", "jinja2", "tomli"])
def test_missing_package_is_one_line_for_every_command(tmp_path: Path, package: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    done = subprocess.run(
        [sys.executable, "-m", "codegen", "check", "--quick"],
        cwd=pipeline.ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, f'codegen: {package} is not installed; run "make install"\n')


def ends_in_one_line(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line in which the command says why it failed."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (code, out) == (1, "")
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize("command", ["schema", "generate"])
@pytest.mark.parametrize("place", ["file", "file/below"])
def test_output_that_is_no_folder_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str, place: str
) -> None:
    monkeypatch.setattr(sources, "from_installed_runtime", lambda: BUNDLES)
    text = {f"{pipeline.GENERATED.as_posix()}/a.py": ""}
    monkeypatch.setattr(pipeline, "build", lambda *_, **__: pipeline.Output(text, ()))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    (tmp_path / "file").write_text("mine")
    line = ends_in_one_line(capsys, command, "--output", str(tmp_path / place))
    assert line.startswith(str(tmp_path / "file"))
    assert line.endswith("; check the path and its permissions")
    assert (tmp_path / "file").read_text() == "mine"


def test_missing_project_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema/manifest.json").write_text(json.dumps({"runtime_version": "1.0.0", "sha256": {}}))
    (tmp_path / manifest.MANIFEST).parent.mkdir(parents=True)
    (tmp_path / manifest.MANIFEST).write_text(manifest.manifest_text({}, tmp_path))
    monkeypatch.setattr(manifest, "check", partial(manifest.check, tmp_path))
    reason = os.strerror(2)
    line = f"{tmp_path / 'pyproject.toml'}: {reason}; check the path and its permissions"
    assert ends_in_one_line(capsys, "check", "--quick") == line


def test_missing_model_generator_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = tmp_path / "schema"
    sources.write_schema_dir(BUNDLES, schema)
    monkeypatch.setattr(pipeline, "progress", print_nothing)
    monkeypatch.delitem(sys.modules, "codegen.models", raising=False)
    monkeypatch.setitem(sys.modules, "datamodel_code_generator", None)
    line = ends_in_one_line(capsys, "generate", "--schema", str(schema), "--output", str(tmp_path / "out"))
    assert line == 'codegen: datamodel_code_generator is not installed; run "make install"'
    assert not (tmp_path / "out").exists()


def print_nothing(_: str) -> None:
    """In the place of progress."""
