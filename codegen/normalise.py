"""Rewrite the schema so that datamodel-code-generator can only produce good models from it.

Rust serialises enums in several shapes, and JSON schema shows them as nameless ``oneOf`` branches. Here each shape
becomes something with a name, in one pass over the definitions:

* strings with descriptions      one enum, the descriptions kept in its docstring
* tagged union                   one definition per variant, a union over them that goes by the tag
* string or single-key object    an enum ``<Union>Value`` for the strings, one definition per key
* untagged union of objects      variants named by the property that only they require
* inline object or enum          a definition named after its owner and property
* null                           the same as missing in what is read (``codegen/nulls.py``)

Every union of objects gets an ``Unrecognized<Union>`` variant, so that a newer runtime cannot break an older client.
What only constrains and would reject a newer runtime's values is dropped: formats, minimums, closed objects.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Literal

from openai_codex._schema.bundle import Schema, ref_name, references
from openai_codex._schema.shapes import (
    class_name,
    common_tag,
    is_catch_all,
    is_string_enum,
    single_key,
    without_alternatives,
    without_null,
)

from .findings import CodegenError, Finding
from .ir import Protocol
from .naming import is_class_name
from .nulls import forgive_nulls
from .overrides import Overrides

__all__ = ["UNRECOGNIZED", "Normalised", "Union", "normalise"]

UNRECOGNIZED = "<unrecognized>"
_DROPPED = ("format", "minimum", "maximum", "minLength", "maxLength", "$schema", "title", "pattern")
_REF = "#/definitions/"
_EXPERIMENTAL = "Experimental."


@dataclass(frozen=True, slots=True)
class Union:
    """How to tell the members of a union apart.

    ``tagged`` goes by the value of ``tag``, ``keyed`` by the only key of an object (or its being a string), ``open``
    tries the members, ``plain`` needs nothing because the JSON types differ.
    """

    kind: Literal["tagged", "keyed", "open", "plain"]
    members: tuple[str, ...]
    tag: str | None = None


@dataclass(slots=True)
class Normalised:
    """Definitions that map one to one to Python types, and what the schema alone cannot express."""

    definitions: dict[str, Schema]
    unions: dict[str, Union] = field(default_factory=dict[str, Union])
    variants: set[str] = field(default_factory=set[str])
    fallbacks: dict[str, str] = field(default_factory=dict[str, str])
    """Name of each ``Unrecognized<Union>`` and the union it belongs to."""
    open_enums: set[str] = field(default_factory=set[str])
    """Enums that any other string fits as well."""
    null_is_missing: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    """Type and property of each default that stands for null as well."""


def normalise(protocol: Protocol, overrides: Overrides) -> Normalised:
    """Normalise all definitions of the protocol.

    Raises:
        CodegenError: a name clash, a union of unknown shape, a cycle, or a reference to nothing.
    """
    return _Normaliser(protocol, overrides).run()


class _Normaliser:
    def __init__(self, protocol: Protocol, overrides: Overrides) -> None:
        self._protocol = protocol
        self._overrides = overrides
        self._out = Normalised({})
        self._findings: list[Finding] = []

    def run(self) -> Normalised:
        for name, schema in self._protocol.definitions.items():
            self._define(name, copy.deepcopy(schema))
        self._flatten_open_unions()
        self._drop_unusable_defaults()
        self._apply_open_enums()
        self._out.null_is_missing = forgive_nulls(self._protocol, self._out.definitions)
        self._mark_secrets()
        self._mark_experimental()
        self._check_references()
        if self._findings:
            raise CodegenError(self._findings)
        self._out.definitions = dict(sorted(self._out.definitions.items()))
        return self._out

    # -- definitions ------------------------------------------------------------------------------------------

    def _add(self, name: str, schema: Schema) -> str:
        if name in self._out.definitions or (name in self._protocol.definitions and name not in self._current):
            reason = f"the name {name} is needed for {' / '.join(self._current)} but taken"
            self._findings.append(Finding("schema", reason, "teach codegen/normalise.py another name"))
        self._out.definitions[name] = schema
        return name

    def _define(self, name: str, schema: Schema) -> None:
        self._current = (name,)
        branches = self._branches(schema)
        if branches is None:
            self._add(name, self._clean(name, schema))
        elif all(is_string_enum(branch) for branch in branches):
            self._add(name, _merged_enum(schema, branches))
        elif (tag := common_tag(branches)) is not None:
            self._tagged(name, schema, branches, tag)
        elif any(single_key(branch) for branch in branches):
            self._keyed(name, schema, branches)
        else:
            self._untagged(name, schema, branches)

    @staticmethod
    def _branches(schema: Schema) -> list[Schema] | None:
        return schema.get("oneOf") or schema.get("anyOf")

    def _variant(self, name: str, schema: Schema) -> str:
        self._out.variants.add(name)
        return self._add(name, self._clean(name, schema))

    def _union(self, name: str, schema: Schema, union: Union, extra: list[Schema] | None = None) -> None:
        members: list[Schema] = [*(extra or []), *({"$ref": _REF + member} for member in union.members)]
        out: Schema = {"anyOf": members}
        if "description" in schema:
            out["description"] = schema["description"]
        self._out.unions[name] = union
        self._add(name, out)

    def _tagged(self, name: str, schema: Schema, branches: list[Schema], tag: str) -> None:
        own = schema.get("properties", {})
        variants: list[str] = []
        shapes: list[Schema] = []
        names = _variant_names(name, branches, [branch["properties"][tag]["enum"][0] for branch in branches])
        for branch, variant in zip(branches, names, strict=True):
            value: str = branch["properties"][tag]["enum"][0]
            shape = without_alternatives(branch)
            shape["properties"] = {**copy.deepcopy(own), **shape["properties"]}
            shape["required"] = sorted({tag, *schema.get("required", ()), *shape.get("required", ())})
            shape["properties"][tag] = {"const": value, "type": "string"}
            if (name, value) in self._protocol.experimental_tags:
                _prepend(shape)
            variants.append(self._variant(variant, shape))
            shapes.append(self._out.definitions[variant])
        fallback = self._fallback(name, tag, shapes)
        self._union(name, schema, Union("tagged", (*variants, fallback), tag))

    def _keyed(self, name: str, schema: Schema, branches: list[Schema]) -> None:
        words = [branch for branch in branches if is_string_enum(branch)]
        members: list[str] = []
        if words:
            members.append(self._add(f"{name}Value", _merged_enum({}, words)))
        for branch in branches:
            key = single_key(branch)
            if key is not None:
                payload = branch["properties"][key]
                if "properties" in payload and ref_name(payload) is None:
                    inner = class_name(key)
                    taken = inner in self._protocol.definitions or inner in self._out.definitions
                    payload_name = self._add(
                        f"{name}{inner}" if taken else inner, self._clean(f"{name}{inner}", payload)
                    )
                    branch["properties"][key] = {"$ref": _REF + payload_name}
                members.append(self._variant(_variant_name(name, branch, key), branch))
            elif not is_string_enum(branch) and not is_catch_all(branch):
                self._unknown_shape(name, branch)
        fallback = self._fallback(name, None, [])
        self._union(name, schema, Union("keyed", (*members, fallback)))

    def _untagged(self, name: str, schema: Schema, branches: list[Schema]) -> None:
        objects = [branch for branch in branches if branch.get("type") == "object" and "properties" in branch]
        shared = set[str].intersection(*(set(branch.get("required", ())) for branch in objects or [{}]))
        members: list[str] = []
        scalars: list[Schema] = []
        for branch in branches:
            reference = ref_name(branch)
            if reference is not None:
                members.append(reference)
            elif branch in objects:
                own = sorted(set(branch.get("required", ())) - shared)
                if not own:
                    self._unknown_shape(name, branch)
                    continue
                members.append(self._variant(f"{class_name(own[0])}{name}", branch))
            elif "properties" not in branch and set(branch) & {"type", "items"}:
                scalars.append(self._clean(name, branch))
            else:
                self._unknown_shape(name, branch)
        if len(members) > 1:
            members.append(self._fallback(name, None, []))
            self._union(name, schema, Union("open", tuple(members)), scalars)
        else:
            self._union(name, schema, Union("plain", tuple(members)), scalars)

    def _fallback(self, union: str, tag: str | None, shapes: list[Schema]) -> str:
        """The variant for what this schema does not know. It repeats the fields that all variants share."""
        name = f"Unrecognized{union}"
        properties: Schema = {}
        first: dict[str, Schema] = shapes[0]["properties"] if shapes else {}
        for prop, shape in first.items():
            if prop != tag and all(_bare(other["properties"].get(prop)) == _bare(shape) for other in shapes):
                properties[prop] = {key: value for key, value in shape.items() if key != "default"}
        if tag is not None:
            properties[tag] = {"const": UNRECOGNIZED, "type": "string"}
        description = f"A {union} that this version does not know; ``raw`` has what the runtime sent."
        self._out.fallbacks[name] = union
        self._out.variants.add(name)
        required = [] if tag is None else [tag]
        return self._add(
            name,
            {"type": "object", "properties": properties, "required": required, "description": description},
        )

    def _unknown_shape(self, name: str, branch: Schema) -> None:
        reason = f"union {name} has a branch of unknown shape (keys: {', '.join(sorted(branch))})"
        self._findings.append(Finding("schema", reason, "teach codegen/normalise.py about it"))

    # -- schemas inside definitions ---------------------------------------------------------------------------

    def _clean(self, owner: str, schema: Schema) -> Schema:
        """A definition or variant with clean properties, and nothing nameless left inside."""
        out = {key: value for key, value in schema.items() if key not in _DROPPED}
        if out.get("additionalProperties") is False:
            del out["additionalProperties"]
        if "properties" in out:
            out["properties"] = {
                prop: self._value(f"{owner}{class_name(prop)}", value)
                for prop, value in sorted(out["properties"].items())
            }
        elif out.get("type") == "object" and "additionalProperties" not in out:
            out["properties"] = {}
        for key in ("items", "additionalProperties"):
            if isinstance(out.get(key), dict):
                out[key] = self._value(f"{owner}Item", out[key])
        return out

    def _value(self, name: str, schema: Any) -> Schema:
        """The schema of a property, element or map value; ``name`` is for what has to be promoted."""
        if not isinstance(schema, dict):
            return {}
        out: Schema = {key: value for key, value in schema.items() if key not in _DROPPED}  # pyright: ignore[reportUnknownVariableType]
        if isinstance(out.get("allOf"), list) and len(out["allOf"]) == 1:
            out.update(out.pop("allOf")[0])
        if out.get("additionalProperties") is False:
            del out["additionalProperties"]
        union = "oneOf" if "oneOf" in out else "anyOf"
        if union in out:
            members: list[Schema] = out.pop(union)
            branches = [branch for branch in members if branch.get("type") != "null"]
            nullable = len(branches) < len(members)
            if len(branches) == 1:
                out["anyOf"] = [self._value(name, branches[0]), *([{"type": "null"}] if nullable else [])]
                return out
            out[union] = branches
            return self._promote(name, out, nullable=nullable)
        if "properties" in out or len(out.get("enum", ())) > 1:
            return self._promote(name, *without_null(out))
        if "enum" in out:
            return {**{key: value for key, value in out.items() if key != "enum"}, "const": out["enum"][0]}
        for key in ("items", "additionalProperties"):
            if isinstance(out.get(key), dict):
                out[key] = self._value(f"{name}Item" if key == "items" else f"{name}Value", out[key])
        return out

    def _promote(self, name: str, schema: Schema, nullable: bool = False) -> Schema:
        current = self._current
        self._define(name, {key: value for key, value in schema.items() if key != "default"})
        self._current = current
        reference = {"$ref": _REF + name}
        out: Schema = {"anyOf": [reference, {"type": "null"}]} if nullable else dict(reference)
        out.update({key: schema[key] for key in ("default", "description") if key in schema})
        return out

    # -- after all definitions are known ----------------------------------------------------------------------

    def _flatten_open_unions(self) -> None:
        """A union that is a member of another gives it its variants, so that only one fallback is left to try."""
        for name, union in self._out.unions.items():
            if union.kind != "open":
                continue
            members = list(union.members)
            while nested := next((each for each in members if each in self._out.unions), None):
                place = members.index(nested)
                inner = self._out.unions[nested].members
                members[place : place + 1] = [each for each in inner if each not in self._out.fallbacks]
            self._out.unions[name] = Union("open", tuple(members))
            definition = self._out.definitions[name]
            scalars = [branch for branch in definition["anyOf"] if ref_name(branch) is None]
            definition["anyOf"] = [*scalars, *({"$ref": _REF + member} for member in members)]

    def _drop_unusable_defaults(self) -> None:
        """A string default of a union would be no instance of it."""
        for schema in self._out.definitions.values():
            for value in schema.get("properties", {}).values():
                target = ref_name(value) or next(filter(None, map(ref_name, value.get("anyOf", ()))), None)
                if target in self._out.unions and not isinstance(value.get("default"), type(None)):
                    del value["default"]

    def _apply_open_enums(self) -> None:
        for name in self._overrides.names("open_enum"):
            schema = self._out.definitions.get(name)
            if schema is not None and schema.get("type") == "string" and "enum" not in schema:
                schema["enum"] = list(self._overrides.get("open_enum", name)["values"])
                self._out.open_enums.add(name)

    def _mark_secrets(self) -> None:
        for name in self._overrides.names("secret_fields"):
            owner, _, prop = name.partition(".")
            value = self._out.definitions.get(owner, {}).get("properties", {}).get(prop)
            if value is not None and self._overrides.get("secret_fields", name):
                value["x-repr"] = False

    def _mark_experimental(self) -> None:
        for name in self._protocol.experimental_types:
            if name in self._out.definitions:
                _prepend(self._out.definitions[name])
        for name, prop in self._protocol.experimental_fields:
            value = self._out.definitions[name].get("properties", {}).get(prop)
            if value is not None:
                _prepend(value)

    def _check_references(self) -> None:
        graph = {name: set(references(schema)) for name, schema in self._out.definitions.items()}
        for name, targets in graph.items():
            for target in sorted(targets - graph.keys()):
                self._findings.append(
                    Finding("schema", f"{name} refers to {target}, which does not exist", 'run "make schema"')
                )
        done: set[str] = set()

        def visit(name: str, path: tuple[str, ...]) -> None:
            if name in path:
                loop = " -> ".join((*path[path.index(name) :], name))
                step = "the module layout needs forward references now; see codegen/partition.py"
                self._findings.append(Finding("schema", f"types refer to each other in a cycle: {loop}", step))
            elif name not in done:
                for target in sorted(graph.get(name, ())):
                    visit(target, (*path, name))
                done.add(name)

        for name in sorted(graph):
            visit(name, ())


def _bare(schema: Schema | None) -> Schema | None:
    if schema is None:
        return None
    return {key: value for key, value in schema.items() if key not in ("description", "default")}


def _prepend(schema: Schema) -> None:
    text = schema.get("description", "")
    if not text.upper().startswith("EXPERIMENTAL"):
        schema["description"] = f"{_EXPERIMENTAL} {text}".strip()


def _variant_name(union: str, branch: Schema, value: str) -> str:
    """The schema's own title where it is a usable name, else the tag or key with the union's name behind it."""
    title = str(branch.get("title", "")).replace("v2::", "")
    return title if is_class_name(title) and title.endswith(union) else f"{class_name(value)}{union}"


def _variant_names(union: str, branches: list[Schema], values: list[str]) -> list[str]:
    """Two tags can spell the same name (``openai/form`` and ``openaiForm``): then the slash is spelt out."""
    names = [_variant_name(union, branch, value) for branch, value in zip(branches, values, strict=True)]
    return [
        f"{class_name(value.replace('/', ' Slash '))}{union}" if names.count(name) > 1 else name
        for name, value in zip(names, values, strict=True)
    ]


def _merged_enum(schema: Schema, branches: list[Schema]) -> Schema:
    values = [value for branch in branches for value in branch["enum"]]
    notes = [
        f"- ``{branch['enum'][0]}``: {' '.join(branch['description'].split())}"
        for branch in branches
        if "description" in branch and len(branch["enum"]) == 1
    ]
    text = "\n\n".join(filter(None, [schema.get("description", ""), "\n".join(notes)]))
    return {"type": "string", "enum": values, **({"description": text} if text else {})}
