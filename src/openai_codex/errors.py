"""Every exception of the package. The class says who is to blame; the message names the call, the cause, the next step.

    CodexError
    ├── RuntimeNotFoundError (also FileNotFoundError)    no runtime binary to start
    ├── UnsupportedRuntimeError                          the runtime is older than this package supports
    ├── TransportClosedError                             the connection is gone: runtime exited, or close() was called
    ├── RequestTimeoutError (also TimeoutError)          no answer within the deadline; the client stays usable
    ├── ResponseValidationError                          an answer does not fit the schema of this package
    ├── TurnFailedError (also RuntimeError)              the turn ended as failed; .result has what there is
    ├── TurnTimeoutError (also TimeoutError)             run(timeout=) expired; .result has what there is
    ├── TurnStalledError (also TimeoutError)             the turn fell silent; .result has what there is
    ├── SchemaNotStrictError (also ValueError)           the output type has no strict JSON schema; nothing was sent
    ├── OutputValidationError (also ValueError)          the answer does not fit the output type; .result has the turn
    └── JsonRpcError                                     the runtime answered with an error
        └── CodexRpcError                                ... with a code that JSON-RPC defines
            ├── ParseError              -32700
            ├── InvalidRequestError     -32600
            │   ├── ThreadNotFoundError
            │   ├── TurnNotActiveError
            │   └── TurnNotSteerableError
            ├── MethodNotFoundError     -32601
            ├── InvalidParamsError      -32602
            ├── InternalRpcError        -32603
            └── ServerBusyError         -32001, worth a retry
                └── RetryLimitExceededError   the runtime gave up retrying by itself

Wrong arguments are not in this tree: they raise ``ValueError`` or ``TypeError`` before anything is sent.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from ._generated import models as m
    from ._results import TurnResult

__all__ = [
    "CodexError",
    "CodexRpcError",
    "InternalRpcError",
    "InvalidParamsError",
    "InvalidRequestError",
    "JsonRpcError",
    "MethodNotFoundError",
    "OutputValidationError",
    "ParseError",
    "RequestTimeoutError",
    "ResponseValidationError",
    "RetryLimitExceededError",
    "RuntimeNotFoundError",
    "SchemaNotStrictError",
    "ServerBusyError",
    "ThreadNotFoundError",
    "TransportClosedError",
    "TurnFailedError",
    "TurnNotActiveError",
    "TurnNotSteerableError",
    "TurnStalledError",
    "TurnTimeoutError",
    "UnsupportedRuntimeError",
    "is_retryable_error",
    "map_jsonrpc_error",
]


class CodexError(Exception):
    """Base of every error that this package raises on its own account."""


class RuntimeNotFoundError(CodexError, FileNotFoundError):
    """No runtime binary was found. The message names every place that was tried and how to provide one."""


class UnsupportedRuntimeError(CodexError):
    """The runtime is older than the oldest one this package supports.

    Attributes:
        version: Version of the runtime; None if unknown.
    """

    def __init__(self, *message: object, version: str | None = None) -> None:
        super().__init__(*message)
        self.version = version


class TransportClosedError(CodexError):
    """The connection to the runtime is gone, so the call can never be answered.

    Attributes:
        exit_code: Exit status of the runtime (negative: killed by that signal); None if it did not exit.
        stderr_tail: The last lines that the runtime wrote to stderr, oldest first.
    """

    def __init__(self, *message: object, exit_code: int | None = None, stderr_tail: tuple[str, ...] = ()) -> None:
        super().__init__(*message)
        self.exit_code = exit_code
        self.stderr_tail = stderr_tail


class RequestTimeoutError(CodexError, TimeoutError):
    """A request was not answered within its deadline. The client stays usable; a late answer is dropped.

    A runtime that does not start in time raises it as well, and is ended.
    """


class ResponseValidationError(CodexError):
    """The runtime's answer does not fit the schema that this package was generated from."""


class _TurnError(CodexError):
    """Carries what is known of the turn when it ended badly."""

    def __init__(self, message: str, *, result: TurnResult) -> None:
        super().__init__(message)
        self.result = result

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), result=self.result), self.args, self.__dict__


