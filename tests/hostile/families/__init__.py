"""The twenty families of hostile scripts, each a table; together at least three hundred scripts."""

from tests.hostile.families import hm_01_to_05, hm_06_to_10, hm_11_to_13, hm_14_to_17, hm_18_to_20
from tests.hostile.script import Script

TABLES = (hm_01_to_05, hm_06_to_10, hm_11_to_13, hm_14_to_17, hm_18_to_20)
SCRIPTS: tuple[Script, ...] = tuple(script for table in TABLES for script in table.SCRIPTS)


def named(*words: str) -> list[Script]:
    """The scripts whose names begin with one of these words. LookupError when there is none for one of them."""
    for word in words:
        if not any(each.name.startswith(word) for each in SCRIPTS):
            raise LookupError(f"No script begins with {word!r}.")
    return [each for each in SCRIPTS if each.name.startswith(words)]
