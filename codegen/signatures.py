"""Signatures as text, put together from syntax trees in the style of the project.

A constructor is shown where the docstring describes all of its parameters; objects of other classes come from calls.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Set

from .modelindex import MODELS_ALIAS
from .public import FUNCTIONS, Definition, Module

__all__ = ["constructor", "plain", "signatures"]

_WIDTH = 100
_LABELS = {"cached_property": "property", "classmethod": "classmethod", "property": "property"}
_ALIASED = re.compile(rf"\b(?:{MODELS_ALIAS}\.|_(?=[A-Z]))")
_FINAL = re.compile(r"(?:\w+\.)?Final(?:\[(.*)\])?", re.DOTALL)

_Members = Mapping[str, tuple[Module, Definition]]


def plain(types: str) -> str:
    """Protocol types under their own names, and private type variables without the mark."""
    return _ALIASED.sub("", types)


def signatures(module: Module, definition: Definition, name: str, *, bound: bool = False) -> list[str]:
    """How to use a function, property or variable: one line or several, and one for each overload.

    Args:
        module: The module that it is written in.
        definition: Anything but a class.
        name: What to call it.
        bound: Whether it is a member of a class.
    """
    node = definition.node
    if isinstance(node, FUNCTIONS):
        return [_function(module, each, name, bound=bound) for each in definition.overloads or [node]]
    assert not isinstance(node, ast.ClassDef)
    if isinstance(node, ast.Assign) or "TypeAlias" in module.text(node.annotation):
        value = module.text(node.value) if node.value else ""
        return [f"{name} = {plain(value)}"]
    annotation = _annotation(module, node.annotation)
    final = _FINAL.fullmatch(annotation)
    kind = final[1] if final else annotation
    return [f"{name}: {kind}" if kind else name]


def _function(module: Module, node: ast.FunctionDef | ast.AsyncFunctionDef, name: str, *, bound: bool) -> str:
    decorators = [ast.unparse(each).rpartition(".")[2] for each in node.decorator_list]
    label = next((_LABELS[each] for each in decorators if each in _LABELS), "")
    returns = _annotation(module, node.returns) if node.returns else ""
    if label == "property":
        return f"property {name}: {returns}"
    parameters = _parameters(module, node.args)
    if bound and "staticmethod" not in decorators:
        parameters = parameters[1:]
    words = [label, "await" if isinstance(node, ast.AsyncFunctionDef) else "", name]
    return _call(" ".join(filter(None, words)), parameters, f" -> {returns}" if returns else "")


def _call(name: str, parameters: list[str], tail: str = "") -> str:
    line = f"{name}({', '.join(parameters)}){tail}"
    if len(line) <= _WIDTH:
        return line
    return "\n".join([f"{name}(", *(f"    {each}," for each in parameters), f"){tail}"])


def _annotation(module: Module, node: ast.expr) -> str:
    return plain(" ".join(module.text(node).split()))


def _parameter(module: Module, name: str, annotation: ast.expr | None, default: ast.expr | None) -> str:
    equals = " = " if annotation else "="
    typed = f"{name}: {_annotation(module, annotation)}" if annotation else name
    return f"{typed}{equals}{module.text(default)}" if default else typed


def _parameters(module: Module, arguments: ast.arguments) -> list[str]:
    plain = [*arguments.posonlyargs, *arguments.args]
    missing: list[ast.expr | None] = [None] * (len(plain) - len(arguments.defaults))
    defaults = [*missing, *arguments.defaults, *arguments.kw_defaults]
    found = [
        _parameter(module, each.arg, each.annotation, default)
        for each, default in zip([*plain, *arguments.kwonlyargs], defaults, strict=True)
    ]
    if arguments.vararg:
        found.insert(len(plain), _parameter(module, f"*{arguments.vararg.arg}", arguments.vararg.annotation, None))
    elif arguments.kwonlyargs:
        found.insert(len(plain), "*")
    if arguments.posonlyargs:
        found.insert(len(arguments.posonlyargs), "/")
    if arguments.kwarg:
        found.append(_parameter(module, f"**{arguments.kwarg.arg}", arguments.kwarg.annotation, None))
    return found


def constructor(name: str, node: ast.ClassDef, members: _Members, described: Set[str]) -> str:
    """How to make an object of a class; the name alone where that is not for users.

    Args:
        name: What to call it.
        node: The class.
        members: What it and its bases define.
        described: Parameters and attributes that its docstring describes.
    """
    decorators = [ast.unparse(each) for each in node.decorator_list]
    decorator = next((each for each in decorators if re.match(r"(\w+\.)?dataclass\b", each)), None)
    if decorator:
        return _call(name, _fields(members, keyword_only="kw_only=True" in decorator))
    module, init = members.get("__init__", (None, None))
    if module is None or init is None or not isinstance(init.node, FUNCTIONS):
        return name
    arguments = init.node.args
    names = [each.arg for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)][1:]
    return _call(name, _parameters(module, arguments)[1:]) if described >= set(names) else name


def _fields(members: _Members, *, keyword_only: bool) -> list[str]:
    """The parameters that ``dataclass`` makes of annotated attributes."""
    plain: list[str] = []
    named: list[str] = []
    for name, (module, definition) in members.items():
        node = definition.node
        if not isinstance(node, ast.AnnAssign) or "ClassVar" in module.text(node.annotation):
            continue
        default, options = node.value, dict[str | None, ast.expr]()
        if isinstance(default, ast.Call) and ast.unparse(default.func).endswith("field"):
            options = {each.arg: each.value for each in default.keywords}
            default = options.get("default")
        text = _parameter(module, name, node.annotation, default)
        if "default_factory" in options:
            text += " = ..."
        if "init" not in options or ast.unparse(options["init"]) != "False":
            (named if keyword_only or "kw_only" in options else plain).append(text)
    return [*plain, *(["*"] if named else []), *named]
