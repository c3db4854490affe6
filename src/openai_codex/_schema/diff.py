"""What differs between two descriptions, and what each difference means.

Types of the same name are compared part by part. Where a part refers to another type than before, the two are compared
by what they may hold. A change inside a type is told once, with every method that reaches the type.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Literal

from .compare import Comparison
from .description import Description, Field, Fields, Message, Type
from .reach import Reach
from .rules import RULES, Rule, Verdict

__all__ = ["Change", "Direction", "diff", "verdict_of"]

Direction = Literal["sent", "read", "both", "none"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        kind: A key of ``RULES``.
        place: The place in the description, a method without what kind of message it is.
        rule: What it means.
        before: What it was, "" where it was not.
        after: What it is, "" where it is not any more.
        sent: Methods under which the client sends it, in alphabetical order.
        read: Methods under which the client reads it, in alphabetical order.
        experimental: Whether only a client with the experimental API has it.
    """

    kind: str
    place: str
    rule: Rule
    before: str = ""
    after: str = ""
    sent: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    experimental: bool = False

    @property
    def direction(self) -> Direction:
        """Whether the client sends it, reads it, both, or no message carries it."""
        return "both" if self.sent and self.read else "sent" if self.sent else "read" if self.read else "none"

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods that carry it, in alphabetical order."""
        return tuple(sorted({*self.sent, *self.read}))

    @property
    def verdict(self) -> Verdict:
        """What it asks of those who upgrade; nothing where no message carries it."""
        rule = self.rule
        return max(rule.sent if self.sent else Verdict.compatible, rule.read if self.read else Verdict.compatible)

    @property
    def meaning(self) -> str:
        """Why it has this verdict."""
        return self.rule.meaning

    def within(self, methods: Set[str]) -> Change | None:
        """What it is for a program that uses these methods alone; None if they do not carry it."""
        sent = tuple(method for method in self.sent if method in methods)
        read = tuple(method for method in self.read if method in methods)
        return replace(self, sent=sent, read=read) if sent or read else None


def verdict_of(changes: Iterable[Change]) -> Verdict:
    """The worst verdict of them."""
    return max((change.verdict for change in changes), default=Verdict.compatible)


def diff(old: Description, new: Description, rules: Mapping[str, Rule] = RULES) -> list[Change]:
    """Everything that differs, in a stable order: by kind, then by place.

    Args:
        old: What was.
        new: What is.
        rules: What each kind of change means.
    """
    order = list(rules)
    changes = list(_Diff(old, new, rules).run())
    return sorted(changes, key=lambda change: (order.index(change.kind), change.place, change.after))


class _Diff:
    def __init__(self, old: Description, new: Description, rules: Mapping[str, Rule]) -> None:
        self._old, self._new, self._rules = old, new, rules
        self._comparison = Comparison(old.types, new.types)
        self._reaches = (Reach(old), Reach(new))
        self._places = (old.places(), new.places())

    def run(self) -> Iterator[Change]:
        yield from self._messages("request", self._old.requests, self._new.requests)
        yield from self._messages("notification", self._old.notifications, self._new.notifications)
        yield from self._messages("server request", self._old.server_requests, self._new.server_requests)
        for name in sorted(self._old.types.keys() - self._new.types.keys()):
            if _is_named(name):
                yield self._change("type removed", name, name)
        for name in sorted(self._new.types.keys() - self._old.types.keys()):
            if _is_named(name):
                yield self._change("type added", name, name)
        for name in sorted(self._old.types.keys() & self._new.types.keys()):
            yield from self._type(name, self._old.types[name], self._new.types[name])
        yield from self._moves()

    # -- messages -------------------------------------------------------------------------------------------

    def _messages(self, kind: str, old: Mapping[str, Message], new: Mapping[str, Message]) -> Iterator[Change]:
        for method in sorted(old.keys() | new.keys()):
            place = f"{kind}:{method}"
            if method not in new:
                yield self._message(f"{kind} removed", place)
            elif method not in old:
                yield self._message(f"{kind} added", place)
            else:
                yield from self._params(place, kind, old[method].params, new[method].params)
                before, after = old[method].result, new[method].result
                if before and after and before != after:
                    direction: Direction = "sent" if kind == "server request" else "read"
                    yield self._message(self._relation(before, after), place, before, after, direction)

    def _params(self, place: str, kind: str, before: str, after: str) -> Iterator[Change]:
        direction: Direction = "sent" if kind == "request" else "read"
        optional = after.endswith(" | null")
        if before == after:
            return
        if not after:
            yield self._message("params removed", place, before, after, direction)
        elif not before:
            needed = not optional and any(each.required for each in self._fields_of(after))
            yield self._message("params required" if needed else "params added", place, before, after, direction)
        else:
            yield self._message(self._relation(before, after), place, before, after, direction)

    def _fields_of(self, name: str) -> Iterable[Field]:
        known = self._new.types.get(name, Type())
        # A union always needs its tag.
        return known.fields.values() if known.kind == "object" else [Field("any", required=True)]

    def _message(
        self, kind: str, place: str, before: str = "", after: str = "", direction: Direction | None = None
    ) -> Change:
        message, _, method = place.partition(":")
        natural: Direction = "sent" if message == "request" else "read"
        sent, read = ((method,), ()) if (direction or natural) == "sent" else ((), (method,))
        return self._finished(kind, place, method, before, after, sent, read)

    # -- types ----------------------------------------------------------------------------------------------

    def _type(self, name: str, old: Type, new: Type) -> Iterator[Change]:
        if old == new:
            return
        if old.kind != new.kind or old.tag != new.tag:
            yield self._change(self._shape_relation(name), name, name, old.kind, new.kind)
            return
        yield from self._fields(name, name, old.fields, new.fields)
        yield from self._type_change(name, name, old.alias, new.alias)
        if old.rest and new.rest:
            yield from self._type_change(name, f"{name}.*", old.rest, new.rest)
        elif old.rest or new.rest:
            kind = "field added" if new.rest else "field removed"
            yield self._change(kind, name, f"{name}.*", old.rest, new.rest)
        for word in sorted({*old.values, *new.values}):
            if (word in old.values) != (word in new.values):
                kind = "value removed" if word in old.values else "value added"
                yield self._change(kind, name, f"{name}={json.dumps(word)}")
        if new.variants and not old.variants:
            # Only words before: now it may be an object.
            yield self._change("type widened", name, name, "words", "words or objects")
        for tag in sorted(old.variants.keys() | new.variants.keys()):
            place = f"{name}[{tag}]"
            if tag not in new.variants:
                yield self._change("variant removed", name, place)
            elif tag not in old.variants:
                yield self._change("variant added", name, place)
            else:
                yield from self._fields(name, place, old.variants[tag], new.variants[tag])

    def _fields(self, name: str, where: str, old: Fields, new: Fields) -> Iterator[Change]:
        for prop in sorted(old.keys() | new.keys()):
            place = f"{where}.{prop}"
            if prop not in new:
                kind = "required field removed" if old[prop].required else "field removed"
                yield self._change(kind, name, place, old[prop].text, "")
            elif prop not in old:
                kind = "required field added" if new[prop].required else "field added"
                yield self._change(kind, name, place, "", new[prop].text)
            else:
                yield from self._field(name, place, old[prop], new[prop])

    def _field(self, name: str, place: str, old: Field, new: Field) -> Iterator[Change]:
        if new.required and not old.required:
            yield self._change("became required", name, place)
        elif old.required and not new.required:
            yield self._change("nullable became optional" if old.nullable else "became optional", name, place)
        if old.nullable != new.nullable:
            kind = "null allowed" if new.nullable else "null refused"
            yield self._change(kind, name, place, old.text, new.text)
        yield from self._type_change(name, place, old.type, new.type)
        if old.default != new.default and not new.required and not old.required:
            yield self._change("default changed", name, place, old.default, new.default)

    def _type_change(self, name: str, place: str, before: str, after: str) -> Iterator[Change]:
        if before != after:
            yield self._change(self._relation(before, after), name, place, before, after)

    def _relation(self, before: str, after: str) -> str:
        widened, narrowed = self._comparison.covers_new(before, after), self._comparison.covers_old(before, after)
        if widened and narrowed:
            return "type renamed"
        return "type widened" if widened else "type narrowed" if narrowed else "type changed"

    def _shape_relation(self, name: str) -> str:
        widened, narrowed = self._comparison.shapes(name)
        return "type widened" if widened else "type narrowed" if narrowed else "type changed"

    # -- stability ------------------------------------------------------------------------------------------

    def _moves(self) -> Iterator[Change]:
        old, new = self._old, self._new
        if old.experimental is None or new.experimental is None:
            return
        for place in sorted((old.experimental ^ new.experimental) & self._places[0] & self._places[1]):
            before, after = old.is_experimental(place), new.is_experimental(place)
            if before != after:
                kind = "became experimental" if after else "became stable"
                if ":" in place:
                    yield self._message(kind, place)
                else:
                    yield self._change(kind, _owner(place), place)

    # -- common ---------------------------------------------------------------------------------------------

    def _change(self, kind: str, name: str, place: str, before: str = "", after: str = "") -> Change:
        sent = {method for reach in self._reaches for method in reach.sent.get(name, ())}
        read = {method for reach in self._reaches for method in reach.read.get(name, ())}
        return self._finished(kind, place, place, before, after, sorted(sent), sorted(read))

    def _finished(
        self, kind: str, place: str, shown: str, before: str, after: str, sent: Iterable[str], read: Iterable[str]
    ) -> Change:
        # What was stable once is judged as stable, and so is what is now.
        sides = [side for side, places in zip((self._old, self._new), self._places, strict=True) if place in places]
        experimental = bool(sides) and all(side.is_experimental(place) for side in sides)
        return Change(kind, shown, self._rules[kind], before, after, tuple(sent), tuple(read), experimental)


def _is_named(name: str) -> bool:
    """Whether the schema itself names the type; others are told at the property that they belong to."""
    return "." not in name


def _owner(place: str) -> str:
    """The type that a place lies in."""
    for end, sign in enumerate(place):
        if sign in ".[=":
            return place[:end]
    return place
