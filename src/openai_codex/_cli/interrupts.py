"""Ctrl-C, which may come at any moment.

Python raises ``KeyboardInterrupt`` wherever it just is. Where modules are loaded or classes are made, that comes out
as an error of another kind, or as noise of an extension module. So what counts in the end is whether there was a
signal, and loading can be done ``undisturbed``.
"""

from __future__ import annotations

import signal
from collections.abc import Generator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

__all__ = ["Interrupts", "undisturbed"]


class Interrupts:
    """Notes every Ctrl-C while it is entered.

    Attributes:
        seen: Whether there was one.
    """

    def __init__(self) -> None:
        self.seen = False
        self._installed = False

    def __enter__(self) -> Interrupts:
        # Who started us may want the signal ignored, as shells do for jobs in the background.
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            with suppress(ValueError):  # signals are for the main thread
                signal.signal(signal.SIGINT, self._note)
                self._installed = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        # One that went through exec() would make the interpreter end itself by the signal, and any exec() forgets that.
        exec("")

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = True
        raise KeyboardInterrupt


@contextmanager
def undisturbed() -> Generator[None, None, None]:
    """Let Ctrl-C wait until the block is done, where the system can do that."""
    mask = getattr(signal, "pthread_sigmask", None)
    if mask is None:
        yield
        return
    before = mask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        mask(signal.SIG_SETMASK, before)
