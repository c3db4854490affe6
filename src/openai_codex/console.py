"""Handlers for people at a terminal.

    from openai_codex import ApprovalMode, Codex
    from openai_codex.console import ask_approval

    with Codex(approval_handler=ask_approval) as codex:
        codex.thread_start(approval_mode=ApprovalMode.ask).run("Run the tests.")

One question is asked at a time, however many threads of a client have one. Everything but a clear yes refuses: an empty
answer, the end of the input, or three answers that cannot be used. What a terminal would not show, or what would change
what it shows, is written as an escape such as ``\\x1b``. With the extra ``openai-codex[console]`` it is in colour.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload
from urllib.parse import urlsplit

from ._approvals import (
    Approval,
    ApprovalRequest,
    CommandApprovalRequest,
    FileChangeApprovalRequest,
    PermissionsApprovalRequest,
)
from ._generated import models as m
from ._json import member
from ._questions import Elicitation, ElicitationRequest, UserInputRequest
from ._terminal import Block, Line, Part, ask, converse, show

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["ask_approval", "ask_user"]

_T = TypeVar("_T")
_DIFF_LINES = 40
_JSON_LINES, _JSON_WIDTH = 400, 4000  # what is not seen cannot be approved, but a file may be among the arguments
_FILES = 20

_threads: set[str] = set()


def _thread(thread_id: str) -> list[Part]:
    """Which thread asks, as soon as there is more than one that has asked."""
    _threads.add(thread_id)
    return [Line("Thread:", thread_id)] if len(_threads) > 1 else []


def _line(label: str, text: str | None) -> list[Part]:
    return [Line(label, text)] if text else []


def _json(label: str, value: Any) -> list[Part]:
    if value is None:
        return []
    plain = value.model_dump(mode="json", by_alias=True, exclude_none=True) if hasattr(value, "model_dump") else value
    return [
        Block(label, json.dumps(plain, indent=2, ensure_ascii=False, default=repr), "json", _JSON_LINES, _JSON_WIDTH)
    ]


def _confirmed(typed: str) -> bool:
    return _one_of(typed, {"y": True, "yes": True, "n": False, "no": False, "": False}, "y or n")


def _one_of(typed: str, answers: dict[str, _T], known: str) -> _T:
    try:
        return answers[typed.strip().lower()]
    except KeyError:
        raise ValueError(f"Please answer {known}.") from None


# Approvals


def ask_approval(request: ApprovalRequest) -> Approval:
    """Ask the person at the terminal for an approval; an ``approval_handler``.

    Args:
        request: What is asked.

    Returns:
        The person's decision; to decline, where there is none.

    Raises:
        KeyboardInterrupt: Ctrl-C, if this runs on the main thread. Handlers of a client run on others.
    """
    return converse(request.cancelled, partial(_ask_approval, request), Approval.decline())


def _ask_approval(request: ApprovalRequest) -> Approval:
    title, parts = _described(request)
    answers = {
        "y": Approval.accept(),
        "s": Approval.accept_for_session(),
        "n": Approval.decline(),
        "c": Approval.cancel(),
        "": Approval.decline(),
    }
    answers |= {"yes": answers["y"], "session": answers["s"], "no": answers["n"], "cancel": answers["c"]}
    prompt, known = "[y]es, [s]ession, [n]o, [c]ancel", "y, s, n or c"
    if isinstance(request, CommandApprovalRequest) and request.proposed_rule and any(request.proposed_rule):
        parts.append(Line("[r]ule allows from now on every:", shlex.join(request.proposed_rule)))
        answers["r"] = answers["rule"] = Approval.accept_with_rule(request.proposed_rule)
        prompt, known = "[y]es, [s]ession, [r]ule, [n]o, [c]ancel", "y, s, r, n or c"
    show(title, [*parts, *_line("Reason:", request.reason), *_thread(request.thread_id)])
    return ask(f"{prompt}?", lambda typed: _one_of(typed, answers, known))


def _described(request: ApprovalRequest) -> tuple[str, list[Part]]:
    """A title, and what there is to know."""
    if isinstance(request, CommandApprovalRequest):
        title = "May this command run?"
        parts: list[Part] = [Block("Command:", request.command, "bash")] if request.command else []
        if request.network is not None:
            title = "May a command reach this host?"
            parts = [Line("Host:", f"{request.network.host} ({request.network.protocol.value})"), *parts]
        parts += _line("Directory:", request.cwd)
        parts += _json("With these permissions beyond its sandbox:", request.additional_permissions)
        return title, [*parts, *_environment(request.environment_id)]
    if isinstance(request, FileChangeApprovalRequest):
        parts = _changes(request.changes)
        return "May these files be changed?", [*parts, *_line("Writable for the session:", request.grant_root)]
    if isinstance(request, PermissionsApprovalRequest):
        parts = _json("Permissions:", request.permissions)
        parts += _line("Directory:", request.cwd)
        return "May the turn have these permissions?", [*parts, *_environment(request.environment_id)]
    parts = [Line("Server:", request.server), *_line("Tool:", request.tool)]
    parts += [Block("It says:", request.message)] if request.message else []
    return "May this tool be called?", [*parts, *_json("Arguments:", request.arguments)]


def _environment(name: str | None) -> list[Part]:
    return _line("Environment:", None if name == "local" else name)


def _changes(changes: Sequence[m.FileUpdateChange] | None) -> list[Part]:
    if changes is None:
        return [Line("", "What would be changed is not known.")]
    parts: list[Part] = []
    for change in changes[:_FILES]:
        target = getattr(change.kind, "move_path", None)
        parts.append(Line(f"{getattr(change.kind, 'type', 'change')}:", change.path))
        parts += _line("  moved to:", target)
        parts.append(Block("", change.diff, "diff", _DIFF_LINES))
    if len(changes) > _FILES:
        parts.append(Line("", f"(not shown: {len(changes) - _FILES} more files)"))
    return parts


# Questions and elicitations


@overload
def ask_user(request: UserInputRequest) -> dict[str, str]: ...
@overload
def ask_user(request: ElicitationRequest) -> Elicitation: ...
def ask_user(request: UserInputRequest | ElicitationRequest) -> dict[str, str] | Elicitation:
    """Ask the person at the terminal what the model or a server wants to know; a handler for both.

    A form is asked field by field and sent when the person has agreed to that. Forms with fields of a kind that this
    version does not know are declined.

    Args:
        request: What is asked.

    Returns:
        Answers by question id, without what was not answered; of an elicitation what was filled in, or to decline.

    Raises:
        KeyboardInterrupt: Ctrl-C, if this runs on the main thread. Handlers of a client run on others.
    """
    if isinstance(request, UserInputRequest):
        nothing: dict[str, str] = {}
        return converse(request.cancelled, partial(_ask_questions, request), nothing)
    return converse(request.cancelled, partial(_ask_elicitation, request), Elicitation.decline())


def _ask_questions(request: UserInputRequest) -> dict[str, str]:
    answers: dict[str, str] = {}
    for number, question in enumerate(request.questions, 1):
        options = [(each.label, each.label, each.description) for each in question.options or ()]
        title = f"Question {number} of {len(request.questions)}: {question.header}"
        show(title, [Block("", question.question), *_options(options), *_thread(request.thread_id)])
        parse = partial(_option, [option[:2] for option in options], free=question.is_other or not options)
        answer = ask(_prompt(options, question.is_other), _or_nothing(parse), secret=question.is_secret)
        if answer is not None:
            answers[question.id] = answer
    return answers


def _prompt(options: Sequence[Any], free: bool) -> str:
    return ("A number, or another answer:" if free else "A number:") if options else "Answer:"


def _options(options: Sequence[tuple[str, str, str]]) -> list[Part]:
    """Options to choose from: what is sent, what it is called, what it means."""
    return [
        Line(f"  {number})", f"{title} - {description}" if description else title)
        for number, (_, title, description) in enumerate(options, 1)
    ]


def _or_nothing(parse: Callable[[str], _T]) -> Callable[[str], _T | None]:
    """Nothing typed is no answer."""
    return lambda typed: parse(typed) if typed.strip() else None


def _option(options: Sequence[tuple[str, str]], typed: str, *, free: bool = False) -> str:
    """The option that was meant by its name or number."""
    wanted = typed.strip()
    by_name = {name.casefold(): value for value, title in reversed(options) for name in (value, title)}
    if wanted.casefold() in by_name:
        return by_name[wanted.casefold()]
    if wanted.isdecimal() and 1 <= int(wanted) <= len(options):
        return options[int(wanted) - 1][0]
    if free:
        return typed
    raise ValueError(f"Please answer with a number from 1 to {len(options)}, or with one of the options.")


def _ask_elicitation(request: ElicitationRequest) -> Elicitation:
    title = f"The server {request.server} asks"
    parts: list[Part] = [Block("", request.message)] if request.message else []
    parts += _thread(request.thread_id)
    if request.mode == "url" and request.url is not None:
        show(title, [*parts, *_line("Host:", _host(request.url)), Block("Address to open:", request.url)])
        return Elicitation.accept() if ask("Agree to open it, [y]es or [n]o?", _confirmed) else Elicitation.decline()
    model = request.model
    if not request.is_tool_approval and (model is None or request.schema is None):
        show(title, [*parts, Line("", "This cannot be answered here and is declined.")])
        return Elicitation.decline()
    parts += _json("Arguments:", member(request.meta, "tool_params"))
    if model is None or request.schema is None or not request.schema.properties:
        show(title, parts)
        return Elicitation.accept() if ask("[y]es or [n]o?", _confirmed) else Elicitation.decline()
    how = "Press Enter alone for a default or to leave a field out, and Ctrl-D to decline."
    show(title, [*parts, Line("", how)])
    content = {name: _ask_field(name, prop, model) for name, prop in request.schema.properties.items()}
    if not ask("Send this to the server, [y]es or [n]o?", _confirmed):
        return Elicitation.decline()
    return Elicitation.accept({name: value for name, value in content.items() if value is not None})


def _host(url: str) -> str | None:
    """The host of an address: the part that says whom one deals with."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _ask_field(name: str, prop: Any, model: type[BaseModel]) -> Any:
    """The value of one field; None to leave it out."""
    from ._forms import choices, field_problem

    field = next(field for key, field in model.model_fields.items() if (field.alias or key) == name)
    options = choices(prop) or []
    default = None if field.is_required() else field.default
    parts: list[Part] = [Block("", prop.description)] if prop.description else []
    parts += _options([(value, title, "" if title == value else value) for value, title in options])
    parts += [] if default is None else [Line("Default:", json.dumps(default, ensure_ascii=False))]
    show(f"{prop.title or name} ({_kind(prop)}{', required' if field.is_required() else ''})", parts)

    def parse(typed: str) -> Any:
        if not typed:
            if field.is_required():
                raise ValueError("This has to be answered.")
            return None
        value = _converted(prop, options, typed)
        problem = field_problem(model, name, value)
        if problem is not None:
            raise ValueError(f"{problem}.")
        return value

    return ask("Answer:", parse)


def _kind(prop: Any) -> str:
    if prop.type.value == "array":
        return "any number of options, with commas between"
    if isinstance(prop, m.McpElicitationStringSchema):
        return "text" if prop.format is None else prop.format.value
    if isinstance(prop, m.McpElicitationNumberSchema):
        return prop.type.value
    return "y or n" if isinstance(prop, m.McpElicitationBooleanSchema) else "one option"


def _converted(prop: Any, options: Sequence[tuple[str, str]], typed: str) -> Any:
    """What was typed, as a value of the field's type."""
    if options and prop.type.value == "array":
        try:
            return [_option(options, typed)]  # a name may have a comma in it
        except ValueError:
            return list(dict.fromkeys(_option(options, each) for each in typed.split(",") if each.strip()))
    if options:
        return _option(options, typed)
    if isinstance(prop, m.McpElicitationBooleanSchema):
        words = {"y": True, "yes": True, "true": True, "n": False, "no": False, "false": False}
        return _one_of(typed, words, "y or n")
    if isinstance(prop, m.McpElicitationNumberSchema):
        try:
            return int(typed)
        except ValueError:
            pass
        try:
            return float(typed)
        except ValueError:
            raise ValueError("Please answer with a number.") from None
    return typed
