"""What a diagnosis finds of seeded faults, what it misses and makes up; and what 5,000 pods cost it.

The faults are those of tests/diagnosis, put into a demo cluster that serves this benchmark alone. Baseline of the time:
nothing is asked of the cluster while the rules judge, so it is that of one thread; the event loop must stay free.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.rig import Spread
from tests.conformance.demo_server import serve_demo
from tests.diagnosis.seeding import tally
from tests.diagnosis.worlds import crashed, node, pod, running, says, thing, workload, world
from tools.diagnosis import analysis
from tools.diagnosis.world import World
from tools.kube.together import beside

PODS = 5000
TIMES = 5


async def measure() -> dict[str, Any]:
    with serve_demo(Path(tempfile.mkdtemp())) as cluster:
        made = await tally(cluster)
    taken, stalls = [], []
    for _ in range(TIMES):
        large = _large()
        began = time.perf_counter()
        watching = asyncio.create_task(_longest_stall())
        found = await beside(lambda large=large: analysis.examine(large))
        taken.append(time.perf_counter() - began)
        watching.cancel()
        stalls.append(max(await asyncio.gather(watching), default=0.0))
    return {
        "seeded": made.seeded,
        "found": made.found,
        "missed": made.missed,
        "false_alarms": made.false_alarms,
        "table": made.line,
        "pods": PODS,
        "findings": len(found),
        "judging": Spread.of(taken).told(),
        "longest_stall_ms": round(max(stalls), 1),
        "goal": "all found, none missed, no false alarm; the event loop never blocked for over 100 ms",
        "met": made.found == made.seeded and not made.false_alarms and max(stalls) < 100,
    }


async def _longest_stall() -> float:
    """Milliseconds by which a tick came late, at worst, until it is cancelled."""
    worst = 0.0
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            worst = max(worst, (time.perf_counter() - began - 0.005) * 1000)
    except asyncio.CancelledError:
        return worst


def _large() -> World:
    """500 workloads of ten pods each, with their Services; every fiftieth workload crashes."""
    items = [node(f"node-{number}") for number in range(100)]
    for number in range(PODS // 10):
        name, ill = f"web-{number}", number % 50 == 0
        items += [
            workload(name=name, status={"readyReplicas": 0 if ill else 2}),
            thing("Service", name, {"selector": {"app": name}}),
        ]
        for copy in range(10):
            one = pod(crashed() if ill else running(ready=True), name=f"{name}-{copy}")
            one["metadata"]["labels"] = {"app": name}
            one["status"]["conditions"] = [says("Ready", "False" if ill else "True")]
            items.append(one)
    return world(*items)
