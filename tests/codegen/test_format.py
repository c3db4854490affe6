"""Formatting of generated modules: by the project's settings wherever it runs, and only if ruff is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from codegen.findings import CodegenError
from codegen.format import format_python

ROOT = Path(__file__).parents[2]
SOURCE = "from openai_codex._model import WireModel\nfrom pydantic import Field\nprint(WireModel, Field)\n"


def test_result_does_not_depend_on_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    at_home = format_python({"a.py": SOURCE})
    monkeypatch.chdir(tmp_path)
    assert format_python({"a.py": SOURCE}) == at_home
    third_party, first_party, *_ = at_home["a.py"].split("\n\n")
    assert (third_party, first_party) == (
        "from pydantic import Field",
        "from openai_codex._model import WireModel",
    )


def test_missing_ruff_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['ruff'] = None\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "ruff", None)
    with pytest.raises(CodegenError) as caught:
        format_python({"a.py": SOURCE})
    assert str(caught.value) == 'ruff: is not installed; run "make install"'
