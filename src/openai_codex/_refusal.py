"""The refusing answer to a server request, in the shape that the protocol defines."""

from __future__ import annotations

import time
from typing import Any

from ._generated import models
from ._generated._methods import REFUSALS, SERVER_REQUESTS

__all__ = ["ServerRequestRefused", "refuse"]


class ServerRequestRefused(Exception):
    """A refusal that the protocol can only express as an error.

    Attributes:
        code: JSON-RPC error code.
        message: Text for the runtime.
    """

    def __init__(self, code: int, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message


def refuse(method: str) -> Any:
    """Return the refusing answer to ``method`` as its typed result.

    Raises:
        ServerRequestRefused: this request can only be refused with an error.
    """
    refusal = REFUSALS.get(method, {"error": {"code": -32601, "message": f"{method} is not supported by this client"}})
    if "error" in refusal:
        raise ServerRequestRefused(**refusal["error"])
    result = {refusal["clock"]: int(time.time())} if "clock" in refusal else refusal["result"]
    return getattr(models, SERVER_REQUESTS[method][1]).model_validate(result)
