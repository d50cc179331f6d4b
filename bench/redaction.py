"""What redaction costs a tool's answer of 1 MB: as objects, as a log, and on the way through the toolbox.

Baseline: writing the same object as JSON with the standard library, once. Times are of the thread's own processor time,
which is what it adds to an answer on a machine that is not busy; it runs in a thread beside the event loop.
"""

import gc
import json
import os
import random
import string
import tempfile
import time
from collections.abc import Callable
from typing import Any

import django

from bench.rig import Spread
from tests.tools import ordinary
from tools import redaction

MEGABYTE = 1 << 20
TIMES = 60
KNOWN = 1000


async def measure() -> dict[str, Any]:
    _cleaned, Result = _toolbox()
    _learn()
    objects, log = _pods(MEGABYTE), "\n".join(ordinary.lines(3, MEGABYTE))
    table = {"rows": [[pod["metadata"]["name"], pod["metadata"]["uid"], "Running"] for pod in objects["items"]]}
    listed = json.dumps(objects, indent=1)
    parts: dict[str, Callable[[int], object]] = {  # a text that was clean a moment ago is not looked through again
        "objects": lambda n: redaction.without_secrets(objects),
        "log_through_the_toolbox": lambda n: _cleaned(Result(f"Log {n}.", log), set()),
        "objects_through_the_toolbox": lambda n: _cleaned(Result(f"Pods {n}.", listed, table), set()),
        "text_alone": lambda n: redaction.text(f"{log}\n{n}"),
    }
    baseline = Spread.of(_timed(lambda n: json.dumps(objects)))
    told = {name: Spread.of(_timed(compute)) for name, compute in parts.items()}
    whole = max(told["objects"].p99 + told["objects_through_the_toolbox"].p99, told["log_through_the_toolbox"].p99)
    return {
        "bytes": MEGABYTE,
        "known_values": KNOWN,
        **{name: spread.told() for name, spread in told.items()},
        "baseline_json_dumps": baseline.told(),
        "ratio_p50": round(told["log_through_the_toolbox"].p50 / baseline.p50, 2),
        "goal": "a 1 MB result, a list or a log: p99 <= 40 ms",
        "added_p99_ms": round(whole, 1),
        "met": whole <= 40,
    }


def _toolbox() -> tuple[Any, Any]:
    """Its module knows Django, and Django a home."""
    os.environ["DJANGO_SETTINGS_MODULE"], os.environ["K8SMCP_HOME"] = "k8smcp.settings", tempfile.mkdtemp()
    django.setup()
    from tools import spec, toolbox

    return toolbox._cleaned, spec.Result


def _timed(compute: Callable[[int], object]) -> list[float]:
    taken = []
    gc.collect()
    gc.freeze()  # what a collection takes is the whole process's, whoever makes it due
    for number in range(TIMES):
        began = time.thread_time()
        compute(number)
        taken.append(time.thread_time() - began)
    return taken


def _learn() -> None:
    dice = random.Random(1)
    redaction.learn("".join(dice.choices(string.ascii_letters + string.digits, k=24)) for _ in range(KNOWN))


def _pods(size: int) -> dict[str, Any]:
    """A list of pods of about this many bytes of JSON, as an API server gives it."""
    items: list[dict[str, Any]] = []
    made = 0
    while made < size:
        items.append(_pod(len(items)))
        made += len(json.dumps(items[-1]))
    return {"kind": "PodList", "apiVersion": "v1", "items": items}


def _pod(number: int) -> dict[str, Any]:
    name = f"checkout-7d9f8c5b6-{number:05}"
    env = [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}]
    env += [{"name": f"SETTING_{n}", "value": f"value-{number}-{n}"} for n in range(6)]
    fields = {f"f:field{n}": {"f:deep": {}} for n in range(40)}
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": f"3f1c{number:04}-aaaa-bbbb-cccc-1234567890ab",
            "resourceVersion": str(100_000 + number),
            "labels": {"app": "checkout", "pod-template-hash": "7d9f8c5b6"},
            "managedFields": [{"manager": "kube-controller-manager", "fieldsV1": {"f:spec": fields}}],
        },
        "spec": {"containers": [{"name": "app", "image": "shop/checkout:1.8.0@sha256:" + "0a1b" * 16, "env": env}]},
        "status": {
            "phase": "Running",
            "conditions": [{"type": kind, "status": "True"} for kind in ("Ready", "Healthy")],
        },
    }
