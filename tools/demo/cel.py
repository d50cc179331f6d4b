"""A small part of the Common Expression Language: what admission policies and custom resource rules usually say.

Values are JSON values. There: literals, lists, maps, selection, indexing, `has()`, `size()`, the macros `all`,
`exists`, `exists_one`, `filter` and `map`, string tests, arithmetic, comparison, logic and `? :`. Anything else is a
CelError.
"""

import re
from collections.abc import Callable
from typing import Any

from tools.demo.cel_syntax import CelError, Node, parse

__all__ = ["CelError", "evaluate"]

Names = dict[str, Any]

MACROS = ("all", "exists", "exists_one", "filter", "map")


def evaluate(expression: str, names: Names) -> Any:
    """The value of an expression over named JSON values; CelError if there is none."""
    return _value(parse(expression), names)


def _value(node: Node, names: Names) -> Any:
    return EVALUATORS[node[0]](node, names)


def _name(node: Node, names: Names) -> Any:
    if node[1] not in names:
        raise CelError(f"undeclared reference to '{node[1]}'")
    return names[node[1]]


def _select(node: Node, names: Names) -> Any:
    target = _value(node[1], names)
    if not isinstance(target, dict) or node[2] not in target:
        raise CelError(f"no such key: {node[2]}")
    return target[node[2]]


def _index(node: Node, names: Names) -> Any:
    target, key = _value(node[1], names), _value(node[2], names)
    if isinstance(target, list) and isinstance(key, int) and 0 <= key < len(target):
        return target[key]
    if isinstance(target, dict) and key in target:
        return target[key]
    raise CelError(f"no such key: {key}")


def _call(node: Node, names: Names) -> Any:
    _, function, arguments = node
    if function == "has" and len(arguments) == 1 and arguments[0][0] == "select":
        _, inner, key = arguments[0]
        target = _value(inner, names)
        return isinstance(target, dict) and key in target
    values = [_value(each, names) for each in arguments]
    if function == "size" and len(values) == 1:
        return _size(values[0])
    if function in ("string", "int", "double") and len(values) == 1:
        return _converted(function, values[0])
    raise CelError(f"undeclared reference to '{function}'")


def _size(value: Any) -> int:
    if isinstance(value, str | list | dict):
        return len(value)
    raise CelError("no such overload: size")


def _converted(function: str, value: Any) -> Any:
    try:
        if function == "string":
            return ("true" if value else "false") if isinstance(value, bool) else str(value)
        return int(value) if function == "int" else float(value)
    except (TypeError, ValueError):
        raise CelError(f"type conversion error from {value!r} to {function}") from None


TESTS: dict[str, Callable[[str, str], bool]] = {
    "contains": lambda text, part: part in text,
    "startsWith": lambda text, part: text.startswith(part),
    "endsWith": lambda text, part: text.endswith(part),
    "matches": lambda text, pattern: re.search(pattern, text) is not None,
}
CHANGES: dict[str, Callable[[str], Any]] = {
    "size": len,
    "lowerAscii": str.lower,
    "upperAscii": str.upper,
    "trim": str.strip,
}


def _method(node: Node, names: Names) -> Any:
    _, inner, method, arguments = node
    target = _value(inner, names)
    if method in MACROS and len(arguments) == 2 and arguments[0][0] == "name":
        return _macro(method, target, arguments[0][1], arguments[1], names)
    values = [_value(each, names) for each in arguments]
    if isinstance(target, str) and method in TESTS and len(values) == 1 and isinstance(values[0], str):
        return TESTS[method](target, values[0])
    if isinstance(target, str) and method in CHANGES and not values:
        return CHANGES[method](target)
    if isinstance(target, str) and method == "split" and len(values) == 1:
        return target.split(values[0])
    if method == "size" and not values:
        return _size(target)
    raise CelError(f"no such overload: {method}")


def _macro(macro: str, target: Any, variable: str, body: Node, names: Names) -> Any:
    if not isinstance(target, list | dict):
        raise CelError(f"no such overload: {macro}")
    results = [(each, _value(body, {**names, variable: each})) for each in target]
    truths = [result is True for _, result in results]
    outcomes: dict[str, Callable[[], Any]] = {
        "all": lambda: all(truths),
        "exists": lambda: any(truths),
        "exists_one": lambda: sum(truths) == 1,
        "filter": lambda: [each for each, result in results if result is True],
        "map": lambda: [result for _, result in results],
    }
    return outcomes[macro]()


def _binary(node: Node, names: Names) -> Any:
    _, sign, left, right = node
    if sign in ("&&", "||"):
        return _logic(sign == "||", left, right, names)
    one, other = _value(left, names), _value(right, names)
    if sign in ("==", "!="):
        same = one == other and isinstance(one, bool) == isinstance(other, bool)
        return same == (sign == "==")
    try:
        return ARITHMETIC[sign](one, other)
    except (TypeError, ZeroDivisionError, ValueError):
        raise CelError(f"no such overload: {sign}") from None


def _logic(wanted: bool, left: Node, right: Node, names: Names) -> bool:
    """One side that settles it is enough, even when the other has no value."""
    error: CelError | None = None
    for side in (left, right):
        try:
            if _value(side, names) is wanted:
                return bool(wanted)
        except CelError as problem:
            error = error or problem
    if error:
        raise error
    return not wanted


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "<": lambda one, other: one < other,
    "<=": lambda one, other: one <= other,
    ">": lambda one, other: one > other,
    ">=": lambda one, other: one >= other,
    "in": lambda one, other: one in other,
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
    "*": lambda one, other: one * other,
    "/": lambda one, other: int(one / other) if isinstance(one, int) and isinstance(other, int) else one / other,
    "%": lambda one, other: one % other,
}


def _unary(node: Node, names: Names) -> Any:
    value = _value(node[2], names)
    if node[1] == "!" and isinstance(value, bool):
        return not value
    if node[1] == "-" and isinstance(value, int | float) and not isinstance(value, bool):
        return -value
    raise CelError(f"no such overload: {node[1]}")


EVALUATORS: dict[str, Callable[[Node, Names], Any]] = {
    "value": lambda node, names: node[1],
    "name": _name,
    "select": _select,
    "index": _index,
    "call": _call,
    "method": _method,
    "binary": _binary,
    "unary": _unary,
    "list": lambda node, names: [_value(each, names) for each in node[1]],
    "map": lambda node, names: {_value(key, names): _value(value, names) for key, value in node[1]},
    "if": lambda node, names: _value(node[2] if _value(node[1], names) is True else node[3], names),
}
