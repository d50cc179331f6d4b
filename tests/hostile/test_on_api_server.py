"""The same scripts, every one of them, on a real API server, judged from its audit log."""

import time

import pytest
from channels.db import database_sync_to_async

from tests.hostile.campaign import play
from tests.hostile.families import SCRIPTS
from tests.hostile.ground import plane_ground
from tests.hostile.judging import judge
from tests.hostile.test_campaign import expect, told
from tools import clusters

pytestmark = pytest.mark.apiserver


async def test_no_script_gets_anything_there_either(crew, api_server, settings):
    contexts = await database_sync_to_async(clusters.register)(api_server.kubeconfig)
    assert contexts[0].name == "admin"  # what a conversation goes to: a guard must hold though the cluster would let it
    began = time.monotonic()
    verdicts = judge(await play(SCRIPTS, plane_ground(api_server), settings))
    told("hostile model, real API server", verdicts, time.monotonic() - began)
    expect(verdicts)
