"""Foreign text on a page: made safe to look at, in the same way as in a plan."""

from tools.visible import visible as plain

__all__ = ["plain"]