class TurnFailedError(_TurnError, RuntimeError):
    """The turn ended with status ``failed``.

    Attributes:
        result: The ``TurnResult`` with items, usage and partial data up to the failure.
    """

    @property
    def message(self) -> str:
        """The runtime's own text, without the turn's id."""
        error = self.result.error
        return str(self) if error is None else error.message

    @property
    def codex_error_info(self) -> m.CodexErrorInfo | None:
        """Typed cause of the failure (schema ``CodexErrorInfo``), or None when the runtime gave none."""
        error = self.result.error
        return None if error is None else error.codex_error_info


class TurnTimeoutError(_TurnError, TimeoutError):
    """``run(timeout=)`` expired. The turn was interrupted by the handle that started it; ``.result`` has the rest."""


class TurnStalledError(_TurnError, TimeoutError):
    """The turn stayed silent and had not ended on the server either.

    For ``idle_timeout``, or for a moment after its thread had nothing to do any more.
    """


class SchemaNotStrictError(CodexError, ValueError):
    """The output type has no strict JSON schema, so no answer can be asked for as that type. Nothing was sent.

    Attributes:
        path: The place in the type that no strict schema can describe, such as ``$.lines[].price``.
    """

    def __init__(self, message: str, *, path: str) -> None:
        super().__init__(message)
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), path=self.path), self.args, self.__dict__


class OutputValidationError(_TurnError, ValueError):
    """The turn is over, and its answer does not fit the output type.

    Attributes:
        text: The last answer, or None where the turn ended without one.
        errors: What does not fit: dicts with ``type``, ``loc``, ``msg`` and ``input``, as pydantic details them.
        result: The ``TurnResult`` of the turn that gave the last answer.
    """

    def __init__(self, message: str, *, text: str | None, errors: list[dict[str, Any]], result: TurnResult) -> None:
        super().__init__(message, result=result)
        self.text = text
        self.errors = errors

    def __reduce__(self) -> tuple[Any, ...]:
        made = partial(type(self), text=self.text, errors=self.errors, result=self.result)
        return made, self.args, self.__dict__


class JsonRpcError(CodexError):
    """The runtime answered a request with an error.

    Attributes:
        code: JSON-RPC error code.
        message: The runtime's text.
        data: Whatever else the runtime sent along, or None.
        method: Wire method of the failed request, or None if unknown.
        runtime_version: Version of the runtime that answered, or None if unknown.
    """

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(f"JSON-RPC error {code}: {message}")
        self.code = code
        self.message = message
        self.data = data
        self.method: str | None = None
        self.runtime_version: str | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        known = {"method": self.method, "runtime_version": self.runtime_version}
        return type(self), (self.code, self.message, self.data), known

    def __str__(self) -> str:
        call = f"{self.method}: " if self.method else ""
        text = self._text()
        text = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
        return f"{call}JSON-RPC error {self.code}: {text}{self._next_step()}"

    def _text(self) -> str:
        """As much of the runtime's text as is of use."""
        return self.message

    def _next_step(self) -> str:
        """What to do about it, where that is known."""
        return ""


class CodexRpcError(JsonRpcError):
    """A JSON-RPC error with a code that the specification or the runtime defines."""


class ParseError(CodexRpcError):
    """-32700: the runtime could not read the message."""


class InvalidRequestError(CodexRpcError):
    """-32600: the runtime refused the request as it stands."""

    def _text(self) -> str:
        found = _UNKNOWN.search(self.message)
        # The runtime goes on with each of its methods.
        return self.message[: found.end()] if found is not None and found[1] == self.method else self.message

    def _next_step(self) -> str:
        if self.runtime_version is None or _UNKNOWN.search(self.message) is None:
            return ""
        from ._generated._version import RUNTIME_VERSION

        runtime = f"codex {self.runtime_version} does not know it"
        if self.runtime_version == RUNTIME_VERSION:
            return f" ({runtime}; check the spelling)"
        return (
            f" ({runtime}; this package is made for codex {RUNTIME_VERSION}: "
            f"install openai-codex-cli-bin=={RUNTIME_VERSION}, or point CodexConfig.codex_bin at it)"
        )


class ThreadNotFoundError(InvalidRequestError):
    """-32600: the runtime does not know the thread, or has nothing stored for it."""

    def _next_step(self) -> str:
        if "rollout" in self.message:
            return " (a thread is stored with its first turn; one that was deleted is gone)"
        return " (a stored thread has to be resumed first: thread_resume)" if "id" not in self.message else ""


