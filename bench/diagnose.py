"""The benchmark of the diagnosis (bench/diagnosed.py), begun once Django knows its home: what it imports needs that."""

import os
import tempfile
from typing import Any

import django


async def measure() -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"], os.environ["K8SMCP_HOME"] = "k8smcp.settings", tempfile.mkdtemp()
    django.setup()
    from bench import diagnosed

    return await diagnosed.measure()
