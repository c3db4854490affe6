"""Render everything but the models through the Jinja templates in ``codegen/templates``.

The async stubs are the source; their sync twins are derived afterwards (see `codegen.unasync`).
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2

from openai_codex._schema.shapes import class_name

from .findings import CodegenError, Finding
from .ir import Protocol, Request
from .modelindex import MODELS_ALIAS, Field, Model
from .normalise import Normalised
from .partition import Layout

__all__ = ["Method", "Namespace", "Versions", "jinja_environment", "namespaces", "render_docs", "render_package"]

_TEMPLATES = Path(__file__).with_name("templates")
_RESERVED = {"m", "result", "self", "timeout"}
_WIDTH = 118


@dataclass(frozen=True, slots=True)
class Versions:
    """What the generated package says of itself."""

    package: str
    runtime: str
    oldest_runtime: str


@dataclass(frozen=True, slots=True)
class Method:
    """A request as the stub template needs it."""

    request: Request
    doc: str
    fields: tuple[Field, ...]
    members: tuple[str, ...]
    """Types that the one positional argument may have, where the parameters are a union."""
    docs: Mapping[str, str]

    @property
    def result(self) -> str:
        """Annotation of the result."""
        return f"{MODELS_ALIAS}.{self.request.result}"


@dataclass(frozen=True, slots=True)
class Namespace:
    """All requests below one first segment."""

    name: str
    methods: tuple[Method, ...]
    root: Method | None
    """The request that bears the namespace's own name, if there is one."""

    @property
    def cls(self) -> str:
        """Class name without the Async prefix."""
        return f"{class_name(self.name)}Rpc"


def _wrap(text: str, indent: int, *, first: int | None = None) -> str:
    """Fold ``text`` to the line width; ``first`` is the column at which the first line starts."""
    lines: list[str] = []
    for paragraph in text.strip().split("\n"):
        start = " " * (first if first is not None and not lines else indent)
        lines += textwrap.wrap(
            paragraph,
            _WIDTH,
            initial_indent=start,
            subsequent_indent=" " * indent,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
    return "\n".join(lines).strip()


def _docstring(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"""', "'''")


def _sentence(text: str) -> str:
    text = text.strip()
    return text if not text or text[-1] in ".!?:`" else f"{text}."


def jinja_environment(versions: Versions) -> jinja2.Environment:
    """The templates, with what every one of them may use."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    filters: dict[str, Any] = {"wrap": _wrap, "docstring": _docstring, "sentence": _sentence, "py": repr}
    environment.filters.update(filters)
    names: dict[str, Any] = {"versions": versions}
    environment.globals.update(names)
    return environment


def _method(request: Request, models: Mapping[str, Model], normalised: Normalised) -> Method:
    if request.params is None:
        return Method(request, request.doc, (), (), {})
    doc: str = request.doc or normalised.definitions[request.params].get("description", "")
    doc = doc.removeprefix("Experimental.").strip()  # the docstring has a section about that
    if request.params not in models:
        members = normalised.unions[request.params].members
        return Method(request, doc, (), tuple(each for each in members if each not in normalised.fallbacks), {})
    fields = models[request.params].fields
    properties: dict[str, Any] = normalised.definitions[request.params].get("properties", {})
    docs = {field.name: properties.get(field.wire, {}).get("description", "") for field in fields}
    for field in fields:
        if field.name in _RESERVED:
            reason = f"{request.method} has a field called {field.name}, which stubs use themselves"
            raise CodegenError([Finding("codegen/render.py", reason, "rename the stub's own argument")])
    return Method(request, doc, tuple(sorted(fields, key=lambda field: not field.required)), (), docs)


def namespaces(
    protocol: Protocol, models: Mapping[str, Model], normalised: Normalised
) -> tuple[list[Namespace], list[Method]]:
    """Group the requests; what has no namespace comes second."""
    groups: dict[str, list[Method]] = defaultdict(list)
    for request in protocol.requests:
        groups[request.namespace].append(_method(request, models, normalised))
    roots = {method.request.name: method for method in groups.pop("", [])}
    spaces = [Namespace(name, tuple(methods), roots.pop(name, None)) for name, methods in sorted(groups.items())]
    return spaces, sorted(roots.values(), key=lambda method: method.request.name)


def render_package(
    protocol: Protocol,
    normalised: Normalised,
    layout: Layout,
    models: Mapping[str, Model],
    versions: Versions,
    replaced_types: Iterable[str],
) -> dict[str, str]:
    """Return the source of ``_generated`` without the model modules, by path below it."""
    environment = jinja_environment(versions)
    spaces, methods = namespaces(protocol, models, normalised)
    by_module: dict[str, list[str]] = defaultdict(list)
    for name, module in layout.module_of.items():
        by_module[module].append(name)
    context: dict[str, Any] = {
        "protocol": protocol,
        "namespaces": spaces,
        "methods": methods,
        "has_optional_fields": any(not field.required for method in methods for field in method.fields),
        "modules": dict(sorted(by_module.items())),
        "module_of": layout.module_of,
        "replaced_types": set(replaced_types),
        "experimental_fields": _grouped(protocol.experimental_fields),
        "secret_fields": _secret_fields(normalised),
        "open_enums": sorted(normalised.open_enums),
        "payloads": sorted({notification.payload for notification in protocol.notifications}),
    }

    def render(template: str, **more: Any) -> str:
        return environment.get_template(template).render(context, **more)

    files = {
        "__init__.py": render("package.py.jinja"),
        "_version.py": render("version.py.jinja"),
        "_methods.py": render("methods.py.jinja"),
        "_docs.py": render("docs.py.jinja"),
        "models/__init__.py": render("models.py.jinja"),
        "handlers_async/__init__.py": render("handlers.py.jinja"),
        "rpc_async/__init__.py": render("rpc_root.py.jinja"),
    }
    for space in spaces:
        files[f"rpc_async/{space.name}.py"] = render("rpc_namespace.py.jinja", namespace=space)
    return files


def _secret_fields(normalised: Normalised) -> list[str]:
    return sorted(
        {
            name
            for definition in normalised.definitions.values()
            for name, schema in definition.get("properties", {}).items()
            if isinstance(schema, dict) and schema.get("x-repr") is False  # pyright: ignore[reportUnknownMemberType]
        }
    )


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = defaultdict(list)
    for name, field in sorted(pairs):
        grouped[name].append(field)
    return dict(grouped)


def render_docs(
    protocol: Protocol, normalised: Normalised, models: Mapping[str, Model], versions: Versions
) -> dict[str, str]:
    """Return the pages of ``docs/protocol``, by file name."""
    environment = jinja_environment(versions)
    spaces, methods = namespaces(protocol, models, normalised)
    context: dict[str, Any] = {
        "protocol": protocol,
        "namespaces": spaces,
        "methods": methods,
        "models": models,
        "normalised": normalised,
    }
    pages = {
        f"{space.name}.md": environment.get_template("page.md.jinja").render(
            context, title=space.name, listed=[*([space.root] if space.root else []), *space.methods]
        )
        for space in spaces
    }
    pages["README.md"] = environment.get_template("index.md.jinja").render(context)
    pages["core.md"] = environment.get_template("page.md.jinja").render(context, title="", listed=methods)
    return pages