class TurnNotActiveError(InvalidRequestError):
    """-32600: the turn to steer or interrupt is not the running one."""


class TurnNotSteerableError(InvalidRequestError):
    """-32600: the running turn takes no input (a review, for example)."""


class MethodNotFoundError(CodexRpcError):
    """-32601: the method does not exist, or not for such a thread."""


class InvalidParamsError(CodexRpcError):
    """-32602: the parameters were refused (input too large, for example)."""


class InternalRpcError(CodexRpcError):
    """-32603: the runtime failed inside."""

    def _next_step(self) -> str:
        if _NOT_STEERABLE.search(self.message) is None:
            return ""
        return " (the thread is busy with a review or a compaction, which takes no input; try again when it is over)"


class ServerBusyError(CodexRpcError):
    """The runtime or the model is overloaded; the same request may succeed later."""


class RetryLimitExceededError(ServerBusyError):
    """The runtime retried by itself and gave up."""


_SHOWN = 500

_BY_CODE: dict[int, type[CodexRpcError]] = {
    -32700: ParseError,
    -32600: InvalidRequestError,
    -32601: MethodNotFoundError,
    -32602: InvalidParamsError,
    -32603: InternalRpcError,
}
_OVERLOADED_CODE = -32001
_OVERLOADED = re.compile(r"server_?overloaded", re.IGNORECASE)
_GAVE_UP = re.compile(r"retry limit|too many failed attempts", re.IGNORECASE)
# The runtime tells these apart by text alone (every one is -32600).
_NOT_FOUND = re.compile(
    r"thread not (found|loaded)|no (archived )?rollout found|invalid (thread|session) id", re.IGNORECASE
)
_NOT_ACTIVE = re.compile(r"no active turn|expected active turn id", re.IGNORECASE)
_NOT_STEERABLE = re.compile(r"activeTurnNotSteerable", re.IGNORECASE)
_UNKNOWN = re.compile(r"unknown variant `([^`]*)`")


def _says_overloaded(value: Any) -> bool:
    """Whether any string inside ``value`` is the overload marker, in either spelling. It may be nested in any depth."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            if _OVERLOADED.fullmatch(each.strip()):
                return True
        elif isinstance(each, dict):
            members = cast("dict[str, Any]", each)
            left += [*members, *members.values()]
        elif isinstance(each, list):
            left += each  # pyright: ignore[reportUnknownVariableType]
    return False


def _says_not_steerable(data: Any) -> bool:
    info = cast("dict[str, Any]", data).get("codexErrorInfo") if isinstance(data, dict) else None
    return isinstance(info, dict) and any(_NOT_STEERABLE.fullmatch(key) for key in cast("dict[str, Any]", info))


def _error_class(code: int, message: str, data: Any) -> type[JsonRpcError]:
    if -32099 <= code <= -32000:
        if _GAVE_UP.search(message):
            return RetryLimitExceededError
        return ServerBusyError if code == _OVERLOADED_CODE or _says_overloaded(data) else CodexRpcError
    if code in (-32600, -32603) and (_NOT_STEERABLE.search(message) or _says_not_steerable(data)):
        return TurnNotSteerableError if code == -32600 else InternalRpcError
    if code == -32600 and _NOT_FOUND.search(message):
        return ThreadNotFoundError
    if code == -32600 and _NOT_ACTIVE.search(message):
        return TurnNotActiveError
    return _BY_CODE.get(code, JsonRpcError)


def map_jsonrpc_error(code: int, message: str, data: Any = None) -> JsonRpcError:
    """Return the most specific error for a JSON-RPC error object.

    Args:
        code: JSON-RPC error code.
        message: The runtime's text.
        data: The error's ``data`` member, decoded, or None.
    """
    return _error_class(code, message, data)(code, message, data)


def is_retryable_error(exc: BaseException) -> bool:
    """Whether the same call may succeed later because the runtime was only overloaded.

    False for every `TurnFailedError`, also where the model was overloaded: the turn has begun, and its input and what
    it did stay in the thread. Its ``codex_error_info`` tells the cause.

    Args:
        exc: What a call has raised.
    """
    return isinstance(exc, ServerBusyError) or (isinstance(exc, JsonRpcError) and _says_overloaded(exc.data))
