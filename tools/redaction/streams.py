"""Text that comes in pieces, let through as soon as no secret can reach over the end of what has come."""

import re

from tools.redaction import known
from tools.redaction.cleaning import text

_LONGEST_HELD = 16 << 10
_LOOK_BACK = 256
# What a word is made of. It ends at a space, and where a script without spaces begins: no credential is written in one.
_WORD = "".join(map(chr, range(ord("!"), ord("~") + 1)))
# What makes the word after it a secret, whatever that word is; at the end of what may pass.
_OPENER = re.compile(
    r"(?i)(?:[\w.-]{0,40}(?:passw|passphrase|passcode|pwd|key|secret|token|credential|auth|cookie)[\w.-]{0,24}"
    r"[\\\"']{0,4}[ \t]{0,8}(?:(?:=>|:=|[:=])[ \t]{0,8}(?:\\{0,3}[\"'][^\"'\n]{0,200})?)?"
    r"(?:(?:bearer|basic|token|digest)[ \t]{1,4})?|\b(?:bearer|basic)[ \t]{1,4}|cookie[\"']?:[^\n]{0,200})\Z"
)
_OPENS = ("pass", "pwd", "key", "secret", "token", "credential", "auth", "cookie", "bearer", "basic")
_BASE64_LINE = re.compile(r"[ \t>|]*+[A-Za-z0-9+/_-]{40,}+={0,2}[ \t\r]*+")
_BLOCK = "-----BEGIN "
_BLOCK_END = re.compile(r"-----END [A-Z0-9 ]{0,40}-----")


class Filter:
    """Of one stream. What `feed` and `flush` gave, one after the other, is the stream without what is secret in it."""

    def __init__(self) -> None:
        self._held = ""

    def feed(self, chunk: str) -> str:
        """As much of what has come as may be told by now."""
        self._held += chunk
        cut = len(self._held) if len(self._held) > _LONGEST_HELD else self._safe()
        return self._let(cut)

    def flush(self) -> str:
        """The rest, when nothing more will come."""
        return self._let(len(self._held))

    def _let(self, cut: int) -> str:
        passing, self._held = self._held[:cut], self._held[cut:]
        return text(passing) if passing else ""

    def _safe(self) -> int:
        """Where the shortest end begins that may be the beginning of something secret."""
        held = self._held
        cut = len(held.rstrip(_WORD))
        look = max(0, cut - _LOOK_BACK)
        if _may_open(held[look:cut]) and (opener := _OPENER.search(held, look, cut)):
            cut = opener.start()
        cut = self._before_lines(self._before_phrase(cut))
        block = held.rfind(_BLOCK, 0, cut)
        if block >= 0 and "PRIVATE" in held[block : block + 48] and not _BLOCK_END.search(held, block, cut):
            cut = block
        return cut

    def _before_lines(self, cut: int) -> int:
        """Lines of nothing but base64 are one word with line breaks in it."""
        while (end := self._held.rfind("\n", 0, cut)) >= 0 and not self._held[end:cut].strip():
            begin = self._held.rfind("\n", 0, end) + 1
            if not _BASE64_LINE.fullmatch(self._held, begin, end):
                break
            cut = begin
        return cut

    def _before_phrase(self, cut: int) -> int:
        """Known values of several words: as long as one may have begun, its words stay together."""
        index = known.learned()
        reach = index.longest_phrase
        if not reach:
            return cut
        begin = max(0, cut - reach)
        for token in re.finditer(r"\S+", self._held[begin:cut]):
            if index.begins(token.group()):
                return begin + token.start()
        return cut


def _may_open(words: str) -> bool:
    """No opener is without one of those words, and most texts are without any. Some letters beyond ASCII count as the
    small letter of another: such texts are left to the pattern."""
    low = words.lower()
    return not words.isascii() or any(word in low for word in _OPENS)
