"""Before a change: whether it can be asked for here, on what, and the sentence that announces it."""

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.kinds import is_namespaced
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.steps import Call, Found, Reply, Scene
from chat.agent.providers.guide.together import Asking, together


def not_offered(scene: Scene, tool: str) -> Reply:
    """Why a change cannot be asked for here."""
    if scene.setting.read_only:
        return Reply(
            "This portal is **read-only**: nothing can be changed from here. An "
            "administrator can unset `K8SMCP_READ_ONLY`. Looking works as ever."
        )
    if tool == "pod_exec":
        return Reply(
            "Running commands in containers is **switched off** here: an administrator can "
            "set `K8SMCP_EXECUTE=1`. Often the log is enough: `logs of …`."
        )
    return Reply(
        "Your account may look, but not change anything here. An administrator can give you the role operator."
    )


def target_of(scene: Scene, tool: str) -> Asking[Thing | Reply]:
    """The one object to change, or why not."""
    if tool not in scene.offered:
        return not_offered(scene, tool)
    found = yield from locate(scene)
    if isinstance(found, Thing) and is_namespaced(found.kind) and not found.namespace:
        return Reply(f"In which namespace is {phrasing.thing(found)}? Add {phrasing.code('in …')}.", focus=found)
    return found


def changed(scene: Scene, call: Call, say: str) -> Asking[Found]:
    on = f" on cluster {phrasing.code(scene.intention.cluster)}" if scene.intention.cluster else ""
    answers = yield from together({"": call}, say=say + (f" This goes to{on.removeprefix(' on')}." if on else ""))
    return answers[""]
