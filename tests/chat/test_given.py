"""What a model is given of a result: all, its beginning or its first line, each saying how to read on."""

from chat.given import HEAD, WHOLE, answer
from tools.rendering import bounded

CALL = "call_" + "0a1b2c3d" * 4
LONG = "3,000 pods in shop.\n" + "\n".join(f"pod-{n:05}  Running" for n in range(3_000))


def test_a_short_result_is_given_whole_and_has_no_shorter_form():
    told = answer(CALL, "k8s_list", "No pods in shop.")
    assert (told.text, told.given, told.short) == ("No pods in shop.", "", "")


def test_one_of_some_length_is_given_whole_and_shrinks_to_its_first_line_later():
    told = answer(CALL, "k8s_list", LONG[: WHOLE - 1])
    assert told.given == ""
    assert told.short == "3,000 pods in shop.\n[Shortened; all of it: result_read ref=0a1b2c3d.]"


def test_a_long_one_is_given_by_its_beginning_with_counts_and_the_way_to_the_rest():
    told = answer(CALL, "k8s_list", LONG)
    head, note = told.given.rsplit("\n", 1)
    assert LONG.startswith(head)
    assert len(head) <= HEAD
    shown = len(head.split("\n"))
    assert note == f"[Lines 1-{shown} of 3,001. Read on: result_read ref=0a1b2c3d with lines, grep or path.]"
    assert told.text == LONG


def test_the_lines_that_were_cut_before_are_counted():
    told = answer(CALL, "k8s_list", bounded(LONG, 32 << 10))
    assert " of 3,001." in told.given


def test_the_parts_of_a_document_are_named_by_their_lines():
    keys = "\n".join(f"  key{n}: value" for n in range(2_000))
    document = f"One ConfigMap.\nmetadata:\n  name: a\ndata:\n{keys}\nstatus:\n  ok: 1"
    assert "Parts by line: metadata 2, data 4, status 2005." in answer(CALL, "k8s_get", document).given


def test_what_a_model_needs_to_call_a_tool_is_never_shortened():
    assert answer(CALL, "tool_find", LONG).short == ""


def test_one_line_without_end_is_cut_and_told_so():
    told = answer(CALL, "k8s_logs", "x" * 30_000)
    assert len(told.given) < HEAD + 200
    assert "of 30." in told.given
