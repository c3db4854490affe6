"""What is decided about a request from the runtime, before anything runs."""

from __future__ import annotations

import logging
import sys
import threading
import time
from contextvars import copy_context
from typing import Any

import pytest
from pydantic import BaseModel

from openai_codex import CodexConfig
from openai_codex._answers import HandlerMethods
from openai_codex._core.connection import Connection
from openai_codex._core.requests import ServerRequest
from openai_codex._engine.handlers import Dispatcher, Invocation, Reply
from openai_codex._engine.protocol import Protocol
from openai_codex._tools import ToolCalls, dynamic_tools


class Params(BaseModel):
    command: str


class Response(BaseModel):
    decision: str


class Base:
    def ask(self, params: Params) -> Any:
        raise AssertionError("the built-in refusal is not called")

    def clock(self, params: Params) -> Any:
        raise AssertionError("the built-in refusal is not called")

    def token(self, params: Params) -> Any:
        raise AssertionError("the built-in refusal is not called")


MODELS: dict[str, type[BaseModel]] = {"Params": Params, "Response": Response}

PROTOCOL = Protocol(
    server_requests={
        "ask": ("Params", "Response", "ask", False),
        "clock": ("Params", "Response", "clock", True),
        "token": ("Params", "Response", "token", False),
        "bare": ("Params", "Response", "bare", False),
    },
    refusals={
        "ask": {"result": {"decision": "decline"}},
        "clock": {"clock": "currentTimeAt"},
        "token": {"error": {"code": -32000, "message": "none"}},
    },
    model=MODELS.__getitem__,
    handler_base=lambda: Base,
)


def decide(handlers: object | None, method: str, params: dict[str, Any] | None = None) -> Reply | Invocation:
    return dispatcher(handlers).decide(ServerRequest(7, method, params or {}))


def dispatcher(handlers: object | None) -> Dispatcher:
    return Dispatcher(PROTOCOL, handlers, CodexConfig(), asynchronous=False)


def called(invocation: Reply | Invocation) -> Reply:
    """The answer of a handler that is called here and now."""
    assert isinstance(invocation, Invocation)
    call = copy_context().run(invocation.prepare)
    return invocation.reply(call.function(*call.args, **call.kwargs))


@pytest.mark.parametrize("handlers", [None, Base()])
def test_nothing_overridden_refuses_in_the_shape_of_the_protocol(handlers: object | None) -> None:
    assert decide(handlers, "ask") == Reply(7, {"decision": "decline"})
    assert decide(handlers, "token") == Reply(7, error=(-32000, "none"))
    assert decide(handlers, "bare") == Reply(7, error=(-32601, "not handled: bare"))
    clock = decide(handlers, "clock")
    assert isinstance(clock, Reply) and abs(clock.result["currentTimeAt"] - time.time()) < 5


def test_unknown_method_is_not_found() -> None:
    assert decide(None, "future/one") == Reply(7, error=(-32601, "method not found: future/one"))


def test_overridden_handler_gets_typed_params_and_its_answer_is_sent() -> None:
    class Mine(Base):
        def ask(self, params: Params) -> Response:
            return Response(decision=params.command)

    assert called(decide(Mine(), "ask", {"command": "ls"})) == Reply(7, {"decision": "ls"})
    assert isinstance(decide(Mine(), "token"), Reply)  # the others still refuse


@pytest.mark.parametrize("result", [None, {"decision": "accept"}, "accept", Params(command="accept")])
def test_answer_of_the_wrong_type_is_not_sent(result: Any) -> None:
    class Mine(Base):
        def ask(self, params: Params) -> Any:
            return result

    with pytest.raises(TypeError, match="not Response"):
        called(decide(Mine(), "ask", {"command": "ls"}))


def test_refusal_after_an_error_logs_no_parameters(caplog: pytest.LogCaptureFixture) -> None:
    class Mine(Base):
        def ask(self, params: Params) -> Response:
            raise RuntimeError("boom")

    for params, error in (({"command": "sk-secret"}, RuntimeError), ({"command": ["sk-secret"]}, ValueError)):
        invocation = decide(Mine(), "ask", params)
        assert isinstance(invocation, Invocation)
        with pytest.raises(error) as raised:
            called(invocation)
        with caplog.at_level(logging.ERROR, "openai_codex"):
            reply = invocation.refuse(raised.value)
        assert (reply.id, reply.result) == (7, {"decision": "decline"})
        assert reply.failure is not None and "sk-secret" not in repr(reply.failure)
    assert "boom" in caplog.text and "ask" in caplog.text
    assert "sk-secret" not in caplog.text


