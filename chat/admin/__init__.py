"""The audit: everything that was said and done, for reading only, whoever is asking."""

from chat.admin import money, places, rows, talk

__all__ = ["money", "places", "rows", "talk"]
