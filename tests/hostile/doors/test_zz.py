import pytest
from tests.hostile.doors import routes
from tests.hostile.doors.rights_matrix import PAGES, REST
from tests.hostile.doors.world import PAGE_SUBJECTS, REST_SUBJECTS, build
def test_it(db):
    world = build()
    for route in sorted(routes.rest()):
        row = tuple(world.ask(route, s) for s in REST_SUBJECTS)
        if REST.get(route) != row: print(f'    "{route}": {row},', "" if route not in REST else f"# WAS {REST[route]}")
    for path in sorted(routes.pages()):
        row = tuple(tuple(world.visit(path, w, m) for w in PAGE_SUBJECTS) for m in ("GET", "POST"))
        if PAGES.get(path) != row: print(f'    "{path}": {row},', "" if path not in PAGES else f"# WAS {PAGES[path]}")
    print(set(REST)-set(routes.rest()), set(PAGES)-set(routes.pages()))
