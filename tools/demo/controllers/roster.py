"""The controllers that run in a cluster, in the order in which they look."""

from collections.abc import Callable
from types import ModuleType
from typing import NamedTuple

from tools.demo.controllers import (
    autoscaler,
    budgets,
    cron_job,
    daemon_set,
    deployment,
    endpoints,
    garbage,
    job,
    namespaces,
    nodes,
    quotas,
    replica_set,
    scheduler,
    stateful_set,
    taint_eviction,
    volumes,
)
from tools.demo.controllers.world import World
from tools.demo.store import Change, Resource


class Controller(NamedTuple):
    """`watches` None: every resource; `cares` narrows them down to the changes that matter.

    `reconcile` gives the seconds until it must look again unasked.
    """

    name: str
    watches: tuple[Resource, ...] | None
    reconcile: Callable[[World], float | None]
    cares: Callable[[Change], bool] | None = None


MODULES: tuple[ModuleType, ...] = (
    namespaces, nodes, taint_eviction, cron_job, job, deployment, replica_set, stateful_set, daemon_set,
    scheduler, volumes, endpoints, budgets, quotas, autoscaler, garbage,
)  # fmt: skip


def controllers() -> list[Controller]:
    return [
        Controller(module.__name__.rsplit(".", 1)[1], module.WATCHES, module.reconcile, getattr(module, "cares", None))
        for module in MODULES
    ]
