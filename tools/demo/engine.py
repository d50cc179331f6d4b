"""Runs controllers when what they watch has changed, or when their time has come."""

import logging
from datetime import datetime, timedelta

from tools.demo.controllers.roster import Controller
from tools.demo.controllers.world import World
from tools.demo.errors import ApiError
from tools.demo.store import Change
from tools.demo.time_machine import TimeMachine

logger = logging.getLogger(__name__)
ROUNDS = 60  # rounds in one go before other work gets its turn
RETRY = 5.0  # seconds until a controller that failed looks again


class Engine:
    """Level-triggered: a controller that is due looks at everything of its kind and takes one step."""

    def __init__(self, world: World, controllers: list[Controller]) -> None:
        self.world = world
        self._controllers = controllers
        self._changed = {each.name for each in controllers}
        self._due: dict[str, float] = {}
        world.store.on_change(self.noticed)

    def noticed(self, change: Change) -> None:
        """Marks the controllers that watch the changed resource."""
        for each in self._controllers:
            watched = each.watches is None or change.resource in each.watches
            if watched and (each.cares is None or each.cares(change)):
                self._changed.add(each.name)

    def wake_all(self) -> None:
        """Lets every controller look once, as after a restart."""
        self._changed = {each.name for each in self._controllers}

    def settle(self) -> bool:
        """Runs until nobody has anything to do now; False when it gave up after many rounds."""
        return any(not self.step() for _ in range(ROUNDS))

    def step(self) -> bool:
        """One look of every controller that has a reason; True when any had."""
        now = self.world.now.timestamp()
        ran = False
        for each in self._controllers:
            if each.name in self._changed or self._due.get(each.name, float("inf")) <= now + 0.001:
                self._changed.discard(each.name)
                self._due.pop(each.name, None)
                wait = self._look(each)
                if wait is not None:
                    self._due[each.name] = now + max(wait, 0.01)
                ran = True
        return ran

    def _look(self, controller: Controller) -> float | None:
        try:
            return controller.reconcile(self.world)
        except (ApiError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            logger.exception("Controller %s of the demo cluster failed and will look again", controller.name)
            return RETRY

    def wait(self) -> float | None:
        """Seconds until the next controller is due; None when none is."""
        if self._changed:
            return 0.0
        first = min(self._due.values(), default=None)
        return None if first is None else max(0.0, first - self.world.now.timestamp())

    def play(self, clock: TimeMachine, until: datetime) -> None:
        """Moves a standing clock forward, from one due controller to the next."""
        self.settle()
        while (wait := self.wait()) is not None and clock.now() + timedelta(seconds=wait) < until:
            clock.advance(max(wait, 0.01))
            self.settle()
        if clock.now() < until:
            clock.set_to(until)
