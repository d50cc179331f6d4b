"""How CEL is written: text to a tree of tuples, each named by its first element."""

import re
from typing import Any

Node = tuple[Any, ...]

TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>r?"(?:\\.|[^"\\])*"|r?'(?:\\.|[^'\\])*')|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}]))"""
)
LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
CONSTANTS = {"true": True, "false": False, "null": None}
MAX_DEPTH = 60


class CelError(Exception):
    """The expression cannot be read, or means nothing for these values."""


def parse(text: str) -> Node:
    """The tree of an expression; CelError when it cannot be read."""
    parser = _Parser(text)
    node = parser.expression()
    parser.finish()
    return node


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        self.depth = 0
        place = 0
        text = text.rstrip()
        while place < len(text):
            match = TOKEN.match(text, place)
            if match is None:
                raise CelError(f"cannot read the expression from {text[place : place + 10]!r} on")
            self.tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
            place = match.end()
        self.tokens.append(("end", ""))

    def peek(self) -> str:
        kind, text = self.tokens[0]
        return text if kind in ("sign", "name") else ""

    def take(self, sign: str = "") -> str:
        kind, text = self.tokens[0]
        if kind == "end" or (sign and (text != sign or kind == "text")):
            raise CelError(f"expected {sign or 'more'!r}, found {text or 'the end'!r}")
        self.tokens.pop(0)
        return text

    def finish(self) -> None:
        if self.tokens[0][0] != "end":
            raise CelError(f"did not expect {self.tokens[0][1]!r}")

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise CelError("the expression is nested too deeply")
        node = self.binary(0)
        if self.peek() == "?":
            self.take()
            yes = self.expression()
            self.take(":")
            node = ("if", node, yes, self.expression())
        self.depth -= 1
        return node

    def binary(self, level: int) -> Node:
        if level == len(LEVELS):
            return self.unary()
        node = self.binary(level + 1)
        while self.peek() in LEVELS[level]:
            sign = self.take()
            node = ("binary", sign, node, self.binary(level + 1))
        return node

    def unary(self) -> Node:
        if self.peek() in ("!", "-"):
            return ("unary", self.take(), self.unary())
        node = self.primary()
        while self.peek() in (".", "["):
            if self.take() == "[":
                node = ("index", node, self.expression())
                self.take("]")
                continue
            if self.tokens[0][0] != "name":
                raise CelError(f"expected a field's name, found {self.tokens[0][1]!r}")
            name = self.take()
            node = ("method", node, name, self.arguments()) if self.peek() == "(" else ("select", node, name)
        return node

    def arguments(self, end: str = ")") -> list[Node]:
        self.take()
        found: list[Node] = []
        while self.peek() != end:
            found.append(self.expression())
            if self.peek() != end:
                self.take(",")
        self.take(end)
        return found

    def primary(self) -> Node:
        kind, text = self.tokens[0]
        if kind == "number":
            self.take()
            return ("value", float(text) if "." in text else int(text))
        if kind == "text":
            self.take()
            return ("value", _unquoted(text))
        if text == "[":
            return ("list", self.arguments("]"))
        if text == "{":
            return self.mapping()
        if text == "(":
            self.take()
            node = self.expression()
            self.take(")")
            return node
        if kind != "name":
            raise CelError(f"did not expect {text!r}")
        self.take()
        if text in CONSTANTS:
            return ("value", CONSTANTS[text])
        return ("call", text, self.arguments()) if self.peek() == "(" else ("name", text)

    def mapping(self) -> Node:
        self.take("{")
        pairs: list[tuple[Node, Node]] = []
        while self.peek() != "}":
            key = self.expression()
            self.take(":")
            pairs.append((key, self.expression()))
            if self.peek() != "}":
                self.take(",")
        self.take("}")
        return ("map", pairs)


def _unquoted(text: str) -> str:
    if text.startswith("r"):
        return text[2:-1]
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda match: escapes.get(match[1], match[1]), text[1:-1])
