"""`/metrics`: figures for operators, for whoever has the scrape token, and for administrators and auditors."""

import secrets

from channels.db import database_sync_to_async
from django.conf import settings
from django.db import Error as DatabaseFault
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from chat import limits, standing
from chat.access import require_to_see_all
from chat.errors import PortalError, Unavailable
from chat.metrics import telling
from chat.rest.door import signed_in_async

_SCRAPER = "scraper"


@require_safe
async def metrics(request: HttpRequest) -> HttpResponse:
    try:
        if not await _may_read(request):
            answer = _refusal("not_signed_in", "Send K8SMCP_METRICS_TOKEN or an access token as a bearer.", 401)
            answer["WWW-Authenticate"] = "Bearer"
            return answer
        text, content_type = await telling.told(request.headers.get("Accept", ""))
    except PortalError as fault:
        return _refusal(fault.code, str(fault), fault.status)
    except DatabaseFault:
        return _refusal(Unavailable.code, "The portal's database does not answer. Try again in a moment.", 503)
    return HttpResponse(text, content_type=content_type, headers={"Cache-Control": "no-store"})


async def _may_read(request: HttpRequest) -> bool:
    """False for nobody in particular. Raises NotAllowed for who may not, TooMany for who asks too fast."""
    if _is_scraper(standing.bearer(request.headers.get("Authorization", ""))):
        limits.keep_pace(limits.requests, _SCRAPER)
        return True
    person = await signed_in_async(request)
    if person is None:
        return False
    await database_sync_to_async(require_to_see_all)(person.user)
    return True


def _is_scraper(token: str | None) -> bool:
    known = settings.K8SMCP_METRICS_TOKEN
    return bool(known and token) and secrets.compare_digest(str(token).encode(), known.encode())


def _refusal(code: str, sentence: str, status: int) -> HttpResponse:
    return JsonResponse({"error": {"code": code, "message": sentence}}, status=status)
