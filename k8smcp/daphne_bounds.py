"""Keeps daphne to those who change the portal: it holds without bound what a slow reader does not take."""

import sys

REFUSAL = (
    "daphne keeps without bound what a slow browser does not take, and hands no runs over when it is stopped: serve "
    "the portal with manage.py start (or set DEBUG=1, to change it on your own machine)."
)


def refuse(debug: bool) -> None:
    """Ends a process that was begun as `daphne k8smcp.asgi:application`: only then is its command line loaded."""
    if "daphne.cli" in sys.modules and not debug:
        sys.exit(REFUSAL)
