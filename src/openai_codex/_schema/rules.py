"""What a change means for a program that was written for the older protocol: the tables of all rules.

The verdict depends on the direction. What the client sends must still be understood by the newer runtime; what it reads
must still fit the models of the older one, which ignore unknown fields and keep unknown values, variants and messages.

``RULES`` is about an upgrade of this package and its runtime. ``docs/upgrading.md`` shows this table; a test compares
the two. ``RUNTIME_RULES`` is about a runtime alone, older or newer, while the package stays: then names in Python stay
as well, and a runtime ignores a field that it does not know. ``docs/command-line.md`` shows where the two differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = ["RULES", "RUNTIME_RULES", "Rule", "Verdict"]


class Verdict(IntEnum):
    """How much a change asks of those who upgrade; the value is the exit code of a comparison."""

    compatible = 0
    """Nothing to do."""
    attention = 1
    """Nothing fails, but something may not do what it did: look at it."""
    breaking = 2
    """What used it will fail."""


_OK, _LOOK, _BAD = Verdict


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of change means.

    Attributes:
        sent: Verdict where the client sends it.
        read: Verdict where the client reads it.
        meaning: Why, in a sentence.
        title: What reports call it; "" for the name of the kind.
    """

    sent: Verdict
    read: Verdict
    meaning: str
    title: str = ""


RULES: dict[str, Rule] = {
    "request added": Rule(_OK, _OK, "a further method; an older runtime refuses it"),
    "request removed": Rule(_BAD, _BAD, "the runtime refuses the call, and its stub goes"),
    "notification added": Rule(_OK, _OK, "arrives as unknown until it has a type"),
    "notification removed": Rule(_LOOK, _LOOK, "never comes any more; what waits for it waits for ever"),
    "server request added": Rule(_LOOK, _LOOK, "is refused until a handler answers it"),
    "server request removed": Rule(_LOOK, _LOOK, "its handler is never asked any more"),
    "params added": Rule(_OK, _OK, "the method takes optional arguments now"),
    "params required": Rule(_BAD, _OK, "the method cannot be called without arguments any more"),
    "params removed": Rule(_BAD, _BAD, "the method takes no arguments any more"),
    "result unknown": Rule(_LOOK, _LOOK, "only one of the two tells what answers it: not compared"),
    "type added": Rule(_OK, _OK, "a further type; where it is used is listed by itself"),
    "type removed": Rule(_LOOK, _LOOK, "importing it fails; where it was used is listed by itself"),
    "type renamed": Rule(_OK, _OK, "another type; what was sent still fits it, and it fits older models"),
    "type extended": Rule(_OK, _LOOK, "may be more than before: fine to send, older models keep it as unknown"),
    "type widened": Rule(_OK, _BAD, "may be more than before: fine to send, does not fit older models when read"),
    "type narrowed": Rule(_BAD, _OK, "may be less than before: not all is accepted any more, all that comes fits"),
    "type reshaped": Rule(
        _BAD, _LOOK, "may be something else: not all is accepted any more, older models keep the rest"
    ),
    "type changed": Rule(_BAD, _BAD, "is something else now"),
    "field added": Rule(_OK, _OK, "optional when sent, ignored by older models when read"),
    "required field added": Rule(_BAD, _OK, "every call needs it; ignored by older models when read"),
    "field removed": Rule(_BAD, _LOOK, "its argument goes; when read it is never there any more"),
    "required field removed": Rule(_BAD, _BAD, "its argument goes; older models miss it"),
    "became required": Rule(_BAD, _OK, "calls without it fail; when read it is always there"),
    "became optional": Rule(_OK, _BAD, "need not be sent; older models miss it when it does not come"),
    "nullable became optional": Rule(_OK, _LOOK, "need not be sent; reads as None when it does not come"),
    "optional became nullable": Rule(_OK, _OK, "may be sent as null; reads as None, as it does when it does not come"),
    "default became nullable": Rule(_OK, _LOOK, "may be sent as null; older models fill in the default when read"),
    "null allowed": Rule(_OK, _BAD, "may be sent as null; does not fit older models when read"),
    "null refused": Rule(_BAD, _OK, "null is not accepted any more; when read it is never null"),
    "default changed": Rule(_LOOK, _LOOK, "leaving it out means something else; older models fill in the old one"),
    "value added": Rule(_OK, _LOOK, "may be sent; code that branches over the values may meet it"),
    "value removed": Rule(_BAD, _LOOK, "is not accepted any more; its member goes"),
    "variant added": Rule(_OK, _LOOK, "may be sent; code that branches over the variants may meet it"),
    "variant removed": Rule(_BAD, _LOOK, "is not accepted any more; its class goes"),
    "became experimental": Rule(_LOOK, _LOOK, "needs a client with the experimental API now"),
    "became stable": Rule(_OK, _OK, "every client has it now"),
}
"""Rule of each kind of change, in the order in which reports show them."""

