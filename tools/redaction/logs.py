"""Log lines as they are written: message and trace cleaned in the last place before they leave the process."""

import logging

from tools.redaction.cleaning import text


class MaskedFormatter(logging.Formatter):
    """A formatter, not a filter: traces only become text when a record is formatted."""

    def format(self, record: logging.LogRecord) -> str:
        return text(super().format(record))
