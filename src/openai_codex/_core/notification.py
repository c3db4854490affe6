"""A notification from the runtime, decoded when somebody looks at it.

Most notifications of a busy turn are never looked at in full, so the payload is validated on first touch.
Decoding never raises: what the models cannot read becomes an ``UnknownNotification`` that carries the raw
parameters.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from .._log import log
from .._unknown import UnknownNotification

if TYPE_CHECKING:
    from .._generated.models import NotificationPayload

__all__ = ["Notification"]


@dataclasses.dataclass
class _PublicFields:
    """What ``dataclasses.fields`` and ``dataclasses.replace`` see of a ``Notification``."""

    method: str
    payload: Any


class Notification:
    """One notification. Behaves as a dataclass of ``method`` and ``payload``.

    Attributes:
        method: Wire name, for example ``item/completed``.
    """

    __slots__ = ("_emitted_at_ms", "_error", "_params", "_payload", "method")
    __match_args__ = ("method", "payload")
    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]] = _PublicFields.__dataclass_fields__
    # Compares by value and can be changed, so it has no hash, as with any such dataclass.
    __hash__ = None  # type: ignore[assignment]  # how Python spells "unhashable"

    def __init__(
        self,
        method: str,
        payload: Any,
        _params: dict[str, Any] | None = None,
        _emitted_at_ms: int | None = None,
    ) -> None:
        # With raw parameters and no payload, the payload is decoded on first touch: see from_wire.
        self.method = method
        self._payload: Any = payload
        self._params = _params
        self._emitted_at_ms = _emitted_at_ms
        self._error: Exception | None = None

    @classmethod
    def from_wire(cls, method: str, params: dict[str, Any], emitted_at_ms: int | None) -> Notification:
        """Wrap a received message; its payload is decoded on first touch."""
        return cls(method, None, params, emitted_at_ms)

    @property
    def payload(self) -> NotificationPayload:
        """The typed payload, or an ``UnknownNotification``."""
        payload: Any = self._payload
        if payload is None and self._params is not None:
            # Two threads may both decode; they get equal payloads and the last one stays.
            try:
                payload = _decoders[self.method](self._params)
            except Exception:  # no decoder yet, or it cannot read this
                payload, self._error = _decode(self.method, self._params)
            self._payload = payload
        return payload  # type: ignore[no-any-return]  # a cast would cost more than the lookup

    @payload.setter
    def payload(self, payload: Any) -> None:
        self._payload = payload

    @property
    def params(self) -> dict[str, Any]:
        """The raw parameters as received; empty when this object did not come from the runtime."""
        return {} if self._params is None else self._params

    @property
    def emitted_at_ms(self) -> int | None:
        """When the runtime sent it, in Unix milliseconds, if it said so."""
        return self._emitted_at_ms

    @property
    def payload_error(self) -> Exception | None:
        """Why the payload did not fit its model; None when it did or when there is no model."""
        _ = self.payload
        return self._error

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Notification):
            return NotImplemented
        return self.method == other.method and self.payload == other.payload

    def __repr__(self) -> str:
        return f"Notification(method={self.method!r}, payload={self.payload!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Notification, (self.method, self.payload, self._params, self._emitted_at_ms)


_Decoder = Callable[[dict[str, Any]], Any]
_decoders: dict[str, _Decoder] = {}
_complained: set[str] = set()


def _decode(method: str, params: dict[str, Any]) -> tuple[Any, Exception | None]:
    try:
        decoder = _decoders.get(method) or _resolve(method)
        if decoder is not None:
            return decoder(params), None
    except Exception as error:
        _complain(method, "does not fit its model")
        return UnknownNotification(params), error
    _complain(method, "is not known to this version of the package")
    return UnknownNotification(params), None


def _resolve(method: str) -> _Decoder | None:
    from .._generated import _methods, models
    from .._model import validator_of

    name = _methods.NOTIFICATIONS.get(method)
    if name is None:
        return None
    decoder = _decoders[method] = validator_of(getattr(models, name))
    return decoder


def _complain(method: str, problem: str) -> None:
    if method not in _complained:
        _complained.add(method)
        log(logging.WARNING, "%s: the notification %s; its raw parameters are kept (reported once)", method, problem)
