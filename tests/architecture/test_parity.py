"""Both worlds are the same, line for line: compared here without the tool that derives one from the other."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import openai_codex
from tests.architecture.source import PACKAGE

FOLDERS = [("_async", "_sync"), ("_generated/rpc_async", "_generated/rpc_sync")]
PAIRS = [
    (source, PACKAGE / sync / source.name)
    for asynchronous, sync in FOLDERS
    for source in sorted((PACKAGE / asynchronous).glob("*.py"))
]
ASYNC_MARK = re.compile(r"\bAsync(?=[A-Z])|(?<=__)a(?=(?:enter|exit|iter|next)__)")
ASYNC_NODES = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)

Definition = tuple[int, str, str]


def plain(text: str) -> str:
    return ASYNC_MARK.sub("", text)


def definitions(node: ast.AST, owner: str = "") -> Iterator[Definition]:
    """Line, dotted name and signature of every class and function, with the marks of asynchronous code removed."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            name = f"{owner}{plain(child.name)}"
            yield child.lineno, name, ", ".join(plain(ast.unparse(base)) for base in child.bases)
            yield from definitions(child, f"{name}.")
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            result = "" if child.returns is None else ast.unparse(child.returns)
            name = f"{owner}{plain(child.name)}"
            yield child.lineno, name, plain(f"({ast.unparse(child.args)}) -> {result}")
            yield from definitions(child, f"{name}.")
        else:
            yield from definitions(child, owner)


@pytest.mark.parametrize(("asynchronous", "sync"), FOLDERS)
def test_both_folders_hold_the_same_files(asynchronous: str, sync: str) -> None:
    left, right = ({path.name for path in (PACKAGE / folder).glob("*.py")} for folder in (asynchronous, sync))
    assert left == right


def pair_name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


@pytest.mark.parametrize(("asynchronous", "sync"), PAIRS, ids=pair_name)
def test_pair_has_the_same_definitions_on_the_same_lines(asynchronous: Path, sync: Path) -> None:
    left, right = asynchronous.read_text(encoding="utf-8"), sync.read_text(encoding="utf-8")
    assert left.count("\n") == right.count("\n")
    assert list(definitions(ast.parse(left))) == list(definitions(ast.parse(right)))
    assert not [node for node in ast.walk(ast.parse(right)) if isinstance(node, ASYNC_NODES)]


@pytest.mark.parametrize("name", [name for name in openai_codex.__all__ if name.startswith("Async")])
def test_public_classes_offer_the_same(name: str) -> None:
    assert offers(name) == offers(name.removeprefix("Async"))


def offers(name: str) -> dict[str, str]:
    """Public attributes of a class of the package, those of its bases included, with their signatures.

    ``aclose`` is for ``contextlib.aclosing``, which has no synchronous need of it.
    """
    cls = getattr(openai_codex, name)
    return {
        attribute: plain(str(inspect.signature(value))) if callable(value) else type(value).__name__
        for attribute in dir(cls)
        if not attribute.startswith("_") and attribute != "aclose"
        for value in [inspect.getattr_static(cls, attribute)]
    }
