"""Settings that cannot work are refused where they are made, and what may be secret is not shown."""

from __future__ import annotations

from typing import Any

import pytest

from openai_codex import AsyncCodex, Codex, CodexConfig


@pytest.mark.parametrize("name", ["config_overrides", "launch_args_override"])
def test_string_in_place_of_a_tuple_is_refused(name: str) -> None:
    wrong: dict[str, Any] = {name: "model=x"}
    with pytest.raises(TypeError, match=f"{name} is a string"):
        CodexConfig(**wrong)


@pytest.mark.parametrize("env", [{"TOKEN": 5}, {"TOKEN": b"hunter2"}, {5: "x"}])
def test_variables_are_strings(env: Any) -> None:
    with pytest.raises(TypeError, match=r"CodexConfig.env: the name or the value of .* is no string") as caught:
        CodexConfig(env=env)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("client", [Codex, AsyncCodex])
def test_settings_are_of_their_class(client: Any) -> None:
    with pytest.raises(TypeError, match="config: dict is no CodexConfig"):
        client({"model": "x"})


@pytest.mark.parametrize("threads", [0, -1])
def test_handlers_need_a_thread(threads: int) -> None:
    with pytest.raises(ValueError, match=f"handler_threads is {threads}"):
        CodexConfig(handler_threads=threads)


@pytest.mark.parametrize("number", [None, 1, 10_000])
def test_number_of_unread_events_is_optional(number: int | None) -> None:
    assert CodexConfig(event_buffer=number).event_buffer == number
    assert CodexConfig().event_buffer is None


@pytest.mark.parametrize("number", [0, -1])
def test_number_of_unread_events_is_one_or_more(number: int) -> None:
    with pytest.raises(ValueError, match=f"CodexConfig.event_buffer is {number}; it takes 1 or more"):
        CodexConfig(event_buffer=number)


@pytest.mark.parametrize("name", ["event_buffer", "handler_threads"])
@pytest.mark.parametrize("number", [True, False, 1.0, float("nan"), "10"])
def test_count_is_a_whole_number(name: str, number: Any) -> None:
    with pytest.raises(TypeError, match=f"CodexConfig.{name} is {number!r}, and no whole number"):
        CodexConfig(**{name: number})


def test_repr_shows_nothing_that_may_be_secret() -> None:
    secret = "hunter2"
    config = CodexConfig(
        codex_bin="/opt/codex",
        env={"OPENAI_API_KEY": secret},
        config_overrides=(f"token={secret}",),
        launch_args_override=("codex", "--token", secret),
    )
    assert "/opt/codex" in repr(config)
    assert secret not in repr(config)
