"""The team's room is told once of each approval, again when it did not take it, and nothing of it is markup there."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiohttp import web
from django.utils import timezone

from chat import room
from chat.models import Approval
from tests.chat.questions import asked
from tests.chat.sockets import Client, becomes
from tests.conftest import in_database


@asynccontextmanager
async def chat_server(*answers: int):
    """A room that gives these answers in turn, then 200; yields its address and what it was told."""
    told: list[dict] = []
    rest = list(answers)

    async def hook(request: web.Request) -> web.Response:
        told.append(await request.json())
        status = rest.pop(0) if rest else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"} if status == 302 else {})

    app = web.Application()
    app.router.add_post("/hook", hook)
    app.router.add_route("*", "/elsewhere", hook)  # a redirect that is followed is one telling too many
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", told
    await runner.cleanup()


@pytest.mark.parametrize("refusals", [(), (500,), (302, 404)])
async def test_the_room_is_told_once_and_again_when_it_did_not_take_it(
    crew, demo, story, token, monkeypatch, settings, refusals
):
    monkeypatch.setattr(room, "LOOK", 0.05)
    monkeypatch.setattr(room, "REST", 0.05)
    async with chat_server(*refusals) as (address, told), Client(token) as client:
        settings.APPROVAL_WEBHOOK = address
        listening = asyncio.create_task(room.keep_told())
        request = await asked(client)

        async def enough() -> bool:
            return len(told) > len(refusals)

        await becomes(enough)
        await asyncio.sleep(0.3)
        listening.cancel()
    assert len(told) == len(refusals) + 1
    text = told[-1]["text"]
    assert request["summary"] in text
    assert "asked for by alice" in text
    assert text.endswith(f"/approvals/{request['approval_id']}")


async def test_what_is_decided_or_over_is_not_told_any_more(crew, demo, story, token):
    async with Client(token) as client:
        request = await asked(client)
    mine = Approval.objects.filter(pk=request["approval_id"])
    await in_database(mine.update, expires_at=timezone.now() - timedelta(seconds=1))
    from chat.actions import approvals

    assert await in_database(approvals.take_untold) is None


async def test_words_of_a_model_are_neither_mention_nor_link(crew, demo, script, token, settings):
    hostile = "<!channel> @here [click](https://evil.example)"
    async with Client(token) as client:
        script([{"wish": "namespace_create", "arguments": {"name": "quiet"}}], [{"say": "done"}])
        request = await asked(client)
    approval = await in_database(
        Approval.objects.select_related("tool_call__run__message__author").get, pk=request["approval_id"]
    )
    approval.summary = hostile
    said = await in_database(room.words, approval)
    said = said.replace(settings.PUBLIC_ADDRESS, "")
    assert not any(mark in said for mark in ("<", ">", "@h", "](", "://"))
