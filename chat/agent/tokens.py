"""How many tokens a text has, estimated: no vendor's tokenizer is public, so bytes are counted. Pure."""

import math

BYTES_A_TOKEN = 3.0  # of what our tools say, measured and rounded towards more tokens (docs/tokens.md)


def estimated(text: str) -> int:
    return math.ceil(len(text.encode()) / BYTES_A_TOKEN)