RUNTIME_RULES: dict[str, Rule] = {
    "request added": Rule(_OK, _OK, "only the runtime has it", "further request"),
    "request removed": Rule(_BAD, _BAD, "the runtime lacks it and refuses the call", "request missing"),
    "notification added": Rule(_OK, _OK, "arrives as unknown", "further notification"),
    "notification removed": Rule(
        _LOOK, _LOOK, "the runtime never sends it; what waits for it waits for ever", "notification missing"
    ),
    "server request added": Rule(_LOOK, _LOOK, "only the runtime has it; it is refused", "further server request"),
    "server request removed": Rule(
        _LOOK, _LOOK, "the runtime lacks it; its handler is never asked", "server request missing"
    ),
    "params added": Rule(_OK, _OK, "the runtime takes optional arguments"),
    "params required": Rule(_BAD, _OK, "the runtime refuses the method without arguments"),
    "params removed": Rule(_LOOK, _LOOK, "the runtime takes no arguments and ignores them", "params missing"),
    "result unknown": Rule(_LOOK, _LOOK, "only one of the two tells what answers it: not compared"),
    "type added": Rule(_OK, _OK, "a further type; where it is used is listed by itself", "further type"),
    "type removed": Rule(_OK, _OK, "the runtime lacks it; where it would be used is listed by itself", "type missing"),
    "type renamed": Rule(_OK, _OK, "another type in the runtime; all that is sent and all that comes fits"),
    "type extended": Rule(_OK, _LOOK, "the runtime has more in it: fine to send, the models keep it as unknown"),
    "type widened": Rule(_OK, _BAD, "the runtime has more in it: fine to send, does not fit the models when read"),
    "type narrowed": Rule(_BAD, _OK, "the runtime has less in it: does not accept all, all that comes fits"),
    "type reshaped": Rule(
        _BAD, _LOOK, "is something else in the runtime: does not accept all, the models keep the rest as unknown"
    ),
    "type changed": Rule(_BAD, _BAD, "is something else in the runtime"),
    "field added": Rule(_OK, _OK, "only the runtime has it, and does not need it", "further field"),
    "required field added": Rule(
        _BAD, _OK, "the runtime refuses what lacks it; ignored when read", "further required field"
    ),
    "field removed": Rule(_LOOK, _LOOK, "the runtime lacks it: ignores it when sent, never sends it", "field missing"),
    "required field removed": Rule(
        _LOOK,
        _BAD,
        "the runtime lacks it: ignores it when sent; the models miss it when read",
        "required field missing",
    ),
    "became required": Rule(
        _BAD, _OK, "the runtime refuses what lacks it; when read it is always there", "field required"
    ),
    "became optional": Rule(_OK, _BAD, "need not be sent; the models miss it when it does not come", "field optional"),
    "nullable became optional": Rule(
        _OK, _LOOK, "need not be sent; reads as None when it does not come", "nullable field optional"
    ),
    "optional became nullable": Rule(_OK, _OK, "may be sent as null; reads as None, as it does when it does not come"),
    "default became nullable": Rule(_OK, _LOOK, "may be sent as null; the models fill in the default when read"),
    "null allowed": Rule(_OK, _BAD, "may be sent as null; does not fit the models when read"),
    "null refused": Rule(_BAD, _OK, "the runtime refuses null; when read it is never null"),
    "default changed": Rule(
        _LOOK, _LOOK, "leaving it out means something else; the models fill in what they know", "other default"
    ),
    "value added": Rule(
        _OK, _LOOK, "only the runtime has it; code that branches over values may meet it", "further value"
    ),
    "value removed": Rule(_BAD, _LOOK, "the runtime lacks it: refuses it when sent, never sends it", "value missing"),
    "variant added": Rule(
        _OK, _LOOK, "only the runtime has it; code that branches over variants may meet it", "further variant"
    ),
    "variant removed": Rule(
        _BAD, _LOOK, "the runtime lacks it: refuses it when sent, never sends it", "variant missing"
    ),
    "became experimental": Rule(_LOOK, _LOOK, "needs a client with the experimental API", "experimental"),
    "became stable": Rule(_OK, _OK, "every client has it", "stable"),
}
"""The same for a program that stays as it is with another runtime."""
