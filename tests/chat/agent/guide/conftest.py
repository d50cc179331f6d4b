"""A demo cluster of the guide's own: it is broken and mended here, which nobody else should see."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chat.agent.guide.talk import Talk, with_real_tools
from tests.demo_process import demo_process
from tools import clusters


@pytest.fixture(scope="package")
def own_kubeconfig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with demo_process(tmp_path_factory, "guide") as kubeconfig:
        yield kubeconfig


@pytest.fixture
def talk(transactional_db: None, own_kubeconfig: Path) -> Talk:
    """A conversation about that cluster, with every tool but pod_exec, as an operator has it."""
    name = clusters.register(own_kubeconfig, is_demo=True)[0].name
    found = Talk(with_real_tools(name), clusters=(name,))
    found.offers = tuple(offer for offer in found.offers if offer.name != "pod_exec")
    return found
