"""What a module offers is what its ``__all__`` says, in order; the package's own three lists are one."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import pytest

import openai_codex
from openai_codex._exports import MODULES, PUBLIC_MODULES
from tests.architecture.source import CODEGEN, ROOT, package_modules

PUBLIC = [
    "openai_codex",
    "openai_codex.console",
    "openai_codex.errors",
    "openai_codex.models",
    "openai_codex.protocol",
    "openai_codex.retry",
    "openai_codex.testing",
    "openai_codex.types",
]


def all_files() -> list[Path]:
    return [*(module.path for module in package_modules().values()), *sorted(CODEGEN.rglob("*.py"))]


def is_for_checkers(node: ast.stmt) -> TypeGuard[ast.If]:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def exported(tree: ast.Module) -> list[str] | None:
    """The value of ``__all__`` at run time; None where there is none, or where it is computed."""
    lazy = [node for branch in tree.body if is_for_checkers(branch) for node in branch.orelse]
    for node in [*tree.body, *lazy]:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            try:
                return list(ast.literal_eval(node.value))
            except ValueError:
                return None
    return None


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a module's top level defines itself; what it imports is somebody else's."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Assign):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id


def in_order(name: str) -> tuple[int, str]:
    """Constants, classes, the rest; each by the alphabet. The order in which linters sort ``__all__``."""
    return 0 if name.isupper() else 1 if name[0].isupper() else 2, name


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", all_files(), ids=short)
def test_export_list_is_sorted(path: Path) -> None:
    names = exported(ast.parse(path.read_bytes()))
    if names is not None:
        assert names == sorted(names, key=in_order)


@pytest.mark.parametrize("path", all_files(), ids=short)
def test_export_list_is_complete(path: Path) -> None:
    tree = ast.parse(path.read_bytes())
    names = exported(tree)
    if names is not None:
        own = {name for name in defined(tree.body) if not name.startswith("_") and name != "logger"}
        assert own - set(names) == set()


def test_every_exported_name_resolves() -> None:
    dangling = [
        f"{module}.{name}"
        for module in [".".join(["openai_codex", *filter(None, [name])]) for name in package_modules()]
        for name in getattr(importlib.import_module(module), "__all__", ())
        if not hasattr(importlib.import_module(module), name)
    ]
    assert dangling == []


def test_package_lists_agree() -> None:
    tree = package_modules()[""].tree
    typing = next(node for node in tree.body if is_for_checkers(node))
    seen_by_checkers = {
        (node.module, alias.name, alias.asname)
        for node in typing.body
        if isinstance(node, ast.ImportFrom) and node.module is not None
        for alias in node.names
    }
    modules: dict[str, tuple[str, ...]] = MODULES
    loaded_lazily = {(module, name, name) for module, names in modules.items() for name in names}
    nameless = [node for node in typing.body if isinstance(node, ast.ImportFrom) and node.module is None]
    modules_seen = tuple(alias.name for node in nameless for alias in node.names)
    assert modules_seen == PUBLIC_MODULES
    # The version is the one name that is called otherwise where it comes from.
    assert seen_by_checkers == {*loaded_lazily, ("_generated._version", "PACKAGE_VERSION", "__version__")}
    assert sorted(openai_codex.__all__) == sorted(str(public) for _, _, public in seen_by_checkers)


def test_every_public_class_has_its_twin() -> None:
    asynchronous = {name for name in openai_codex.__all__ if name.startswith("Async")}
    assert asynchronous
    assert {name.removeprefix("Async") for name in asynchronous} <= set(openai_codex.__all__)


@pytest.mark.parametrize("module", PUBLIC)
def test_dir_shows_what_is_exported(module: str) -> None:
    namespace = importlib.import_module(module)
    assert set(getattr(namespace, "__all__", ())) <= set(dir(namespace))


@pytest.mark.parametrize("module", PUBLIC)
def test_star_imports_what_is_exported(module: str) -> None:
    names: dict[str, object] = {}
    exec(f"from {module} import *", names)
    assert names.keys() - {"__builtins__"} == set(importlib.import_module(module).__all__)


def test_types_hides_nothing_from_type_checkers() -> None:
    # To them, every name that the list of an installed package leaves out is private.
    body = package_modules()["types"].tree.body
    assert exported(ast.Module([node for node in body if not is_for_checkers(node)], [])) is None


@pytest.mark.parametrize("module", ["openai_codex", "openai_codex.models", "openai_codex.types"])
def test_misspelled_name_is_an_attribute_error_that_names_it(module: str) -> None:
    with pytest.raises(AttributeError, match="no attribute 'Codxe'"):
        _ = importlib.import_module(module).Codxe
