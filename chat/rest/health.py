"""`/api/health`, `/livez`, `/readyz`: whether this process answers, and whether it can work."""

from channels.db import database_sync_to_async
from django.db import Error as DatabaseFault
from django.db import connection
from django.http import HttpRequest, JsonResponse

from chat import doorbell, leaving


async def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


async def readyz(request: HttpRequest) -> JsonResponse:
    """200 only when the database answers and this process hears its own bell, and is not about to leave."""
    database = await database_sync_to_async(_database_answers)()
    bell = await doorbell.answers()
    ready = database and bell and not leaving.now()
    status = "draining" if leaving.now() else "ok" if ready else "unavailable"
    told = {"status": status, "database": database, "channel_layer": bell}
    return JsonResponse(told, status=200 if ready else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseFault:
        return False
    return True
