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
from .description import Description, Field, Fields, Message, Type, enclosing
from .reach import Reach
from .rules import RULES, Rule, Verdict

__all__ = ["Change", "Direction", "diff", "verdict_of"]

Direction = Literal["sent", "read", "both", "none"]
_MESSAGES = ("request:", "notification:", "server request:")


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
        """Whether the client sends it, reads it, both, or no message carries it, before and after."""
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
        old, new = _with_results(old, new), _with_results(new, old)
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
                if before != after:
                    direction: Direction = "sent" if kind == "server request" else "read"
                    change = self._comparison.kind(before, after) if before and after else "result unknown"
                    yield self._message(change, place, before, after, direction)

    def _params(self, place: str, message: str, before: str, after: str) -> Iterator[Change]:
        direction: Direction = "sent" if message == "request" else "read"
        if before == after:
            return
        if not after:
            yield self._message("params removed", place, before, after, direction)
        elif not before:
            kind = "params added" if self._comparison.takes_nothing(after) else "params required"
            yield self._message(kind, place, before, after, direction)
        else:
            yield self._message(self._comparison.kind(before, after), place, before, after, direction)

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
            yield self._change(self._comparison.kind_of(name), name, name, _shown(old), _shown(new))
            return
        yield from self._fields(name, name, old.fields, new.fields)
        yield from self._type_change(name, name, old.alias, new.alias)
        yield from self._rest(name, old, new)
        for word in sorted({*old.values, *new.values}):
            if (word in old.values) != (word in new.values):
                kind = "value removed" if word in old.values else "value added"
                yield self._change(kind, name, f"{name}={json.dumps(word)}")
        before, after = _members(old), _members(new)
        if before != after and before in ("words", "objects"):
            # Older models of the one take nothing of the other.
            yield self._change("type widened", name, name, before, after)
        for tag in sorted(old.variants.keys() | new.variants.keys()):
            place = f"{name}[{tag}]"
            if tag not in new.variants:
                yield self._change("variant removed", name, place)
            elif tag not in old.variants:
                yield self._change("variant added", name, place)
            else:
                yield from self._fields(name, place, old.variants[tag], new.variants[tag])

    def _rest(self, name: str, old: Type, new: Type) -> Iterator[Change]:
        place = f"{name}{new.rest_part}"
        if old.rest and new.rest:
            yield from self._type_change(name, place, old.rest, new.rest)
        elif old.rest or new.rest:
            added = "added" if new.rest else "removed"
            if new.kind == "object":
                yield self._change(f"field {added}", name, place, old.rest, new.rest)
            elif not new.rest or self._comparison.keeps(name, new.rest):
                yield self._change(f"variant {added}", name, place, old.rest, new.rest)
            else:
                yield self._change("type widened", name, place, old.rest, new.rest)

    def _fields(self, name: str, where: str, old: Fields, new: Fields) -> Iterator[Change]:
        for prop in sorted(old.keys() | new.keys()):
            place = f"{where}.{prop}"
            if prop not in new:
                missed = old[prop].required and not self._forgiven(name, old[prop])
                kind = "required field removed" if missed else "field removed"
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
            forgiven = self._forgiven(name, old)
            yield self._change("nullable became optional" if forgiven else "became optional", name, place)
        if not {"any", "null"}.isdisjoint((old.type, new.type)):
            yield from self._type_change(name, place, old.text, new.text)
        else:
            if old.nullable != new.nullable:
                absent = "default became nullable" if old.default else "optional became nullable"
                kind = "null refused" if old.nullable else "null allowed" if old.required else absent
                yield self._change(kind, name, place, old.text, new.text)
            yield from self._type_change(name, place, old.type, new.type)
        if old.default != new.default and not new.required and not old.required:
            yield self._change("default changed", name, place, old.default, new.default)

    def _forgiven(self, name: str, old: Field) -> bool:
        """Whether older models read a missing field as null: where they require it only of what is never sent."""
        return old.nullable and name not in self._reaches[0].sent

    def _type_change(self, name: str, place: str, before: str, after: str) -> Iterator[Change]:
        if before != after:
            yield self._change(self._comparison.kind(before, after), name, place, before, after)

    # -- stability ------------------------------------------------------------------------------------------

    def _moves(self) -> Iterator[Change]:
        old, new = self._old, self._new
        if old.experimental is None or new.experimental is None:
            return
        # What is inside something that moves goes along, and a nameless type goes with what it is the type of.
        inner = {name for name in new.types if not _is_named(name)}
        inner -= {f"{name}{part}" for name, known in new.types.items() for part, _ in known.parts()}
        moved: set[str] = set()
        for place in sorted((old.experimental ^ new.experimental) & self._places[0] & self._places[1] - inner):
            before, after = old.is_experimental(place), new.is_experimental(place)
            if before == after or not moved.isdisjoint(enclosing(place)):
                continue
            moved.add(place)
            kind = "became experimental" if after else "became stable"
            if place.startswith(_MESSAGES):
                yield self._message(kind, place)
            else:
                owner = next(name for name in enclosing(place) if name in new.types)
                yield self._change(kind, owner, place)

    # -- common ---------------------------------------------------------------------------------------------

    def _change(self, kind: str, name: str, place: str, before: str = "", after: str = "") -> Change:
        # Inside a type that stays, only those methods matter that carry it before and after: where another one starts
        # or ends to carry it, that is a change of its own, judged there.
        stays = name in self._old.types and name in self._new.types
        both = set[str].intersection if stays else set[str].union
        old, new = self._reaches
        sent = both(set(old.sent.get(name, ())), new.sent.get(name, ()))
        read = both(set(old.read.get(name, ())), new.read.get(name, ()))
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


def _shown(known: Type) -> str:
    return known.alias or (f"variants by {known.tag}" if known.tag else known.kind)


def _members(known: Type) -> str:
    """What a union is made of; "" for a type that is none."""
    return " or ".join(filter(None, ("words" if known.values else "", "objects" if known.variants else "")))


def _with_results(one: Description, other: Description) -> Description:
    """With the results that only the other description knows of; the schema does not state them."""

    def known(messages: Mapping[str, Message], others: Mapping[str, Message]) -> dict[str, Message]:
        guesses = {method: others[method].result for method in messages.keys() & others.keys()}
        return {
            method: replace(message, result=guesses[method])
            if not message.result and guesses.get(method) in one.types
            else message
            for method, message in messages.items()
        }

    return replace(
        one,
        requests=known(one.requests, other.requests),
        server_requests=known(one.server_requests, other.server_requests),
    )
