"""What browsers report that the content security policy kept from happening: a line each in the log, not more than
twenty a minute."""

import json
import logging
import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from chat.limits import MINUTE, Bucket
from chat.web.plain import plain

log = logging.getLogger(__name__)
LONGEST = 8_192  # bytes of a report
A_MINUTE = 20
_FIELDS = ("effective-directive", "violated-directive", "blocked-uri", "document-uri", "source-file", "line-number")
_room = Bucket.full(A_MINUTE / MINUTE, A_MINUTE, time.monotonic())


@csrf_exempt
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Anybody may post here, so nothing is kept but a short line; what does not fit is not looked at."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) <= LONGEST and not _room.take(time.monotonic()):
        log.warning("A browser reports against the content security policy: %s", _line(request.body))
    return HttpResponse(status=204)


def _line(body: bytes) -> str:
    try:
        told: Any = json.loads(body)
        report = told["csp-report"]
        return "; ".join(f"{name} {_word(report[name])}" for name in _FIELDS if report.get(name))
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return "it cannot be read."


def _word(value: object) -> str:
    """One line, and without a query, which may hold what a person typed."""
    return plain(" ".join(str(value).split("?")[0].split()))[:200]
