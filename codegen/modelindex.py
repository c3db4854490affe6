"""Read back from the generated models what the stubs need: Python names, types and wire names of all fields.

The models are the authority: a stub can only ask for what a model takes.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from .findings import CodegenError, Finding
from .partition import Layout

__all__ = ["MODELS_ALIAS", "Field", "Model", "index_models"]

MODELS_ALIAS = "m"
"""Name under which stubs import the model package."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model. ``annotation`` is valid where the model package is imported as `MODELS_ALIAS`."""

    name: str
    wire: str
    annotation: str
    required: bool


@dataclass(frozen=True, slots=True)
class Model:
    """One generated class."""

    name: str
    module: str
    bases: tuple[str, ...]
    fields: tuple[Field, ...]
    numbered: tuple[tuple[str, str], ...] = ()
    """Pairs of members of which the second got a number because its name was taken."""


class _Qualify(ast.NodeTransformer):
    """``list[Turn]`` -> ``list[m.Turn]``."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._names:
            return ast.Attribute(ast.Name(MODELS_ALIAS, ast.Load()), node.id, ast.Load())
        return node


def _field(node: ast.AnnAssign, names: Mapping[str, str]) -> Field | None:
    if not isinstance(node.target, ast.Name):
        return None
    annotation, wire = node.annotation, node.target.id
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "Annotated":
        assert isinstance(annotation.slice, ast.Tuple)
        annotation, *extras = annotation.slice.elts
        for extra in extras:
            for keyword in extra.keywords if isinstance(extra, ast.Call) else ():
                if keyword.arg == "alias":
                    wire = ast.literal_eval(keyword.value)
    text = ast.unparse(_Qualify(names).visit(annotation))
    return Field(node.target.id, wire, text, node.value is None)


def _models(module: str, source: str, names: Mapping[str, str]) -> Iterator[Model]:
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            found = (_field(each, names) for each in node.body if isinstance(each, ast.AnnAssign))
            fields = tuple(field for field in found if field is not None)
            bases = tuple(ast.unparse(base) for base in node.bases)
            yield Model(node.name, module, bases, fields, tuple(_numbered(node, fields)))


def _numbered(node: ast.ClassDef, fields: Iterable[Field]) -> Iterator[tuple[str, str]]:
    """Members that got a number because their name was taken; a number that stands on the wire too is their own."""
    wires = {field.name: field.wire for field in fields}
    for each in node.body:
        if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name):
            wires[each.targets[0].id] = ast.unparse(each.value).strip("'")
    for name, wire in wires.items():
        stem, _, number = name.rpartition("_")
        if number.isdigit() and stem in wires and not re.search(rf"[^0-9A-Za-z]{number}$", wire):
            yield stem, name


def index_models(modules: Mapping[str, str], layout: Layout) -> dict[str, Model]:
    """All generated classes by name.

    Raises:
        CodegenError: a class ended up elsewhere than the layout says, bears a numbered name, or is a root model.
    """
    models: dict[str, Model] = {}
    findings: list[Finding] = []
    for module, source in sorted(modules.items()):
        for model in _models(module, source, layout.module_of):
            models[model.name] = model
            if layout.module_of.get(model.name) != module:
                step = "see codegen/models.py and codegen/partition.py"
                findings.append(Finding(f"models/{module}.py", f"{model.name} does not belong here", step))
            for taken, name in model.numbered:
                step = "teach codegen/normalise.py to name them"
                reason = f"{model.name} has two members called {taken}, one is {name} now"
                findings.append(Finding(f"models/{module}.py", reason, step))
            if any("RootModel" in base for base in model.bases):
                step = "normalise its definition"
                findings.append(Finding(f"models/{module}.py", f"{model.name} is a RootModel", step))
    if findings:
        raise CodegenError(findings)
    return models
