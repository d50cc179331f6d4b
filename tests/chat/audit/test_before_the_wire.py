"""What is not in the audit is not sent: the rows of a change are on the disk before its first byte is on the wire."""

import pytest

from chat.actions import approvals
from chat.models import Approval, AuditRow
from tests.chat.audit.tampering import refusing
from tests.chat.test_runs import SlowCluster, ended, registered, sent
from tests.chat.test_stops import status
from tests.conftest import in_database


async def asked(script, alice, name: str) -> str:
    """The run's id, once it waits for a person."""
    script([{"wish": "namespace_create", "arguments": {"name": "made", "cluster": name}}], [{"say": "Over."}])
    accepted = await sent(alice)
    await status(accepted.run_id, "waiting")
    return accepted.run_id


async def approve(alice) -> None:
    approval = await in_database(Approval.objects.get)
    await in_database(approvals.decide, alice, approval.pk, "approve")


@pytest.mark.parametrize("kind", ["call.begun", "call.sent"])
async def test_a_change_whose_row_cannot_be_written_is_not_sent(crew, script, alice, tmp_path, kind):
    async with SlowCluster() as cluster:
        cluster.go.set()
        run_id = await asked(script, alice, await in_database(registered, cluster, tmp_path))
        full = refusing(kind)
        await in_database(full.__enter__)
        await approve(alice)
        complete = await ended(run_id)
        await in_database(full.__exit__, None, None, None)
        assert cluster.writes == []
    assert complete["tool_calls"][0]["status"] in ("failed", "cancelled")


async def test_both_rows_stand_before_the_request_arrives(crew, script, alice, tmp_path):
    async with SlowCluster() as cluster:
        run_id = await asked(script, alice, await in_database(registered, cluster, tmp_path))
        await approve(alice)
        await cluster.written.wait()
        found = await in_database(lambda: set(AuditRow.objects.values_list("kind", flat=True)))
        assert {"approval.decided", "call.begun", "call.sent"} <= found
        assert "call.ended" not in found
        cluster.go.set()
        assert (await ended(run_id))["outcome"] == "done"
    names = await in_database(lambda: set(AuditRow.objects.filter(kind="call.sent").values_list("identity", flat=True)))
    assert len(names) == 1
