"""A secret never passes, however it is written down, and neither does a part of it that is long enough to matter."""

import base64
import json
import random
import string
from collections.abc import Callable
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.leaks import WINDOW, never_in
from tools import redaction
from tools.redaction import known

LETTERS = string.ascii_letters + string.digits


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test learns, the next does not know."""
    monkeypatch.setattr(known, "_index", known.Index(b"k" * 32))


ALPHABETS = {  # letters, shortest, longest
    "letters and digits": (LETTERS, 16, 64),
    "hex": ("0123456789abcdef", 32, 64),
    "base64url": (LETTERS + "-_", 20, 48),
    "keyboard": (LETTERS + "!#$%^*-_+.~", 16, 40),
    "base64": (LETTERS + "+/", 24, 64),
}


def _made(kind: str, seed: int) -> str:
    """By a machine, as secrets are: Hypothesis prefers words like 0000000A."""
    letters, least, most = ALPHABETS[kind]
    draw = random.Random(seed)
    return draw.choice(LETTERS) + "".join(draw.choices(letters, k=draw.randint(least, most)))


secrets = st.builds(_made, st.sampled_from(sorted(ALPHABETS)), st.integers(0, 1 << 32))


def _b64(words: str) -> str:
    return base64.b64encode(words.encode()).decode()


def _lines(words: str, width: int) -> str:
    return "\n".join(words[at : at + width] for at in range(0, len(words), width))


WRITTEN: dict[str, Callable[[str], str]] = {
    "plain": lambda s: f"the value is {s} as you see",
    "json": lambda s: json.dumps({"message": "before", "deep": [{"value": s}], "n": 1}),
    "json in json": lambda s: json.dumps({"said": json.dumps({"value": s})}),
    "yaml": lambda s: yaml.safe_dump({"spec": {"words": ["a", s, "b"]}}),
    "env": lambda s: f"PATH=/bin\nDB_THING={s}\nHOME=/root",
    "shell": lambda s: f"export X='{s}'; run",
    "address": lambda s: f"GET /login?code={quote(s, safe='')}&next=/ HTTP/1.1",
    "userinfo": lambda s: f"postgres://app:{quote(s, safe='')}@db.shop:5432/app",
    "percent": lambda s: "".join(f"%{ord(c):02X}" for c in s),
    "base64": lambda s: f"data: {_b64(s)}",
    "base64 of more": lambda s: f"blob {_b64('some words before ' + s + ' and some behind it')} end",
    "base64url of more": lambda s: base64.urlsafe_b64encode(f'{{"p": "{s}", "é": "ü"}}'.encode()).decode(),
    "base64 twice": lambda s: _b64(_b64(s)),
    "hex": lambda s: f"dump {s.encode().hex()} end",
    "hex, capitals": lambda s: s.encode().hex().upper(),
    "wrapped base64": lambda s: _lines(_b64("header of it\n" * 9 + s + "\nfooter of it" * 5), 64),
    "wrapped base64, indented": lambda s: _lines(_b64("a" * 50 + f" {s} " + "b" * 60), 76).replace("\n", "\n  "),
    "unicode escapes": lambda s: '{"v": "' + "".join(f"\\u{ord(c):04x}" for c in s) + '"}',
    "glued": lambda s: f"prefix_{s}_suffix",
}  # fmt: skip


def learned(secret: str) -> None:
    held = {"kind": "Secret", "data": {"password": _b64(secret)}}
    seen = redaction.Seen()
    seen.add(held)
    for key, value in seen.held:
        assert key == "password"
        known.learned().learn(value)


EXAMPLES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize("way", WRITTEN)
@EXAMPLES
@given(secret=secrets)
def test_a_known_secret_passes_in_no_writing(way: str, secret: str) -> None:
    learned(secret)
    never_in(secret, redaction.text(WRITTEN[way](secret)))


@pytest.mark.parametrize("way", WRITTEN)
@pytest.mark.parametrize("secret", ["rc.6B.tw~L2%~^n#*36_2", "!4-x.9_Q2+zz", "a1.b2.c3"])
def test_a_known_secret_without_a_word_passes_in_no_writing(way: str, secret: str) -> None:
    learned(secret)
    never_in(secret, redaction.text(WRITTEN[way](secret)))


@EXAMPLES
@given(secret=secrets, data=st.data())
def test_no_half_of_a_secret_passes_that_two_log_lines_share(secret: str, data: st.DataObject) -> None:
    learned(secret)
    cut = data.draw(st.integers(1, len(secret) - 1))
    lines = f"10:00:01 writes {secret[:cut]}\n10:00:02 and {secret[cut:]} more"
    left = redaction.text(lines)
    for half in (secret[:cut], secret[cut:]):
        if half.isalnum() and len(half) >= WINDOW:
            assert half not in left


@pytest.mark.parametrize("way", ["plain", "json", "userinfo", "base64 of more", "hex", "glued"])
@EXAMPLES
@given(secret=secrets, data=st.data())
def test_a_secret_cut_over_chunks_at_any_place_does_not_pass(way: str, secret: str, data: st.DataObject) -> None:
    learned(secret)
    words = WRITTEN[way](secret)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(words)), max_size=4)))
    stream = redaction.Filter()
    told = "".join(stream.feed(words[a:b]) for a, b in zip([0, *cuts], [*cuts, len(words)], strict=True))
    never_in(secret, told + stream.flush())


def test_a_secret_does_not_pass_wherever_two_chunks_part_it() -> None:
    secret = "x9Kf2LmQ7vTz4RbW8nYp"
    learned(secret)
    for words in (WRITTEN[way](secret) for way in ("plain", "json", "env", "base64 of more", "wrapped base64")):
        for cut in range(len(words)):
            stream = redaction.Filter()
            never_in(secret, stream.feed(words[:cut]) + stream.feed(words[cut:]) + stream.flush())


@EXAMPLES
@given(words=st.text(max_size=300))
def test_a_stream_without_secrets_is_told_whole_and_cleaning_twice_changes_nothing(words: str) -> None:
    stream = redaction.Filter()
    assert "".join([*map(stream.feed, words), stream.flush()]) == redaction.text(words)
    once = redaction.text(words)
    assert redaction.text(once) == once


@pytest.mark.parametrize("chunk", ["Hello, wor", "ld! The pods are ", "fine: 3 of 3 ready.\n"])
def test_ordinary_words_wait_for_no_more_than_their_own_end(chunk: str) -> None:
    stream = redaction.Filter()
    held = len(chunk) - len(stream.feed(chunk))
    assert held == len(chunk) - len(chunk.rstrip(string.ascii_letters + string.punctuation))
