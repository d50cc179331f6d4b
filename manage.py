#!/usr/bin/env python3
"""Django's command line for this portal."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "k8smcp.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as fault:
        sys.exit(f"The portal cannot start. {fault}")
    except (OperationalError, ProgrammingError) as fault:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The portal's database cannot be used ({fault}). Prepare it once with: manage.py start --prepare")


if __name__ == "__main__":
    main()
