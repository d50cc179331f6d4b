"""The portal as it is, but it bears with a slow reader for only two seconds."""

import sys

import manage
from chat.web import outbox

outbox.PATIENCE = 2.0

if __name__ == "__main__":
    sys.argv[0] = "manage.py"
    manage.main()
