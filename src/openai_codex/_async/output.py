# The synchronous twin of this file is derived line for line: run "make generate".
"""``AsyncOutput``: the answer of a turn as a value of a type, and the turns that ask for a better answer.

Whether an answer fits is found out when the turn is over. If it does not, a further turn of the thread tells the model
what is wrong and asks again; its result takes the place of the first one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from .._generated import models as m
from .._inputs import input_fields
from .._log import log
from .._output import InvalidAnswer, OutputType
from .._results import TurnResult
from ..errors import JsonRpcError, OutputValidationError, RequestTimeoutError, TurnFailedError, TurnTimeoutError
from .follower import AsyncTurnFollower

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from .._compat import Deadline
    from .session import AsyncSession

__all__ = ["AsyncOutput"]

_T = TypeVar("_T")


class AsyncOutput(Generic[_T]):
    """What the answer of a turn is asked for as.

    Args:
        session: Where the turn is.
        output_type: The type, or a ``TypeAdapter``.
        retries: How many further turns may ask again.
        again: Fields of ``turn/start`` for such a turn, apart from input and schema.

    Attributes:
        schema: The JSON schema that says it.
    """

    __slots__ = ("_again", "_done", "_output_type", "_retries", "_session", "schema")

    def __init__(
        self, session: AsyncSession, output_type: type[_T] | TypeAdapter[_T], retries: int, again: Mapping[str, Any]
    ) -> None:
        self._session = session
        self._output_type = OutputType(output_type)
        self._retries = retries
        self.schema = self._output_type.schema
        self._again = {**again, "output_schema": self.schema}
        self._done: TurnResult[_T] | OutputValidationError | TurnFailedError | None = None

    async def complete(self, result: TurnResult, deadline: Deadline, idle_timeout: float | None) -> TurnResult[_T]:
        """Return the result with its output, after further turns if need be. Who comes later gets the same.

        Args:
            result: The result of the first turn.
            deadline: Until when everything may take.
            idle_timeout: As for the first turn.

        Raises:
            OutputValidationError: no answer fits, or there is none, or the runtime took no further turn.
            TurnFailedError: a further turn failed.
            TurnTimeoutError: the time is over, for a further turn or for somebody else who was at it.
            TurnStalledError: a further turn fell silent.
            RequestTimeoutError: the runtime did not accept a further turn in time.
        """
        asking = False
        try:
            async with self._session.locks.hold("run: output of turn", result.id, deadline.left()):
                asking = True
                if self._done is None:
                    try:
                        self._done = await self._complete(result, deadline, idle_timeout)
                    except (OutputValidationError, TurnFailedError) as error:
                        self._done = error
        except RequestTimeoutError:
            if asking:
                raise
            text = f"turn {result.id} has no output after {deadline.seconds:g} s; another call asks for it, and goes on"
            raise TurnTimeoutError(text, result=result) from None
        if isinstance(self._done, Exception):
            raise copy(self._done)  # a shared one would collect the tracebacks of all callers
        return self._done

    async def _complete(self, result: TurnResult, deadline: Deadline, idle_timeout: float | None) -> TurnResult[_T]:
        wanted, left = self._output_type, self._retries
        while True:
            text = result.final_response
            if result.status is not m.TurnStatus.completed:
                raise _no_output(wanted, result, f"is {result.status.value}", [])
            try:
                return cast("TurnResult[_T]", replace(cast(Any, result), output=wanted.parse(text)))
            except InvalidAnswer as invalid:
                errors = invalid.errors
            if left <= 0:
                raise _no_output(wanted, result, wanted.summary(errors), errors)
            left -= 1
            log(logging.INFO, "turn %s: the answer does not fit %s; asking again", result.id, wanted.name)
            try:
                again = await self._ask_again(wanted.follow_up(errors), deadline, idle_timeout)
            except JsonRpcError as error:  # the answer is worth more than why there was no other one
                why = f"{wanted.summary(errors)}; the model could not be asked again: {error}"
                raise _no_output(wanted, result, why, errors) from error
            if again is None:
                why = f"{wanted.summary(errors)}; another turn was running, so the model was not asked again"
                raise _no_output(wanted, result, why, errors)
            result = again

    async def _ask_again(self, text: str, deadline: Deadline, idle_timeout: float | None) -> TurnResult | None:
        """The result of a further turn; None if the text has joined another turn, whose answer is for somebody else."""
        fields = {**self._again, **input_fields(text)}
        opened = await self._session.open_turn(
            "turn/start", fields, deadline.left(self._session.config.request_timeout)
        )
        follower = AsyncTurnFollower(self._session, opened.turn, opened.mailbox, owns=not opened.joined)
        if opened.joined:
            follower.close()
            return None
        return await follower.finish(deadline, idle_timeout)


def _no_output(
    wanted: OutputType[Any], result: TurnResult, why: str, errors: list[dict[str, Any]]
) -> OutputValidationError:
    text = f"turn {result.id}: no answer that fits output_type {wanted.name}: {why}"
    return OutputValidationError(text, text=result.final_response, errors=errors, result=result)
