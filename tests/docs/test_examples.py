"""Every Python example of the documentation works as it stands."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from openai_codex.testing import ScriptedModel
from tests.docs.blocks import PAGES, ROOT, Block, all_blocks

BLOCKS = list(all_blocks())
RUNNABLE = [block for block in BLOCKS if not block.needs_login]
NEED_LOGIN = [block for block in BLOCKS if block.needs_login]
LOGIN_BLOCKS = 3  # change it together with the pages: nothing else keeps a block from being skipped


def test_all_blocks_are_found() -> None:
    for page in PAGES:
        fences = [line for line in page.read_text(encoding="utf-8").splitlines() if line.lstrip().startswith("```py")]
        found = [block for block in BLOCKS if ROOT / block.page == page]
        assert len(fences) == len(found), f"{page.name}: a block starts with ```python and ends with ```, not indented"


def test_few_blocks_need_a_login() -> None:
    assert len(NEED_LOGIN) == LOGIN_BLOCKS, [block.name for block in NEED_LOGIN]


@pytest.mark.e2e
@pytest.mark.parametrize("block", RUNNABLE, ids=lambda block: block.name)
def test_example_runs(block: Block, tmp_path: Path) -> None:
    program = tmp_path / "test_block.py"
    program.write_text(block.code, encoding="utf-8")
    command = [sys.executable, "-W", "error"]
    if "\ndef test_" in block.code:
        command += ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    with ScriptedModel(repeat_last=True) as model:
        model.stream(["This is ", "a scripted answer."])
        environment = {**os.environ, **(model.config().env or {}), "PYTHONPATH": str(ROOT / "src")}
        done = subprocess.run(
            [*command, str(program)], cwd=model.workspace, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{block.name}: {done.stdout}{done.stderr}"
        assert done.stderr == ""
        assert model.unexpected == []


@pytest.mark.parametrize("block", NEED_LOGIN, ids=lambda block: block.name)
def test_example_with_login_imports_what_there_is(block: Block) -> None:
    tree = ast.parse(block.code, block.name)
    imports: list[ast.stmt] = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    exec(compile(ast.Module(imports, []), block.name, "exec"), {})


@pytest.mark.slow
def test_examples_satisfy_a_strict_type_checker(tmp_path: Path) -> None:
    if importlib.util.find_spec("pyright") is None:
        pytest.skip("pyright is not installed")
    for block in BLOCKS:
        program = tmp_path / f"{block.page.replace('/', '_').removesuffix('.md')}_{block.line}.py"
        program.write_text("# pyright: strict" + block.code, encoding="utf-8")
    files = sorted(str(path) for path in tmp_path.glob("*.py"))
    done = subprocess.run([sys.executable, "-m", "pyright", *files], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
