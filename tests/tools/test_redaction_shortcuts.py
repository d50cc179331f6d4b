"""What redaction passes over, because nothing can be found there, is what the long way finds nothing in."""

import base64
import binascii
import itertools
import random
import re
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tools import redaction
from tools.redaction import cleaning, encodings, known, looked_at, streams

LETTERS = string.ascii_letters + string.digits
OF_WORDS = LETTERS + "+/_-"
KNOWN = ("x9Kf2LmQ7vTz4RbW8nYp", "correct horse battery", "0123456789abcdef01", "geheimnisvoll-straße-42", "a1B")


@pytest.fixture(autouse=True)
def some_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_index", known.Index(b"k" * 32))
    redaction.learn(KNOWN)


EXAMPLES = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _every_reading(word: str) -> list[str]:
    """As the long way reads it: base64 at each offset, whatever the word looks like."""
    readings = []
    for offset in range(4 if len(word) >= 16 else 1):
        part = word.translate(str.maketrans("-_", "+/"))[offset:]
        whole = len(part) - (len(part) % 4 == 1)
        try:
            raw = binascii.a2b_base64(part[:whole] + "=" * (-whole % 4))
        except binascii.Error:
            continue
        try:
            readings.append(raw.decode())
        except UnicodeDecodeError:
            readings.append(raw.decode("latin-1"))
    return readings


def _encoded(secret: str, before: str, behind: str, cut: int) -> str:
    """A secret among other words in base64, from somewhere in the middle on."""
    return base64.b64encode(f"{before}{secret}{behind}".encode()).decode().rstrip("=")[cut:]


words = (
    st.text(OF_WORDS, min_size=8, max_size=60)
    | st.text(string.digits + "+/_-", min_size=8, max_size=40)
    | st.text(string.ascii_uppercase + string.digits, min_size=8, max_size=40)
    | st.builds(_encoded, st.sampled_from(KNOWN), st.text(max_size=9), st.text(max_size=9), st.integers(0, 3))
    | st.binary(min_size=6, max_size=40).map(lambda raw: base64.b64encode(raw).decode().rstrip("="))
)


@EXAMPLES
@given(word=words.filter(lambda word: len(word) >= encodings.SHORTEST_ENCODED and not word.islower()))
def test_what_a_word_is_not_read_as_holds_nothing(word: str) -> None:
    """Small letters and nothing else are no long base64: those are the one thing left out on a guess."""
    left_out = [said for said in _every_reading(word) if said not in encodings.decoded(word)]
    for said in left_out:
        assert not known.learned().spans(said)
        assert not cleaning._readable(said)


def test_a_word_without_letters_never_says_three_letters() -> None:
    for four in itertools.product(string.digits + "+/", repeat=4):
        assert binascii.a2b_base64("".join(four))[0] > 0xD2


PIECES = (
    "password", "passphrase: ", "PASSCODE", "pwd=", "api_key", "secret", "token: ", "Credential", "auth", "Cookie: a=b",
    "bearer ", "Basic ", "\u017fecret", "to\u212aen=", "ba\u017fic ", "cook\u0131e", "=", ": ", ' "', "\\", " ", "\n",
    "word", "pas", "ke", "é", "2026-11-26",
)  # fmt: skip
told = st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=12).map("".join)


@EXAMPLES
@given(said=told)
def test_what_holds_no_opening_word_has_no_opener(said: str) -> None:
    assert streams._may_open(said) or not streams._OPENER.search(said)


@EXAMPLES
@given(said=told | st.text(max_size=40))
def test_the_word_at_the_end_begins_where_its_pattern_says(said: str) -> None:
    found = re.search(r"[!-~]+\Z", said)
    assert len(said.rstrip(streams._WORD)) == (found.start() if found else len(said))


def test_a_known_value_in_capitals_and_numbers_is_still_read() -> None:
    dice = random.Random(3)
    for _ in range(200):
        secret = "".join(dice.choices(string.ascii_uppercase + string.digits, k=20))
        redaction.learn([secret])
        for cut in range(4):
            word = _encoded(secret, "a" * dice.randint(4, 9) + " ", " " + "b" * 30, cut)
            assert redaction.text(f"it says {word} here") == "it says <redacted> here"


# ---- what was looked through a moment ago ------------------------------------------------------------------------

LONG = "pod web-7d9f in shop is ready, "
PARTS = (
    "kind: Secret\n", "data:\n  anything: hidden-in-here\n", '"kind":"Secret"', '"data":{"a":"hidden-in-here"}',
    "-----BEGIN PRIVATE KEY-----\n", "-----END PRIVATE KEY-----", "password=hunter2", KNOWN[0], KNOWN[1],
    "Authorization:", "Bearer abcdefgh12345678", base64.b64encode(KNOWN[0].encode() * 2).decode(), "a secret ", "=",
    "\n",
)  # fmt: skip
long_texts = st.builds(
    lambda parts, times: LONG * times + "".join(parts), st.lists(st.sampled_from(PARTS), max_size=3), st.integers(0, 12)
)


@EXAMPLES
@given(node=st.dictionaries(st.sampled_from("abcd"), long_texts | st.lists(long_texts, max_size=3), max_size=4))
def test_data_is_cleaned_alike_whether_its_texts_were_looked_through_before_or_not(node: dict[str, object]) -> None:
    looked_at._clean.clear()
    at_first = redaction.data(node)
    looked_at._clean.clear()
    for words in cleaning._strings(node):
        alone = redaction.text(words)
        assert redaction.text(words) == alone
    assert redaction.data(node) == at_first


def test_what_was_clean_is_looked_through_again_once_something_new_is_known() -> None:
    words = LONG * 12 + "the code is zK81kq02LmQ7vTz4"
    assert redaction.text(words) == words
    assert redaction.data({"text": words}) == {"text": words}
    redaction.learn(["zK81kq02LmQ7vTz4"])
    assert redaction.text(words) == words.replace("zK81kq02LmQ7vTz4", "<redacted>")
    assert "zK81" not in redaction.data({"text": words})["text"]


def test_no_more_is_kept_of_texts_than_so_many_hashes() -> None:
    for number in range(looked_at.MOST + 10):
        looked_at.keep(f"{number}{LONG * 12}", looked_at.knowledge())
    assert len(looked_at._clean) == looked_at.MOST
    assert all(len(name) == 16 for name in looked_at._clean)
