"""Log lines as they are written: message and trace cleaned in the last place before they leave the process.

What a terminal would obey is made visible: a cluster's words in a trace move nobody's cursor.
"""

import logging

from tools.redaction.cleaning import text
from tools.visible import visible


class MaskedFormatter(logging.Formatter):
    """A formatter, not a filter: traces only become text when a record is formatted."""

    def format(self, record: logging.LogRecord) -> str:
        return text(visible(super().format(record)))
