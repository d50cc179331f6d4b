"""All scenarios, a family a file."""

from tests.scenarios.families import (
    access,
    configuration,
    images,
    jobs,
    network,
    probes,
    quotas,
    reading,
    scaling,
    scheduling,
    serving,
    storage,
)
from tests.scenarios.scenario import Scenario

_FAMILIES = (
    images, configuration, probes, serving, scheduling, quotas, storage, access, network, scaling, jobs, reading,
)  # fmt: skip
SCENARIOS: tuple[Scenario, ...] = tuple(
    sorted((each for family in _FAMILIES for each in family.SCENARIOS), key=lambda each: each.name)
)
