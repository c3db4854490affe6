"""What importing the package loads, as lists of modules: a time depends on the machine, a list does not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import openai_codex
from tests.architecture.source import ROOT, package_modules

PROBE = """
import json, sys
sys.path.insert(0, {src!r})
import __future__, typing
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded_by(statement: str) -> list[str]:
    """The modules that a statement loads in a fresh interpreter, beyond ``typing`` and what that needs."""
    code = PROBE.format(src=str(ROOT / "src"), statement=statement)
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    modules: list[str] = json.loads(done.stdout)
    return modules


def packages_loaded_by(statement: str) -> set[str]:
    return {name.partition(".")[0] for name in loaded_by(statement)}


def test_importing_the_package_loads_one_file() -> None:
    assert loaded_by("import openai_codex") == ["openai_codex"]


def test_report_of_import_times_shows_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-c", f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r})\n"]
    command[-1] += "import openai_codex"
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    imported = {line.rpartition("|")[2].strip() for line in report.splitlines()}
    assert "openai_codex" in imported
    heavy = ("asyncio", "pydantic", "pydantic_core", "subprocess", "openai_codex.")
    assert not [name for name in imported if name.startswith(heavy)]


def test_importing_errors_loads_no_pydantic() -> None:
    assert packages_loaded_by("import openai_codex.errors").isdisjoint({"asyncio", "pydantic", "subprocess"})


def test_importing_retries_loads_no_pydantic_and_neither_world() -> None:
    loaded = loaded_by("from openai_codex import retry_on_overload")
    assert {name.partition(".")[0] for name in loaded}.isdisjoint({"asyncio", "pydantic", "subprocess"})
    assert not [name for name in loaded if name.startswith(("openai_codex._engine", "openai_codex._generated"))]


@pytest.mark.parametrize("name", ["console", "errors", "models", "protocol", "retry", "types"])
def test_public_module_is_an_attribute_of_the_package(name: str) -> None:
    assert f"openai_codex.{name}" in loaded_by(f"import openai_codex; assert openai_codex.{name}.__all__")
    assert name in dir(openai_codex)


@pytest.mark.parametrize("name", ["models", "protocol", "types"])
def test_importing_names_of_the_protocol_loads_no_model(name: str) -> None:
    loaded = loaded_by(f"import openai_codex.{name}")
    assert not [name for name in loaded if name.startswith(("openai_codex._generated.models", "pydantic"))]


@pytest.mark.parametrize(
    ("name", "others"),
    [("Codex", {"asyncio", "_async", "_engine.aio"}), ("AsyncCodex", {"_sync", "_engine.threads"})],
)
def test_client_class_loads_no_model_and_nothing_of_the_other_world(name: str, others: set[str]) -> None:
    # The runtime is started first, and models are loaded while it boots.
    loaded = {each.removeprefix("openai_codex.") for each in loaded_by(f"from openai_codex import {name}")}
    assert loaded.isdisjoint(others | {"_model", "pydantic"})
    assert not [each for each in loaded if each.startswith("_generated.models.")]


def test_thread_without_handlers_loads_no_approvals() -> None:
    ask = "from openai_codex._sources import answers_approvals; assert not answers_approvals([])"
    assert "openai_codex._approvals" not in loaded_by(ask)


def test_console_loads_no_rich_and_no_model_before_it_asks() -> None:
    loaded = loaded_by("import openai_codex.console")
    assert not [name for name in loaded if name.startswith(("openai_codex._generated.models.", "pydantic", "rich"))]


def test_command_line_loads_no_client_before_a_command_runs() -> None:
    loaded = loaded_by("import openai_codex._cli")
    prefixes = ("asyncio", "openai_codex._engine", "openai_codex._generated.models", "openai_codex._sync", "pydantic")
    assert not [name for name in loaded if name.startswith((*prefixes, "subprocess"))]


@pytest.mark.parametrize("command", [["show", "thread/start"], ["diff", "package", str(ROOT / "schema")]])
def test_showing_and_comparing_schemas_loads_no_client_and_no_model(command: list[str]) -> None:
    run = f"""import contextlib, io
from openai_codex._cli import main
with contextlib.redirect_stdout(io.StringIO()):
    assert main(["schema", *{command!r}]) == 0"""
    prefixes = ("asyncio", "openai_codex._engine", "openai_codex._generated.models", "openai_codex._sync", "pydantic")
    assert not [name for name in loaded_by(run) if name.startswith(prefixes)]


def test_whole_package_loads_no_tool_of_the_pipeline_and_no_http_client() -> None:
    names = [f"openai_codex.{name}".rstrip(".") for name in package_modules()]
    loaded = packages_loaded_by(f"import {', '.join(names)}")
    assert loaded.isdisjoint({"codegen", "datamodel_code_generator", "httpx", "jinja2", "pytest", "rich", "websockets"})
