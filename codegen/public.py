"""Which names are public and where they are defined, read from the sources as text: nothing is imported.

A public module says in ``__all__`` what it offers. Each name is followed through relative imports to the module that
defines it. So are the bases of a public class that are not public themselves: what they have, it has.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from .findings import CodegenError, Finding

__all__ = ["FUNCTIONS", "ROOTS", "Class", "Definition", "Export", "Module", "Package", "handwritten", "read_below"]

ROOTS = ("", "console", "errors", "protocol", "retry", "testing")
"""The modules to import from, below the package; those that are there count."""

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A class, function or variable, with its docstring.

    Attributes:
        node: Its statement; of a property the getter, of an overloaded function the implementation.
        doc: Docstring, cleaned; "" where there is none.
        overloads: Signatures that stand for the implementation's.
    """

    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign
    doc: str
    overloads: Sequence[ast.FunctionDef | ast.AsyncFunctionDef] = ()


def _definitions(body: list[ast.stmt]) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    overloads: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = defaultdict(list)
    for node, following in zip_longest(body, body[1:]):
        if isinstance(node, FUNCTIONS) and any(ast.unparse(each).endswith("overload") for each in node.decorator_list):
            overloads[node.name].append(node)
        elif isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            doc = ast.get_docstring(node) or ""
            found.setdefault(node.name, Definition(node, doc, overloads[node.name]))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                found.setdefault(target.id, Definition(node, _string(following)))
    return found


def _string(node: ast.stmt | None) -> str:
    value = node.value if isinstance(node, ast.Expr) else None
    return inspect.cleandoc(value.value) if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


class Module:
    """A source file.

    Attributes:
        name: Dotted name below the package.
        path: Path below the package.
        doc: Docstring, cleaned; "" where there is none.
        definitions: What its top level defines, by name.
        imports: What it takes from the package: name -> module and the name there.
    """

    def __init__(self, name: str, path: str, text: str) -> None:
        self.name, self.path, self._text = name, path, text
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError) as error:
            reason = f"cannot be parsed ({getattr(error, 'msg', error)})"
            raise CodegenError([self.finding(error, reason, "correct it")]) from error
        self.doc = ast.get_docstring(tree) or ""
        self.definitions = _definitions(tree.body)
        self.imports = {
            alias.asname or alias.name: (self._absolute(node), alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.level
            for alias in node.names
        }

    def _absolute(self, node: ast.ImportFrom) -> str:
        parts = self.name.split(".") if self.name else []
        up = node.level - (1 if self.path.endswith("__init__.py") else 0)
        return ".".join([*parts[: len(parts) - up], *([node.module] if node.module else [])])

    def exported(self) -> list[str]:
        """What ``__all__`` lists.

        Raises:
            CodegenError: there is no such list, or it is computed.
        """
        definition = self.definitions.get("__all__")
        with contextlib.suppress(ValueError):
            if definition and isinstance(definition.node, ast.Assign):
                return list(ast.literal_eval(definition.node.value))
        raise CodegenError([self.finding(None, "has no __all__ that is a plain list", "write one")])

    def text(self, node: ast.AST) -> str:
        """What is written there."""
        return ast.get_source_segment(self._text, node) or ""

    def finding(self, place: object, reason: str, next_step: str) -> Finding:
        """Something to mend in the line of a node or error; what is derived is mended where it comes from."""
        line = getattr(place, "lineno", None) or 1
        return Finding(f"src/openai_codex/{self.path.replace('_sync/', '_async/')}:{line}", reason, next_step)


@dataclass(frozen=True, slots=True)
class Class:
    """A class together with those bases that do not stand for themselves.

    Attributes:
        bases: The others, as they are written.
        members: What they all define, by name: the module that it is written in, and the definition.
    """

    bases: list[str]
    members: dict[str, tuple[Module, Definition]]


@dataclass(frozen=True, slots=True)
class Export:
    """A public name.

    Attributes:
        root: The module to import it from, below the package.
        name: Its public name.
        module: The module that defines it.
    """

    root: str
    name: str
    module: Module
    definition: Definition


class Package:
    """The modules of the package, each parsed when it is first asked for.

    Args:
        read: Returns the text of the file at a path below the package; None where there is no file.

    Attributes:
        modules: What was read so far, by name; None where there is none.
    """

    def __init__(self, read: Callable[[str], str | None]) -> None:
        self._read = read
        self.modules: dict[str, Module | None] = {}

    def module(self, name: str) -> Module | None:
        """A module by its dotted name.

        Raises:
            CodegenError: it cannot be parsed.
        """
        if name not in self.modules:
            folder = name.replace(".", "/")
            paths = [f"{folder}.py", f"{folder}/__init__.py"] if name else ["__init__.py"]
            texts = ((path, self._read(path)) for path in paths)
            self.modules[name] = next((Module(name, path, text) for path, text in texts if text is not None), None)
        return self.modules[name]

    def find(self, name: str, module: Module | None) -> tuple[Module, Definition] | None:
        """The module that defines what ``module`` calls ``name``, and the definition; None if it is not ours."""
        if module is None:
            return None
        if name in module.definitions:
            return module, module.definitions[name]
        origin, original = module.imports.get(name, (None, ""))
        return None if origin is None else self.find(original, self.module(origin))

    def exports(self) -> tuple[list[Export], list[Finding]]:
        """Every public name once, from the first public module that has it; and names that lead nowhere."""
        exports: dict[tuple[Definition, str], Export] = {}
        findings: list[Finding] = []
        for root in filter(None, map(self.module, ROOTS)):
            for name in root.exported():
                found = self.find(name, root)
                if found is None:
                    findings.append(root.finding(None, f"{name} is defined nowhere", "take it out of __all__"))
                else:
                    exports.setdefault((found[1], name), Export(root.name, name, *found))
        return list(exports.values()), findings

    def resolve(self, module: Module, node: ast.ClassDef, public: Set[Definition] = frozenset()) -> Class:
        """Put together a class.

        Args:
            module: The module that defines it.
            node: Its statement.
            public: Bases that stand for themselves.
        """
        bases: list[str] = []
        members = {name: (module, definition) for name, definition in _definitions(node.body).items()}
        for base in node.bases:
            plain = base.value if isinstance(base, ast.Subscript) else base
            origin, definition = self.find(ast.unparse(plain), module) or (module, None)
            if definition is None or definition in public or not isinstance(definition.node, ast.ClassDef):
                bases.append(module.text(base))
            else:
                inner = self.resolve(origin, definition.node, public)
                bases += inner.bases
                members = {**inner.members, **members}
        return Class(bases, members)


def read_below(package: Path) -> Callable[[str], str | None]:
    """How to read the files of a package on disk."""

    def read(path: str) -> str | None:
        file = package / path
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else None

    return read


def handwritten(package: Path) -> Iterator[Path]:
    """The files that decide what is public and how it is described, apart from ``_async`` and what is generated."""
    on_disk = read_below(package)
    # Generated files may lie there in any state, for example with the marks of a merge.
    api = Package(lambda path: None if path.startswith(("_generated/", "_sync/")) else on_disk(path))
    exports, _ = api.exports()
    for export in exports:
        if isinstance(export.definition.node, ast.ClassDef):
            api.resolve(export.module, export.definition.node)
    for module in api.modules.values():
        if module and not module.path.startswith("_async/"):
            yield package / module.path
