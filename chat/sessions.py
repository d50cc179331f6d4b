"""Sessions: at most 12 hours from the sign-in on, and an hour from the last thing a person did.

Asking for a page and saying something count as doing. A socket that is merely open does not.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db.models import QuerySet
from django.utils import timezone

from tools.prepared import Prepared, Row, Slot

IDLE = timedelta(hours=1)
LONGEST = timedelta(hours=12)
STEP = timedelta(minutes=5)  # a session is prolonged when so much of its hour is over: not at every request
BEGAN = "_began"  # seconds since 1970 of the sign-in, in the session


class SessionStore(db.SessionStore):
    """`only_looks`: to find out whether it still holds, which does not prolong it."""

    _expires: datetime | None = None

    def __init__(self, session_key: str | None = None, *, only_looks: bool = False) -> None:
        super().__init__(session_key)
        self._only_looks = only_looks

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def get_expiry_date(self, **kwargs: Any) -> datetime:
        """Of its row; the cookie lives as long as a session can."""
        return _end(self.get(BEGAN))

    async def aget_expiry_date(self, **kwargs: Any) -> datetime:
        return _end(await self.aget(BEGAN))

    def load(self) -> dict[str, Any]:
        found = self._found()
        if (end := self._due(found)) is not None:
            Session.objects.filter(session_key=self.session_key).update(expire_date=end)
        return found

    async def aload(self) -> dict[str, Any]:
        row = await self._aget_session_from_db()  # type: ignore[attr-defined]
        found = self._opened(row)
        if (end := self._due(found)) is not None:
            await Session.objects.filter(session_key=self.session_key).aupdate(expire_date=end)
        return found

    def _found(self) -> dict[str, Any]:
        """Without a row, the key is forgotten: a new session never takes a name that somebody made up."""
        found = _standing.rows(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return {}
        data, self._expires = found[0]
        return self.decode(data)

    def _opened(self, row: Session | None) -> dict[str, Any]:
        self._expires = row.expire_date if row else None
        return self.decode(row.session_data) if row else {}

    def _due(self, found: dict[str, Any]) -> datetime | None:
        """The new end of a session that is to be prolonged."""
        end = _end(found.get(BEGAN))
        prolong = self._expires is not None and not self._only_looks and end - self._expires >= STEP
        return end if prolong else None


def _asked() -> QuerySet[Session, Row]:
    fields = Session._meta
    return Session.objects.filter(
        session_key=Slot("key", fields.get_field("session_key")),
        expire_date__gt=Slot("now", fields.get_field("expire_date")),
    ).values_list("session_data", "expire_date")


_standing = Prepared(_asked)


def touch(key: str) -> None:
    """Somebody says something over a socket."""
    SessionStore(key).load()


def _end(began: float | None) -> datetime:
    now = timezone.now()
    left = LONGEST - timedelta(seconds=time.time() - began) if began is not None else LONGEST
    return now + min(IDLE, left)
