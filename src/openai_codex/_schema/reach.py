"""Which methods carry a type, and in which direction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from .bundle import closure
from .description import Description
from .expressions import names

__all__ = ["Reach"]


class Reach:
    """The methods of a description by the types that they carry.

    Attributes:
        sent: Name of a type -> methods under which the client sends it.
        read: Name of a type -> methods under which the client reads it.
    """

    def __init__(self, description: Description) -> None:
        graph = {
            name: {target for text in known.expressions() for target in names(text)}
            for name, known in description.types.items()
        }
        sent: defaultdict[str, set[str]] = defaultdict(set)
        read: defaultdict[str, set[str]] = defaultdict(set)

        def spread(method: str, text: str, into: defaultdict[str, set[str]]) -> None:
            if text:
                for name in closure(names(text), graph):
                    into[name].add(method)

        for method, message in description.requests.items():
            spread(method, message.params, sent)
            spread(method, message.result, read)
        for method, message in description.notifications.items():
            spread(method, message.params, read)
        for method, message in description.server_requests.items():
            spread(method, message.params, read)
            spread(method, message.result, sent)
        self.sent: Mapping[str, set[str]] = sent
        self.read: Mapping[str, set[str]] = read
