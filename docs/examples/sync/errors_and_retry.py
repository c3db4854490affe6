"""What can go wrong, what each error means, and what is worth another attempt.

Only an overload is. ``retry_on_overload`` repeats a call that was refused for it; a turn that was accepted and then
failed is not repeated, because the thread holds its input already: asking again would say it twice.
"""

from __future__ import annotations

from openai_codex import (
    Codex,
    CodexError,
    InvalidRequestError,
    Sandbox,
    Thread,
    ThreadNotFoundError,
    TurnFailedError,
    TurnTimeoutError,
    retry_on_overload,
)
from openai_codex.types import CodexErrorInfoValue, HttpConnectionFailedCodexErrorInfo


def explain(error: CodexError) -> str:
    """Say what to do about an error."""
    match error:
        case TurnFailedError(codex_error_info=CodexErrorInfoValue.context_window_exceeded):
            return "the thread is full: compact() it, or start another one"
        case TurnFailedError(codex_error_info=CodexErrorInfoValue.server_overloaded):
            return 'the model is at capacity: wait, then tell the thread to "go on"'
        case TurnFailedError(codex_error_info=HttpConnectionFailedCodexErrorInfo(http_connection_failed=failed)):
            return f"the model's server answered with status {failed.http_status_code}: log in, or check the settings"
        case TurnTimeoutError():
            return f"too slow, so it was interrupted; it had said {error.result.partial_text!r}"
        case ThreadNotFoundError():
            return "there is no such thread"
        case InvalidRequestError():
            return f"the request is wrong, and would be wrong again: {error.message}"
        case _:
            return f"{type(error).__name__}: {error}"


def ask(thread: Thread, prompt: str) -> None:
    """Ask, with up to three attempts while the runtime is too busy to take the question."""
    try:
        result = retry_on_overload(lambda: thread.run(prompt, timeout=60), max_attempts=3, total_time_s=10)
        print(f"{prompt} -> {result.final_response}")
    except CodexError as error:
        print(f"{prompt} -> {explain(error)}")


def main() -> None:
    """Ask questions, and provoke an error or two."""
    with Codex() as codex:
        thread = codex.thread_start(sandbox=Sandbox.read_only)
        for prompt in ("Hello?", "What is new?", "And now?", "Still there?"):
            ask(thread, prompt)
        try:
            thread.run("Think as long as you can.", timeout=2)
        except CodexError as error:
            print("timeout ->", explain(error))
        try:
            codex.thread_resume("00000000-0000-7000-8000-000000000000")
        except CodexError as error:
            print("unknown thread ->", explain(error))


if __name__ == "__main__":
    main()
