"""How wire names become Python names. Pure functions; the only place that knows the spelling rules."""

from __future__ import annotations

import builtins
import keyword
import re

__all__ = [
    "attribute_name",
    "handler_name",
    "is_class_name",
    "python_path",
    "shadows_builtin",
    "snake_case",
]

# Words that camelCase splitting would tear apart.
_WORDS = re.compile(r"OAuth")
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SEPARATORS = re.compile(r"[^0-9A-Za-z]+")
_CLASS_NAME = re.compile(r"[A-Z][0-9A-Za-z]*")


def snake_case(name: str) -> str:
    """``gatewayOAuth`` -> ``gateway_oauth``; separators of any kind become one underscore."""
    name = _WORDS.sub(lambda match: match[0].capitalize(), name)
    return _SEPARATORS.sub("_", _BOUNDARY.sub("_", name)).strip("_").lower()


def is_class_name(name: str) -> bool:
    """Whether ``name`` can be a class as it stands."""
    return _CLASS_NAME.fullmatch(name) is not None


def attribute_name(name: str) -> str:
    """A name that is safe as an attribute: keywords get a trailing underscore."""
    return f"{name}_" if keyword.iskeyword(name) else name


def python_path(method: str) -> tuple[str, str]:
    """Split a wire method into namespace and function: ``thread/name/set`` -> ``("thread", "name_set")``.

    A method of one segment has the empty namespace.
    """
    head, _, tail = method.partition("/")
    if not tail:
        return "", attribute_name(snake_case(head))
    return attribute_name(snake_case(head)), attribute_name(snake_case(tail))


def handler_name(method: str) -> str:
    """The handler method of a server request: ``item/tool/call`` -> ``item_tool_call``."""
    return attribute_name(snake_case(method))


def shadows_builtin(name: str) -> bool:
    """Whether a definition of this name would hide a builtin."""
    return hasattr(builtins, name)
