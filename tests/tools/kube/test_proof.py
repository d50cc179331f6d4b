"""What a fresh look proves about a change, as a table: only what the cluster shows is claimed."""

from datetime import UTC, datetime

import msgspec
import pytest

from tools.kube.proof import State, judge
from tools.kube.sending import ABSENT, FIELD_MANAGER, Seen, Sending, Verb, from_plain, manager_of, seen

MARK = manager_of("7c7cbe3e-5d2f-4d6a-9d0f-3f1f5a8f0001")
BEFORE = Seen(uid="u1", version="7", generation=2, owners="o1", managers=("kubectl",), applied="2026-01-01T10:00:00Z")
REPORTED = msgspec.structs.replace(BEFORE, version="8")  # its status has moved
CHANGED = msgspec.structs.replace(BEFORE, version="9", generation=3, owners="o2")
ANNOTATED = msgspec.structs.replace(BEFORE, version="9", owners="o2")
SCALED = msgspec.structs.replace(BEFORE, version="9", generation=3)  # before 1.22: no owner tells of it
MARKED = msgspec.structs.replace(CHANGED, managers=("kubectl", MARK))
APPLIED = msgspec.structs.replace(CHANGED, applied="2026-01-01T10:00:05Z")
GOING = msgspec.structs.replace(BEFORE, version="9", going=True)
ANOTHER = Seen(uid="u2", version="20", generation=1, owners="o9")
UNCOUNTED = Seen(uid="u1", version="7", owners="o1")

ARRIVED, NOT, UNKNOWN = State.ARRIVED, State.NOT_ARRIVED, State.UNKNOWN


@pytest.mark.parametrize(
    ("verb", "before", "now", "state"),
    [
        ("create", None, MARKED, ARRIVED),
        ("create", None, ABSENT, NOT),
        ("create", None, ANOTHER, UNKNOWN),
        ("patch", BEFORE, MARKED, ARRIVED),
        ("patch", BEFORE, BEFORE, NOT),
        ("patch", BEFORE, REPORTED, NOT),
        ("patch", BEFORE, CHANGED, UNKNOWN),
        ("patch", BEFORE, ANNOTATED, UNKNOWN),
        ("patch", BEFORE, SCALED, UNKNOWN),
        ("patch", BEFORE, ABSENT, UNKNOWN),
        ("patch", BEFORE, ANOTHER, UNKNOWN),
        ("patch", None, BEFORE, UNKNOWN),
        ("patch", ABSENT, ANOTHER, UNKNOWN),
        ("patch", UNCOUNTED, msgspec.structs.replace(UNCOUNTED, version="8"), UNKNOWN),
        ("patch", Seen(), Seen(), UNKNOWN),
        ("apply", BEFORE, APPLIED, ARRIVED),
        ("apply", BEFORE, BEFORE, NOT),
        ("apply", BEFORE, REPORTED, NOT),
        ("apply", BEFORE, CHANGED, UNKNOWN),
        ("apply", BEFORE, ABSENT, UNKNOWN),
        ("apply", BEFORE, ANOTHER, UNKNOWN),
        ("apply", ABSENT, APPLIED, ARRIVED),
        ("apply", ABSENT, ABSENT, NOT),
        ("apply", ABSENT, ANOTHER, UNKNOWN),
        ("apply", None, APPLIED, UNKNOWN),
        ("delete", BEFORE, ABSENT, ARRIVED),
        ("delete", BEFORE, GOING, ARRIVED),
        ("delete", BEFORE, ANOTHER, ARRIVED),
        ("delete", BEFORE, BEFORE, NOT),
        ("delete", BEFORE, CHANGED, NOT),
        ("delete", None, ABSENT, UNKNOWN),
        ("delete", Seen(), ABSENT, UNKNOWN),
        ("run", BEFORE, CHANGED, UNKNOWN),
        ("other", None, ABSENT, UNKNOWN),
    ],
)
def test_what_is_claimed(verb: Verb, before: Seen | None, now: Seen, state: State) -> None:
    finding = judge(Sending(verb, "/p", "pod web in shop", MARK, before), now)
    assert finding.state is state
    assert finding.why


def test_a_row_gives_back_what_was_written_down() -> None:
    sending = Sending("patch", "/p", "pod web in shop", MARK, BEFORE)
    row = msgspec.json.decode(msgspec.json.encode(sending.plain(at := datetime.now(UTC))))
    assert from_plain(row) == msgspec.structs.replace(sending, at=at)
    absent = Sending("apply", "/p", "pod web in shop", MARK, ABSENT)
    assert from_plain(absent.plain(at)).before == ABSENT


def test_a_call_has_a_mark_of_its_own() -> None:
    assert MARK.startswith(f"{FIELD_MANAGER}-")
    assert len(MARK) <= 128
    assert manager_of("7c7cbe3e-5d2f-4d6b-9d0f-3f1f5a8f0001") != MARK


def test_status_is_no_change_of_an_object() -> None:
    ours = {"manager": FIELD_MANAGER, "operation": "Apply", "time": "2026-01-01T10:00:00Z", "fieldsV1": {"f:spec": {}}}
    status = {"manager": "kubelet", "operation": "Update", "subresource": "status", "time": "2026-01-01T10:00:00Z"}
    later = {**status, "time": "2026-01-01T10:00:09Z"}

    def look(version: str, *entries: object) -> Seen:
        return seen({"metadata": {"uid": "u", "resourceVersion": version, "managedFields": list(entries)}})

    assert look("1", ours, status).owners == look("2", later, ours).owners
    assert look("1", ours).owners != look("1", {**ours, "time": "2026-01-01T10:00:01Z"}).owners
    assert look("1", ours, status).applied == "2026-01-01T10:00:00Z"
    assert look("1", {**ours, "operation": "Update"}).applied == ""
    assert seen({"metadata": None}) == Seen()
