"""No module grows beyond what one reads in a sitting: signatures, docstrings and comments are free, code is not."""

from __future__ import annotations

import ast
import io
import tokenize
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, handwritten_files

LIMIT = 300
FREE_TOKENS = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


def lines_of_code(source: str) -> int:
    """Lines with code on them, not counting docstrings, signatures with their decorators, and overloads."""
    code: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in FREE_TOKENS:
            code.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        code.difference_update(free_lines(node))
    return len(code)


def free_lines(node: ast.AST) -> range:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return range(node.lineno, (node.end_lineno or node.lineno) + 1)
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        overload = any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)
        end = (node.end_lineno or node.lineno) + 1 if overload else max(node.body[0].lineno, node.lineno + 1)
        return range(first, end)
    return range(0)


def test_count_leaves_out_what_is_read_and_not_executed() -> None:
    source = '''\
"""Docstring."""
# comment
import typing

@typing.overload
def f(
    a: int,
) -> int: ...
@typing.no_type_check
def f(
    a,
):
    """Doc
    string."""
    text = """one

three"""

    return text  # comment
def g(): return 1
VALUE = 1
"""What it is."""
'''
    assert lines_of_code(source) == len(["import", "text", "", "three", "return", "VALUE"])


@pytest.mark.parametrize("path", handwritten_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_module_is_short(path: Path) -> None:
    assert lines_of_code(path.read_text(encoding="utf-8")) < LIMIT
