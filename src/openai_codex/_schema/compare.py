"""What a type may hold beside what another one may, across two descriptions.

Asked twice. Does the newer runtime take all that an older client sends? There nothing may be lost, so a field that is
gone counts. And do the older models take all that the newer runtime sends? They ignore fields that they do not know,
read a missing field as None where they may, and keep words and variants that they do not know.

Types of the same name are taken as equal: what differs inside them is told at them. Types may refer to themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from .description import Field, Fields, Type
from .expressions import SCALARS, literal, scalar, split, unwrap, word

__all__ = ["Comparison"]

_Mode = Literal["sent", "read", "kept"]
# Whether an older client may send it, and whether older models fit it, fit it with unknown parts, or do not.
_KINDS: dict[tuple[bool, _Mode | None], str] = {
    (True, "read"): "type renamed",
    (True, "kept"): "type extended",
    (True, None): "type widened",
    (False, "read"): "type narrowed",
    (False, "kept"): "type reshaped",
    (False, None): "type changed",
}


class Comparison:
    """Compares expressions of an older description with those of a newer one."""

    def __init__(self, old: Mapping[str, Type], new: Mapping[str, Type]) -> None:
        self._old, self._new = old, new
        self._sides = _sides(old, new)

    def kind(self, before: str, after: str) -> str:
        """The kind of change, a key of ``RULES``, from one expression to another."""
        return _kind(self._sides, before, after)

    def kind_of(self, name: str) -> str:
        """The kind of change of a type that keeps its name but is of another kind now."""
        # Under names that are not the same, the two are compared.
        before, after = f"{name}<", f"{name}>"
        sides = _sides({**self._old, before: self._old[name]}, {**self._new, after: self._new[name]})
        return _kind(sides, before, after)

    def takes_nothing(self, after: str) -> bool:
        """Whether the newer one takes an object without any property, which is what a call without arguments sends."""
        return any(self._fits_empty(part) for part in _alternatives(after, self._new))

    def _fits_empty(self, part: str) -> bool:
        known = self._new.get(part)
        if known is None:
            return part == "any" or unwrap(part)[0] == "map"
        return known.kind == "object" and not any(each.required for each in known.fields.values())

    def keeps(self, before: str, after: str) -> bool:
        """Whether older models take the newer one at least as something unknown."""
        return self._sides["kept"].covers(before, after)


def _sides(old: Mapping[str, Type], new: Mapping[str, Type]) -> dict[_Mode, _Side]:
    return {"sent": _Side(new, old, "sent"), "read": _Side(old, new, "read"), "kept": _Side(old, new, "kept")}


def _kind(sides: Mapping[_Mode, _Side], before: str, after: str) -> str:
    sent = sides["sent"].covers(after, before)
    if sides["read"].covers(before, after):
        return _KINDS[sent, "read"]
    return _KINDS[sent, "kept" if sides["kept"].covers(before, after) else None]


class _Side:
    """One direction: does a type of ``wide`` take all that a type of ``narrow`` may be?"""

    def __init__(self, wide: Mapping[str, Type], narrow: Mapping[str, Type], mode: _Mode) -> None:
        self._wide, self._narrow, self._mode = wide, narrow, mode
        self._true: dict[tuple[str, str], None] = {}
        self._false: set[tuple[str, str]] = set()

    def covers(self, wide: str, narrow: str) -> bool:
        pair = (wide, narrow)
        if wide == narrow or pair in self._true:
            return True
        if pair in self._false:
            return False
        # Types that refer to themselves are taken to fit until something says otherwise.
        known = len(self._true)
        self._true[pair] = None
        options = list(_alternatives(wide, self._wide))
        if self._mode == "kept" and self._takes_anything(options):
            return True
        if all(self._taken(options, part) for part in _alternatives(narrow, self._narrow)):
            return True
        while len(self._true) > known:
            self._true.popitem()
        self._false.add(pair)
        return False

    def _takes_anything(self, options: list[str]) -> bool:
        """The model of a union of several types without a tag keeps whatever none of them takes."""
        return sum(option in self._wide for option in options) > 1

    def _taken(self, options: list[str], narrow: str) -> bool:
        if any(self._part(option, narrow) for option in options):
            return True
        known = self._narrow.get(narrow)
        if known is None or known.kind != "words" or known.variants:
            return False
        # Each word for itself, by whatever takes it.
        return all(any(self._part(option, literal(each)) for option in options) for each in known.values)

    def _part(self, wide: str, narrow: str) -> bool:
        if wide in (narrow, "any") or (wide, narrow) == ("number", "integer"):
            return True
        if scalar(narrow):
            return scalar(narrow) == wide or (wide, scalar(narrow)) == ("number", "integer")
        one, two, narrow_word = self._wide.get(wide), self._narrow.get(narrow), word(narrow)
        if one is not None and self._keeps(one, narrow, two):
            return True
        (outer, wide_inner), (other, narrow_inner) = unwrap(wide), unwrap(narrow)
        if outer or other:
            return outer == other and self.covers(wide_inner, narrow_inner)
        if narrow_word is not None:
            return wide == "string" or (one is not None and narrow_word in one.values)
        return one is not None and two is not None and self._shapes(one, two)

    def _keeps(self, one: Type, narrow: str, two: Type | None) -> bool:
        """Older models of words keep any other word; where they have keys as well, any other object, too."""
        if self._mode != "kept" or one.kind != "words":
            return False
        if one.values and (narrow == "string" or word(narrow) is not None):
            return True
        is_object = unwrap(narrow)[0] == "map" or (two is not None and two.kind in ("object", "variants"))
        return bool(one.variants) and is_object

    def _shapes(self, one: Type, two: Type) -> bool:
        """Whether one takes the other; what else a union may be is an alternative of its own."""
        kept = self._mode == "kept"
        if one.kind == "object" and two.kind == "variants":
            # An object that has the tag among its fields, or ignores it.
            tagged = ({**fields, two.tag: Field(literal(tag), True)} for tag, fields in two.variants.items())
            return all(self._fields(one.fields, fields) for fields in tagged)
        if one.kind == "variants" and two.kind == "object":
            # An object that is one of the variants.
            fields = dict(two.fields)
            each = fields.pop(one.tag, Field("any"))
            tag = word(each.type) if each.required else None
            if tag is None or tag not in one.variants:
                return kept and tag is not None
            return self._fields(one.variants[tag], fields)
        if one.kind != two.kind or one.tag != two.tag:
            return False
        if one.kind == "object":
            return self._fields(one.fields, two.fields) and self._rest(one.rest, two.rest)
        return (
            (set(two.values) <= set(one.values) or (kept and bool(one.values)))
            and (two.variants.keys() <= one.variants.keys() or (kept and bool(one.variants)))
            and all(
                self._fields(one.variants[tag], fields) for tag, fields in two.variants.items() if tag in one.variants
            )
        )

    def _rest(self, one: str, two: str) -> bool:
        """Other properties: who sends them wants them read; models without a place for them ignore them."""
        return self.covers(one, two) if one else not two or self._mode != "sent"

    def _fields(self, one: Fields, two: Fields) -> bool:
        """An object of fields ``two`` is one of ``one``: it has what is required, and what both know fits."""
        for name, each in one.items():
            if each.required and not (name in two and two[name].required):
                return False
            if name not in two and self._mode == "read":
                return False  # it is never there any more
        return all(
            self.covers(self._text(one[name]), each.text) if name in one else self._mode != "sent"
            for name, each in two.items()
        )

    def _text(self, each: Field) -> str:
        """What the model of a field takes: null as well where it may be missing."""
        missing = self._mode != "sent" and not each.required
        return f"{each.type} | null" if missing else each.text


def _alternatives(text: str, types: Mapping[str, Type], above: frozenset[str] = frozenset()) -> Iterator[str]:
    """The alternatives, with aliases replaced by what they stand for, and what else a union may be."""
    for part in split(text):
        known = types.get(part)
        if known is None or part in SCALARS:
            yield part
        elif not known.alias:
            yield part
            if known.kind != "object":
                yield from _alternatives(known.rest, types, above)
        elif part not in above:
            yield from _alternatives(known.alias, types, above | {part})
