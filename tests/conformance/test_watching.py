"""What watching promises: every change once and in order, from the version it was asked to start at."""

from tests.apiserver.manifests import configmap
from tests.conformance.place import Place, events_of


def watched(place: Place, version: str, seconds: int = 1, **query: str) -> list[dict[str, object]]:
    """All events of a watch from that version that ends by itself."""
    asked = {"watch": "true", "resourceVersion": version, "timeoutSeconds": str(seconds), **query}
    return events_of(place.http.get(place.all("configmaps", **asked)))


def head(place: Place) -> str:
    return str(place.http.get(place.all("configmaps")).json["metadata"]["resourceVersion"])


def told(events: list[dict[str, object]]) -> list[tuple[object, str]]:
    """Type and name of each event."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]  # type: ignore[index]


def test_a_watch_tells_what_happened_since_its_version(place: Place) -> None:
    place.create(configmap("before"))
    version = head(place)
    path = place.create(configmap("seen", {"n": "1"}))
    place.http.patch(path, {"data": {"n": "2"}})
    place.http.delete(path)
    assert told(watched(place, version)) == [("ADDED", "seen"), ("MODIFIED", "seen"), ("DELETED", "seen")]


def test_watched_objects_are_whole_and_name_their_kind(place: Place) -> None:
    version = head(place)
    path = place.create(configmap("seen", {"n": "1"}))
    (event,) = watched(place, version)
    assert event["object"] == place.http.get(path).json


def test_a_watch_goes_on_from_any_event_it_told(place: Place) -> None:
    version = head(place)
    for name in "abc":
        place.create(configmap(name))
    events = watched(place, version)
    middle = events[1]["object"]["metadata"]["resourceVersion"]  # type: ignore[index]
    assert told(watched(place, str(middle))) == [("ADDED", "c")]


def test_a_watch_without_a_version_begins_with_what_is_there(place: Place) -> None:
    place.create(configmap("there"))
    asked = place.all("configmaps", watch="1", timeoutSeconds="1", fieldSelector="metadata.name=there")
    assert told(events_of(place.http.get(asked))) == [("ADDED", "there")]


def test_what_leaves_a_selection_is_told_as_deleted(place: Place) -> None:
    path = place.create(configmap("moves", labels={"tier": "x"}))
    version = head(place)
    place.http.patch(path, {"metadata": {"labels": {"tier": "y"}}})
    place.http.patch(path, {"metadata": {"labels": {"tier": "x"}}})
    events = watched(place, version, labelSelector="tier=x")
    assert told(events) == [("DELETED", "moves"), ("ADDED", "moves")]


def test_a_bookmark_may_be_asked_for_and_carries_only_a_version(place: Place) -> None:
    version = head(place)
    place.create(configmap("seen"))
    events = watched(place, version, seconds=3, allowWatchBookmarks="true")
    marks = [event for event in events if event["type"] == "BOOKMARK"]
    assert told([event for event in events if event not in marks]) == [("ADDED", "seen")]
    for mark in marks:
        assert mark["object"]["kind"] == "ConfigMap"  # type: ignore[index]
        assert int(mark["object"]["metadata"]["resourceVersion"]) >= int(version)  # type: ignore[index]


def test_a_version_that_is_no_number_is_refused(place: Place) -> None:
    answer = place.http.get(place.all("configmaps", watch="true", resourceVersion="yesterday", timeoutSeconds="1"))
    assert (answer.status >= 400, answer.json["kind"]) == (True, "Status")
    assert "yesterday" in answer.json["message"]
