"""The pages of ``docs/api-reference``, from the docstrings of the public API.

A page stands for a module, or for a public package; the modules of ``_async`` and ``_sync`` share one. A synchronous
class is described in full, and its asynchronous twin only says what it has and what is to be awaited.
What is public and has no docstring is a finding, so the pages are never silent about anything.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from . import docstrings
from .docstrings import Block
from .findings import CodegenError, Finding
from .public import FUNCTIONS, ROOTS, Definition, Export, Module, Package
from .render import Versions, jinja_environment
from .signatures import constructor, plain, signatures

__all__ = ["Entry", "render_api"]

_PACKAGE = "openai_codex"


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands below one heading.

    Attributes:
        name: Public name; of a member after that of its class and a dot.
        signatures: One, or those of all overloads.
        blocks: Its docstring.
        bases: Of a class.
        members: Methods and properties of a class.
        twin: Of an asynchronous class the name of the synchronous one.
    """

    name: str
    signatures: list[str]
    blocks: list[Block]
    bases: list[str]
    members: list[Entry]
    twin: str = ""

    @property
    def short(self) -> str:
        """The signature without its parameters."""
        name, opened, parameters = self.signatures[0].partition("(")
        return name if not opened else f"{name}()" if parameters.startswith(")") else f"{name}(...)"


def render_api(read: Callable[[str], str | None], versions: Versions) -> dict[str, str]:
    """Return the pages by file name.

    Args:
        read: Returns the text of the file at a path below the package; None where there is no file.
        versions: What the package says of itself.

    Raises:
        CodegenError: something public has no docstring, or is defined nowhere.
    """
    package = Package(read)
    exports, findings = package.exports()
    reader = _Reader(package, exports)
    pages: dict[str, list[Export]] = defaultdict(list)
    roots: dict[str, list[Export]] = defaultdict(list)
    for export in exports:
        pages[_page_of(export)].append(export)
        roots[_dotted(export.root)].append(export)
    templates = jinja_environment(versions)
    files: dict[str, str] = {}
    for name, listed in pages.items():
        listed.sort(key=_place)
        first = (name in ROOTS and package.module(name)) or listed[0].module
        entries = [reader.entry(export) for export in listed]
        files[f"{name}.md"] = templates.get_template("api_page.md.jinja").render(
            title=name, intro=docstrings.parse(first.doc), entries=entries
        )
    findings += reader.findings.values()
    if findings:
        raise CodegenError(findings)
    files["README.md"] = templates.get_template("api_index.md.jinja").render(
        roots=roots, page_of=_page_of, summary=docstrings.summary
    )
    return files


def _dotted(*parts: str) -> str:
    return ".".join([_PACKAGE, *filter(None, parts)])


def _page_of(export: Export) -> str:
    """``client`` for ``_sync.client``, ``handlers`` for ``_generated.handlers_sync``, ``testing`` for all below it."""
    first, _, rest = export.module.name.partition(".")
    name = rest if first in ("_async", "_generated", "_sync") else first
    return re.sub("_a?sync$", "", name).strip("_") or _PACKAGE


def _place(export: Export) -> tuple[str, int, bool]:
    """The order of a page: that of the source, where twins have the same lines; the synchronous one first."""
    path = export.module.path
    return path.replace("_async", "_sync"), export.definition.node.lineno, "_async" in path


class _Reader:
    """Makes entries and notes what is missing."""

    def __init__(self, package: Package, exports: list[Export]) -> None:
        self._package = package
        self._public = {export.definition for export in exports}
        self._names = {export.name for export in exports}
        self.findings: dict[str, Finding] = {}
        """By place, since twins have theirs in common."""

    def entry(self, export: Export) -> Entry:
        """What the page says of a public name."""
        module, definition = export.module, export.definition
        name = _dotted(export.root, export.name)
        blocks = self._blocks(module, definition, export.name)
        if not isinstance(definition.node, ast.ClassDef):
            return Entry(export.name, signatures(module, definition, name), blocks, [], [])

        described = {item for block in blocks for item, _ in block.items if block.kind != "Raises"}
        found = self._package.resolve(module, definition.node, self._public)
        members: list[Entry] = []
        attributes: list[tuple[str, str]] = []
        for member, (origin, each) in found.members.items():
            if member.startswith("_") or (member in described and not isinstance(each.node, FUNCTIONS)):
                continue
            full = f"{export.name}.{member}"
            told = self._blocks(origin, each, full)
            if isinstance(each.node, FUNCTIONS):
                members.append(Entry(full, signatures(origin, each, member, bound=True), told, [], []))
            else:
                shown = origin.text(each.node) if isinstance(each.node, ast.Assign) else member
                attributes.append((shown, " ".join(block.text for block in told)))
        if attributes:
            blocks.append(Block("Attributes", items=tuple(attributes)))

        inherited = self._package.resolve(module, definition.node).members
        made = constructor(f"class {name}", definition.node, inherited, described)
        sync = export.name.removeprefix("Async")
        twin = sync if sync != export.name and sync in self._names else ""
        return Entry(export.name, [made], blocks, list(map(plain, found.bases)), members, twin)

    def _blocks(self, module: Module, definition: Definition, name: str) -> list[Block]:
        if not definition.doc:
            finding = module.finding(definition.node, f"{name} has no docstring", "write one")
            self.findings[finding.where] = finding
        return docstrings.parse(definition.doc)
