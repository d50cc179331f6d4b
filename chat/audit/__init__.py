"""The audit: what was done, by whom, through which door, in rows that nobody changes and that seal one another.

The journal tells a conversation to the people in it; the audit proves afterwards what was done. Whoever does something
that must be accounted for calls `audit.record(kind, actor=…, …)` inside its transaction, as the last thing in it.
"""

from chat.audit.writing import Told, record

__all__ = ["Told", "record"]
