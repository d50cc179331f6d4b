"""Tells a room of the team's own chat that something waits for a decision: a short text and where to decide.

One POST of {"text": …} to the address in K8SMCP_APPROVAL_WEBHOOK, which Slack, Mattermost, Rocket.Chat, Google Chat and
Teams take. Each approval is told once, by whichever process drives runs and sees it first; one that the room did not
take is told again. Nothing can be decided from there.
"""

import asyncio
import logging

from django.conf import settings
from django.db import Error as DatabaseFault

from chat.actions import approvals
from chat.hop import in_database
from chat.models import Approval

log = logging.getLogger(__name__)
LOOK = 2.0  # seconds between two looks
REST = 30.0  # seconds after the room did not answer
_PATIENCE = 5.0  # seconds
_DEFUSED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@ ", "[": "(", "]": ")", "://": ": //"}


class NotTaken(OSError):
    """The room did not take what it was told; the text says why, without its address."""


async def keep_told() -> None:
    """For ever; for as long as no room is named it only ends."""
    while settings.APPROVAL_WEBHOOK:
        try:
            told = await _tell_some()
        except DatabaseFault as fault:
            log.warning("The database does not answer (%s): the room is told later.", type(fault).__name__)
            told = True
        await asyncio.sleep(LOOK if told else REST)


async def _tell_some() -> bool:
    """False when the room did not take one, which is then told again."""
    while (approval := await in_database(approvals.take_untold)()) is not None:
        try:
            await _post(words(approval))
        except NotTaken as fault:
            log.warning("K8SMCP_APPROVAL_WEBHOOK did not take an approval (%s): it is told again.", fault)
            await in_database(approvals.give_back_untold)(approval)
            return False
    return True


async def _post(text: str) -> None:
    """Redirects and proxies of the environment are not followed: the text goes where an administrator said."""
    import httpx2  # a third of a second, only for who names a room

    try:
        async with httpx2.AsyncClient(timeout=_PATIENCE, trust_env=False, follow_redirects=False) as http:
            answer = await http.post(settings.APPROVAL_WEBHOOK, json={"text": text})
    except (httpx2.HTTPError, httpx2.InvalidURL) as fault:
        raise NotTaken(type(fault).__name__) from fault
    if not answer.is_success:
        raise NotTaken(f"it answered {answer.status_code}")


def words(approval: Approval) -> str:
    """What a model or a cluster chose to say becomes neither a mention nor a link there."""
    call = approval.tool_call
    author = call.run.message.author.get_username()
    said = f"{approval.summary} ({call.effect} on {call.cluster}), asked for by {author}. "
    for mark, instead in _DEFUSED.items():
        said = said.replace(mark, instead)
    until = f"{approval.expires_at:%Y-%m-%d %H:%M} UTC"
    return f"{said}Decide until {until}: {settings.PUBLIC_ADDRESS}/approvals/{approval.pk}"
