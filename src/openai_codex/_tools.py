"""Tools: Python functions that the model can call (dynamic tools in the protocol).

``tool`` makes a ``Tool`` of a function: its schema comes from the type hints, its description from the docstring. A
thread is started with tools, the runtime offers them to the model, and each call comes back as the server request
``item/tool/call``, which ``ToolCalls`` answers. Whatever goes wrong in a call is told to the model as text.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import update_wrapper
from inspect import cleandoc, getdoc, isroutine
from types import FrameType, NoneType
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, cast, overload

from typing_extensions import ParamSpec, TypeVar

from ._answers import (
    NEVER_CANCELLED,
    Answered,
    Answerer,
    Call,
    Cancellation,
    ServerRequestContext,
)
from ._checks import check_seconds
from ._failure import error_text
from ._log import log
from ._tool_arguments import ToolArgumentError, ToolParameters, plain_function
from ._tool_output import failure, success

if TYPE_CHECKING:
    from ._generated import models as m

__all__ = ["RESERVED_NAMESPACES", "Tool", "ToolCalls", "ToolContext", "ToolSet", "Tools", "dynamic_tools", "tool"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Client = TypeVar("_Client", default=Any)

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_MAX_NAME = 128
_MAX_NAMESPACE = 64
_MAX_NAMESPACE_DESCRIPTION = 1024
# Names that the runtime keeps for the model's own tools.
RESERVED_NAMESPACES = frozenset(
    [
        "api_tool",
        "browser",
        "computer",
        "container",
        "file_search",
        "functions",
        "image_gen",
        "multi_tool_use",
        "python",
        "python_user_visible",
        "submodel_delegator",
        "terminal",
        "tool_search",
        "web",
    ]
)


# Plain tools of these names are taken, but where the model has the runtime's own, that one is called.
_OF_RUNTIME = frozenset(
    {
        "apply_patch",
        "create_goal",
        "exec_command",
        "get_goal",
        "list_mcp_resource_templates",
        "list_mcp_resources",
        "read_mcp_resource",
        "request_permissions",
        "request_user_input",
        "tool_search",
        "update_goal",
        "view_image",
        "write_stdin",
    }
)


@dataclass(frozen=True, slots=True)
class ToolContext(Generic[_Client]):
    """The call that a tool answers. A tool gets it in the parameter that has this type.

    Attributes:
        client: The client whose thread has called, ``ToolContext[AsyncCodex]`` for type checkers.
        thread_id: The thread that has called.
        turn_id: The turn that has called.
        call_id: Id of the call, which is that of its item.
        tool: Name of the tool.
        namespace: Name of its ``ToolSet``, if it is in one.
        cancelled: Set when the result is not wanted any more. A coroutine function is cancelled as well.

    Source: schema DynamicToolCallParams.
    """

    client: _Client = field(repr=False)
    thread_id: str
    turn_id: str
    call_id: str
    tool: str
    namespace: str | None = None
    cancelled: Cancellation = field(default=NEVER_CANCELLED, repr=False, compare=False)


class Tool(Generic[_P, _R]):
    """A function that the model can call; made by ``tool``. Calling it calls the function.

    Attributes:
        name: Name that the model sees.
        description: What the model is told about it.
        schema: JSON schema of its arguments.
        timeout: Seconds that a call may take; None for no limit.
        concurrency: Most calls that run at a time; None for no limit.
    """

    def __init__(
        self,
        function: Callable[_P, _R],
        *,
        name: str,
        description: str,
        timeout: float | None,
        concurrency: int | None,
        caller: FrameType | None = None,
    ) -> None:
        _check_name(f"tool {name!r}", name, _MAX_NAME)
        if concurrency is not None and (type(concurrency) is not int or concurrency < 1):
            raise ValueError(f"tool {name}: concurrency is {concurrency!r}; it takes 1 or more, or None for no limit")
        update_wrapper(self, function)
        self.name = name
        self.description = description
        self.timeout = check_seconds(f"tool {name}: timeout", timeout)
        self.concurrency = concurrency
        self.parameters = ToolParameters(name, function, ToolContext, caller)
        self._function = function

    @property
    def schema(self) -> dict[str, Any]:
        """JSON schema of its arguments."""
        return self.parameters.schema

    @property
    def function(self) -> Callable[_P, _R]:
        """The function itself."""
        return self._function

    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        """Call the function, here and now."""
        return self._function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<Tool {self.name}>"


class ToolSet:
    """Tools under a name of their own, so that the model sees what belongs together.

    Args:
        name: Name of the set (a namespace in the protocol).
        tools: Tools, or functions to make tools of.
        description: What the model is told about the set; at most 1024 characters.
        defer_loading: Do not show the tools to the model at once; it finds them when it searches for tools. For sets
            that are large and rarely needed.

    Raises:
        ValueError: a name is none that the runtime takes, or is there twice, or the set is empty.
        TypeError: a function cannot be a tool.

    Source: schema NamespaceDynamicToolSpec.
    """

    def __init__(
        self,
        name: str,
        tools: Sequence[Tool[..., Any] | Callable[..., Any]],
        *,
        description: str = "",
        defer_loading: bool = False,
    ) -> None:
        _check_name(f"tool set {name!r}", name, _MAX_NAMESPACE)
        if name in RESERVED_NAMESPACES:
            raise ValueError(f"tool set {name!r}: the runtime keeps this name for itself")
        if len(description) > _MAX_NAMESPACE_DESCRIPTION:
            raise ValueError(f"tool set {name}: the description has more than {_MAX_NAMESPACE_DESCRIPTION} characters")
        self.name = name
        self.description = description
        self.defer_loading = defer_loading
        self.tools = _distinct(f"tool set {name}", [_as_tool(each) for each in tools])
        if not self.tools:
            raise ValueError(f"tool set {name}: it has no tool")

    def __repr__(self) -> str:
        return f"<ToolSet {self.name}: {', '.join(each.name for each in self.tools)}>"


Tools: TypeAlias = Sequence[Tool[..., Any] | ToolSet | Callable[..., Any]]
"""What a thread takes as tools; a function that is no ``Tool`` becomes one."""


@overload
def tool(function: Callable[_P, _R], /) -> Tool[_P, _R]: ...
@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    concurrency: int | None = None,
) -> Callable[[Callable[_P, _R]], Tool[_P, _R]]: ...
def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    timeout: float | None = None,
    concurrency: int | None = None,
) -> Any:
    """Make a tool of a typed function, plain or ``async``; a decorator, with or without arguments.

    What the function takes is what the model has to give: the JSON schema comes from the type hints. ``Annotated`` with
    ``Field(description=...)`` explains a parameter. A parameter of type ``ToolContext`` gets the context of the call,
    and the model does not see it. What does not fit is told to the model, and the function is not called.
    The runtime shows the model types, choices and descriptions, but neither limits nor defaults: say in the description
    what matters of them.

    The function returns a text; an image as ``bytes``, ``Path`` or ``ImageInput``; a list of texts and images; or
    anything that JSON has a form for, pydantic models included. If it raises, the model gets class and message of the
    exception, and the log its traceback.

    In an asynchronous client a plain function runs on a thread of its own, in a synchronous one an ``async`` function
    on an event loop of its own.

    Args:
        function: The function. Of a ``functools.partial`` the model sees what is not set yet.
        name: Name that the model sees: letters, digits, ``_`` and ``-``. None: the function's.
        description: What the model is told. None: the function's docstring.
        timeout: Seconds that a call may take; then the model is told so. None for no limit but
            ``CodexConfig.handler_timeout``, which holds in any case.
        concurrency: Most calls that run at a time, from all threads; others wait. None for no limit. A plain function
            cannot be stopped: one that was given up may run on beside the next.

    Returns:
        The tool, which can still be called as the function.

    Raises:
        TypeError: a parameter has no type, or one that JSON has no form for.
        ValueError: the name is none that the runtime takes, or a limit is none.

    Wire: field ``dynamicTools`` of ``thread/start`` (experimental). Source: schema FunctionDynamicToolSpec.
    """

    def make(function: Callable[..., Any], caller: FrameType | None = None) -> Tool[..., Any]:
        found, told = _name_and_docstring(function)
        return Tool(
            function,
            name=found if name is None else name,
            description=told if description is None else description,
            timeout=timeout,
            concurrency=concurrency,
            caller=caller or sys._getframe(1),  # pyright: ignore[reportPrivateUsage]  # types that are local there
        )

    if function is not None and not callable(function):
        raise TypeError(f"tool: {function!r} is no function; name= and the other settings are given by keyword")
    return make if function is None else make(function, sys._getframe(1))  # pyright: ignore[reportPrivateUsage]


def dynamic_tools(tools: Tools) -> tuple[list[dict[str, Any]], dict[tuple[str | None, str], Tool[..., Any]]]:
    """Return tools as the protocol describes them, and by namespace and name.

    Raises:
        ValueError: two have the same name.
        TypeError: something is no tool.
    """
    if isinstance(tools, (str, bytes)) or not isinstance(tools, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise TypeError(f"tools: {tools!r} is no list of tools")
    plain = _distinct("tools", [_as_tool(each) for each in tools if not isinstance(each, ToolSet)])
    sets = _distinct("tools", [each for each in tools if isinstance(each, ToolSet)])
    for name in [each.name for each in plain]:
        if name in _OF_RUNTIME:
            text = (
                "the tool %s has the name of one of the runtime's own, which is called instead; put it into a ToolSet"
            )
            log(logging.WARNING, text, name)
    specs = [_spec(each) for each in plain]
    for each in sets:
        inner = [_spec(tool, **({"defer_loading": True} if each.defer_loading else {})) for tool in each.tools]
        specs.append({"type": "namespace", "name": each.name, "description": each.description, "tools": inner})
    by_name: dict[tuple[str | None, str], Tool[..., Any]] = {(None, each.name): each for each in plain}
    by_name |= {(group.name, each.name): each for group in sets for each in group.tools}
    return specs, by_name


class ToolCalls(Answerer):
    """Answers the calls of these tools, and leaves others to whoever comes next.

    Args:
        tools: By namespace and name.
        client: What their contexts carry.
    """

    def __init__(self, tools: Mapping[tuple[str | None, str], Tool[..., Any]], client: Any) -> None:
        super().__init__(_no_function)
        self._answerers = {key: _ToolAnswerer(each, client) for key, each in tools.items()}

    def accept(self, params: Mapping[str, Any]) -> Answerer | None:
        """The answerer of the tool that is called."""
        namespace, name = params.get("namespace"), params.get("tool")
        if not isinstance(name, str) or not isinstance(namespace, (str, NoneType)):
            return None
        return self._answerers.get((namespace, name))


class _ToolAnswerer(Answerer):
    def __init__(self, tool: Tool[..., Any], client: Any) -> None:
        super().__init__(tool.function)
        self._tool = tool
        self._client = client
        self.label = tool.name
        self.timeout = tool.timeout
        self.lanes = () if tool.concurrency is None else ((tool, tool.concurrency),)

    def prepare(self, params: m.DynamicToolCallParams, context: ServerRequestContext) -> Call:
        try:
            arguments = self._tool.parameters.bind(params.arguments)
        except ToolArgumentError as error:
            raise Answered(failure(f"The arguments do not fit: {error}")) from None
        name = self._tool.parameters.context_name
        if name is not None:
            arguments[name] = ToolContext(
                client=self._client,
                thread_id=params.thread_id,
                turn_id=params.turn_id,
                call_id=params.call_id,
                tool=params.tool,
                namespace=params.namespace,
                cancelled=context.cancelled,
            )
        return Call(self.function, kwargs=arguments)

    def answer(self, result: Any, params: Any) -> Any:
        return success(result)

    def failed(self, error: BaseException) -> Any:
        return failure(f"The tool failed with {error_text(error)}")


def _no_function() -> None: ...


def _name_and_docstring(function: Callable[..., Any]) -> tuple[str, str]:
    plain = plain_function(function)
    if isroutine(plain) or isinstance(plain, type):
        return plain.__name__, getdoc(plain) or ""
    return type(plain).__name__, cleandoc(type(plain).__call__.__doc__ or plain.__doc__ or "")


def _as_tool(each: Any) -> Tool[..., Any]:
    if isinstance(each, Tool):
        return cast("Tool[..., Any]", each)
    if not callable(each):
        raise TypeError(f"tools: {each!r} is no tool, no tool set and no function")
    return tool(each)


_Named = TypeVar("_Named", "Tool[..., Any]", ToolSet)


def _distinct(where: str, named: list[_Named]) -> list[_Named]:
    names = [each.name for each in named]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{where}: there are several of the name {', '.join(twice)}")
    return named


def _check_name(where: str, name: str, most: int) -> None:
    if not _NAME.fullmatch(name) or len(name) > most:
        raise ValueError(f"{where}: a name has 1 to {most} letters, digits, underscores and hyphens")
    if name == "mcp" or name.startswith("mcp__"):
        raise ValueError(f"{where}: the runtime keeps mcp, and what begins with mcp__, for MCP servers")


def _spec(each: Tool[..., Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "function",
        "name": each.name,
        "description": each.description,
        "input_schema": each.schema,
        **more,
    }