def test_reply_is_put_on_the_connection() -> None:
    connection = Connection()
    Reply("a", {"x": 1}).send(connection)
    Reply(2, error=(-1, "no")).send(connection)
    assert connection.take_outgoing() == [
        b'{"id":"a","result":{"x":1}}\n',
        b'{"id":2,"error":{"code":-1,"message":"no"}}\n',
    ]


@pytest.mark.parametrize("handlers", [Base, object(), print], ids=["class", "stranger", "function"])
def test_handlers_that_are_none_are_refused_at_once(handlers: Any) -> None:
    with pytest.raises(TypeError, match="no instance of Base"):
        dispatcher(handlers)


def test_callable_on_the_instance_is_a_handler() -> None:
    def answer(params: Params) -> Response:
        return Response(decision=params.command)

    handlers = Base()
    vars(handlers)["ask"] = answer
    assert called(decide(handlers, "ask", {"command": "ls"})) == Reply(7, {"decision": "ls"})
    assert isinstance(decide(handlers, "token"), Reply)


@pytest.mark.parametrize("params", [{}, {"tool": "t", "namespace": {}}, {"tool": ["t"]}, {"tool": "t", "namespace": 1}])
def test_call_of_a_tool_that_names_none_is_for_nobody(params: dict[str, Any]) -> None:
    def t() -> None: ...

    _, tools = dynamic_tools([t])
    assert ToolCalls(tools, None).accept({"tool": "t"}) is not None
    assert ToolCalls(tools, None).accept(params) is None


@pytest.mark.parametrize("how", ["cause", "context", "deeper", "hidden", "group"])
def test_log_shows_no_validation_error_that_a_failure_comes_from(how: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        try:
            Params.model_validate({"command": [f"sk-{'secret'}"]})
        except ValueError as invalid:
            if how == "hidden":
                raise RuntimeError("boom") from None
            if how == "cause":
                raise RuntimeError("boom") from invalid
            if how == "group":
                group = RuntimeError("boom")
                group.exceptions = [invalid]  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
                raise group from None
            raise RuntimeError("boom")  # noqa: B904

    class Mine(Base):
        def ask(self, params: Params) -> Response:
            if how != "deeper":
                fail()
            try:
                fail()
            finally:
                raise KeyError("boom")

    invocation = decide(Mine(), "ask", {"command": "ls"})
    assert isinstance(invocation, Invocation)
    with pytest.raises(Exception, match="boom") as raised:
        called(invocation)
    with caplog.at_level(logging.ERROR, "openai_codex"):
        invocation.refuse(raised.value)
    assert "sk-secret" not in caplog.text and "failed with" in caplog.text
    assert ("_Withheld" in caplog.text) == (how != "hidden")  # where it was raised is told in any case


@pytest.mark.filterwarnings("always")
def test_answer_that_was_changed_is_sent_without_a_warning_that_shows_it(recwarn: pytest.WarningsRecorder) -> None:
    class Mine(Base):
        def ask(self, params: Params) -> Response:
            response = Response(decision="")
            response.decision = ["sk-secret"]  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
            return response

    called(decide(Mine(), "ask", {"command": "ls"}))
    assert [str(each.message) for each in recwarn if "sk-secret" in str(each.message)] == []


def test_handlers_of_a_thread_are_never_away_while_they_are_replaced() -> None:
    """Meanwhile those of the client would answer in their place."""
    made, go, missed = dispatcher(None), threading.Event(), list[int]()
    sources = {"handlers": HandlerMethods(Base(), Base)}
    made.set_sources("T", sources)

    def look() -> None:
        while not go.is_set():
            if not made.sources("T"):
                missed.append(1)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=look)
    try:
        thread.start()
        for _ in range(20_000):
            made.add_sources("T", sources)
    finally:
        go.set()
        thread.join()
        sys.setswitchinterval(interval)
    assert missed == []
    made.set_sources("T", {})
    assert made.sources("T") == {}
