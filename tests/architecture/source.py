"""What the tests of this directory read: source files as syntax trees, never as imported modules.

A module is named relative to the package: ``_core.turn``, and ``""`` for the package itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

__all__ = ["CODEGEN", "PACKAGE", "ROOT", "Import", "Module", "handwritten_files", "package_modules"]

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "openai_codex"
CODEGEN = ROOT / "codegen"

When = Literal["import", "call", "typing"]


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name.

    Attributes:
        target: The module that it comes from; relative to the package if it is ours.
        internal: Whether that module is part of the package.
        when: ``import``: when the module is imported; ``call``: when a function runs; ``typing``: never, only
            type checkers follow it.
    """

    line: int
    target: str
    internal: bool
    when: When


@dataclass(frozen=True, slots=True)
class Module:
    """One source file of the package."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def package(self) -> str:
        """The package that relative imports start from."""
        return self.name if self.path.name == "__init__.py" else self.name.rpartition(".")[0]

    def imports(self) -> list[Import]:
        """Every import of the file, with the moment when it happens."""
        return list(self._imports(self.tree, "import"))

    def _imports(self, node: ast.AST, when: When) -> Iterator[Import]:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield self._import(node.lineno, alias.name, when)
        elif isinstance(node, ast.ImportFrom):
            base = self._absolute(node)
            for alias in node.names:
                submodule = f"{base}.{alias.name}"
                yield self._import(node.lineno, submodule if _is_module(submodule) else base, when)
        elif isinstance(node, ast.If) and (branch := _type_checking_branch(node)) is not None:
            for taken, body in ((True, node.body), (False, node.orelse)):
                for statement in body:
                    yield from self._imports(statement, "typing" if taken == branch else when)
        else:
            inner = "call" if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) else when
            for child in ast.iter_child_nodes(node):
                yield from self._imports(child, inner)

    def _absolute(self, node: ast.ImportFrom) -> str:
        if node.level == 0:
            return node.module or ""
        package = f"openai_codex.{self.package}".rstrip(".").split(".")
        return ".".join([*package[: len(package) - node.level + 1], *([node.module] if node.module else [])])

    @staticmethod
    def _import(line: int, name: str, when: When) -> Import:
        internal = name.partition(".")[0] == "openai_codex"
        return Import(line, name.partition(".")[2] if internal else name, internal, when)


def _is_module(name: str) -> bool:
    head, _, tail = name.partition(".")
    path = PACKAGE.joinpath(*tail.split("."))
    return head == "openai_codex" and (path.with_suffix(".py").is_file() or (path / "__init__.py").is_file())


def _type_checking_branch(node: ast.If) -> bool | None:
    """Whether the body (True) or the else (False) is for type checkers alone; None for any other condition."""
    test, branch = node.test, True
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, branch = test.operand, False
    return branch if isinstance(test, ast.Name) and test.id == "TYPE_CHECKING" else None


@cache
def package_modules() -> dict[str, Module]:
    """Every module of the package by name."""
    modules: dict[str, Module] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        modules[name] = Module(name, path, ast.parse(path.read_bytes()))
    return modules


def handwritten_files() -> list[Path]:
    """Source files that people write: the package without what is generated or derived, and the pipeline."""
    derived = (PACKAGE / "_generated", PACKAGE / "_sync")
    ours = [path for path in sorted(PACKAGE.rglob("*.py")) if not any(folder in path.parents for folder in derived)]
    return [*ours, *sorted(CODEGEN.rglob("*.py"))]
