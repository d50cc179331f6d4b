"""What a model's tokens cost: a table with its source, or the one of the file K8SMCP_PRICES.

Money is counted in whole micro-dollars, always rounded up: a dollar per million tokens is a micro-dollar per token.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from chat.agent.ports import Usage

MICROS = 1_000_000  # in a dollar
SOURCE = "platform.claude.com/docs/en/about-claude/pricing, October 2026"


@dataclass(frozen=True, slots=True)
class Price:
    """Dollars for a million tokens of each kind. Writing to the cache is priced as for its five minutes."""

    input: Decimal
    output: Decimal
    cache_read: Decimal
    cache_write: Decimal

    def of(self, usage: Usage) -> int:
        """Micro-dollars."""
        return math.ceil(
            usage.input_tokens * self.input
            + usage.output_tokens * self.output
            + usage.cache_read_input_tokens * self.cache_read
            + usage.cache_creation_input_tokens * self.cache_write
        )

    def at_most(self, asked: int, answered: int) -> int:
        """Micro-dollars for so many tokens of a request, cached or not, and of its answer."""
        return math.ceil(asked * max(self.input, self.cache_read, self.cache_write) + answered * self.output)


def _price(*dollars: str) -> Price:
    return Price(*map(Decimal, dollars))


# A name stands for every model whose name begins with it; the longest that fits counts. Haiku 5.5 is cheaper for
# requests of up to 100,000 tokens; it is counted as dear as it can be.
TABLE: dict[str, Price] = {
    "claude-fable-5-1": _price("10", "50", "0.25", "12.5"),
    "claude-fable-5": _price("10", "50", "1", "12.5"),
    "claude-mythos-5-1": _price("10", "50", "0.25", "12.5"),
    "claude-mythos-5": _price("10", "50", "1", "12.5"),
    "claude-opus-5-5": _price("4", "20", "0.2", "5"),
    "claude-opus-5": _price("5", "25", "0.5", "6.25"),
    "claude-opus-4-8": _price("5", "25", "0.5", "6.25"),
    "claude-opus-4-7": _price("5", "25", "0.5", "6.25"),
    "claude-opus-4-6": _price("5", "25", "0.5", "6.25"),
    "claude-opus-4-5": _price("5", "25", "0.5", "6.25"),
    "claude-opus-4": _price("15", "75", "1.5", "18.75"),
    "claude-sonnet-5-5": _price("2", "10", "0.1", "2.5"),
    "claude-sonnet-5": _price("2", "10", "0.2", "2.5"),
    "claude-sonnet-4": _price("3", "15", "0.3", "3.75"),
    "claude-haiku-5-5": _price("0.5", "2.5", "0.05", "0.625"),
    "claude-haiku-4-5": _price("1", "5", "0.1", "1.25"),
    "claude-3-5-haiku": _price("0.8", "4", "0.08", "1"),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A price to count with. `sure` is False for a model without one: it counts as dear as the dearest that is known,
    and what it cost is told as unknown."""

    price: Price
    sure: bool


def find(model: str) -> Known:
    known = table()
    fitting = [name for name in known if _is(model, name)]
    if fitting:
        return Known(known[max(fitting, key=len)], sure=True)
    return Known(_dearest(tuple(known.values())), sure=False)


def _is(model: str, name: str) -> bool:
    """Gateways put a vendor's name before a model's, and dates and versions behind."""
    bare = model[model.find("claude-") :] if "claude-" in model and "claude-" in name else model
    return bare == name or (bare.startswith(name) and bare[len(name)] in "-@:.[")


def _dearest(prices: tuple[Price, ...]) -> Price:
    kinds = [field.name for field in fields(Price)]
    return Price(**{kind: max(getattr(price, kind) for price in (*prices, *TABLE.values())) for kind in kinds})


def table() -> Mapping[str, Price]:
    """Raises ImproperlyConfigured, in a sentence, for a file that is no price list."""
    return TABLE | _read(settings.K8SMCP_PRICES) if settings.K8SMCP_PRICES else TABLE


@cache
def _read(path: str) -> dict[str, Price]:
    try:
        told = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as fault:
        raise _unreadable(path, f"it cannot be read ({type(fault).__name__})") from fault
    if not isinstance(told, dict) or not told:
        raise _unreadable(path, "it names no model")
    return {str(name): _entry(path, str(name), given) for name, given in told.items()}


def _entry(path: str, name: str, given: Any) -> Price:
    kinds = [field.name for field in fields(Price)]
    if not isinstance(given, dict) or not {"input", "output"} <= set(given) <= set(kinds):
        raise _unreadable(path, f"{name} needs input and output, and may have cache_read and cache_write")
    whole = {"cache_read": given["input"], "cache_write": given["input"]} | given
    try:
        dollars = {kind: Decimal(str(whole[kind])) for kind in kinds}
    except InvalidOperation:
        raise _unreadable(path, f"a price of {name} is no number") from None
    if not all(each.is_finite() and 0 <= each <= MICROS for each in dollars.values()):
        raise _unreadable(path, f"a price of {name} is no amount of dollars")
    return Price(**dollars)


def _unreadable(path: str, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"K8SMCP_PRICES is {path!r}: it accepts a YAML file of models, each with `input` and `output` in dollars per "
        f"million tokens; {why}."
    )
