"""Whether everything that fits one type fits another, across two descriptions."""

from __future__ import annotations

from collections.abc import Mapping

from .description import Fields, Type
from .expressions import SCALARS, split, unwrap

__all__ = ["Comparison"]


class _Side:
    """One direction: does a type of ``wide`` take all that a type of ``narrow`` may be?"""

    def __init__(self, wide: Mapping[str, Type], narrow: Mapping[str, Type]) -> None:
        self._wide, self._narrow = wide, narrow
        self._open: set[tuple[str, str]] = set()

    def covers(self, wide: str, narrow: str) -> bool:
        return all(
            any(self._part(one, other) for one in self._alternatives(wide, self._wide))
            for other in self._alternatives(narrow, self._narrow)
        )

    def _alternatives(self, text: str, types: Mapping[str, Type]) -> list[str]:
        """The alternatives, with aliases replaced by what they stand for."""
        parts: list[str] = []
        for part in split(text):
            known = types.get(part)
            parts += self._alternatives(known.alias, types) if known is not None and known.alias else [part]
        return parts

    def _part(self, wide: str, narrow: str) -> bool:
        if wide in (narrow, "any") or (wide, narrow) == ("number", "integer"):
            return True
        (outer, wide_inner), (other, narrow_inner) = unwrap(wide), unwrap(narrow)
        if outer or other:
            return outer == other and self.covers(wide_inner, narrow_inner)
        if wide == "string":
            return narrow.startswith('"') or self._is_words(narrow)
        one, two = self._wide.get(wide), self._narrow.get(narrow)
        if one is None or narrow in SCALARS:
            return False
        if narrow.startswith('"'):
            return narrow[1:-1] in one.values
        return two is not None and self._shapes(wide, narrow, one, two)

    def _is_words(self, name: str) -> bool:
        known = self._narrow.get(name)
        return known is not None and known.kind == "words" and not known.variants

    def shapes(self, name: str) -> bool:
        """As ``covers``, of a type that has the same name on both sides but may be of another kind."""
        one, two = self._wide[name], self._narrow[name]
        if one.alias or two.alias:
            return (bool(one.alias) or not two.alias) and any(
                self._part(part, name) for part in self._alternatives(name, self._wide)
            )
        return self._shapes(name, name, one, two)

    def _shapes(self, wide: str, narrow: str, one: Type, two: Type) -> bool:
        if one.kind != two.kind or one.tag != two.tag:
            return False
        if (wide, narrow) in self._open:
            return True
        self._open.add((wide, narrow))
        try:
            return (
                set(two.values) <= set(one.values)
                and two.variants.keys() <= one.variants.keys()
                and self._fields(one.fields, two.fields)
                and all(self._fields(one.variants[tag], fields) for tag, fields in two.variants.items())
                and (not two.rest or (bool(one.rest) and self.covers(one.rest, two.rest)))
            )
        finally:
            self._open.discard((wide, narrow))

    def _fields(self, one: Fields, two: Fields) -> bool:
        """An object of ``two`` is one of ``one``: it has what is required, and what both know fits."""
        return all(not each.required or (name in two and two[name].required) for name, each in one.items()) and all(
            name in one and (one[name].nullable or not each.nullable) and self.covers(one[name].type, each.type)
            for name, each in two.items()
        )


class Comparison:
    """Compares expressions of an older description with those of a newer one."""

    def __init__(self, old: Mapping[str, Type], new: Mapping[str, Type]) -> None:
        self._widening = _Side(new, old)
        self._narrowing = _Side(old, new)

    def covers_new(self, old: str, new: str) -> bool:
        """Whether the newer one takes all that the older one may be."""
        return self._widening.covers(new, old)

    def covers_old(self, old: str, new: str) -> bool:
        """Whether the older one takes all that the newer one may be."""
        return self._narrowing.covers(old, new)

    def shapes(self, name: str) -> tuple[bool, bool]:
        """Both, for a type of the same name that is of another kind now."""
        return self._widening.shapes(name), self._narrowing.shapes(name)
