"""Creates from what a person wrote: a namespace, a manifest; and runs a command in a container."""

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Act, Thing
from chat.agent.providers.guide.plans.asking import changed, not_offered, target_of
from chat.agent.providers.guide.plans.outcome import OF_PODS, check_rollout, refused
from chat.agent.providers.guide.rows import items
from chat.agent.providers.guide.steps import Plan, Reply, Scene


def namespace(scene: Scene) -> Plan:
    wish = scene.intention
    if "namespace_create" not in scene.offered:
        return not_offered(scene, "namespace_create")
    if not wish.name:
        return Reply(f"How should it be called? Say, for example, {phrasing.code('create namespace team-a')}.")
    thing = Thing("namespaces", wish.name)
    done = yield from changed(
        scene,
        calls.call("namespace_create", wish.cluster, name=wish.name),
        f"I am about to create the namespace {phrasing.code(wish.name)}.",
    )
    if done.failed:
        return refused(done, thing)
    return Reply(
        (
            f"{phrasing.plain(done.text)}\n\nIt is empty. Draft something for it: "
            f"{phrasing.code(f'give me a deployment yaml for nginx in {wish.name}')}."
        ),
        focus=thing,
    )


def apply(scene: Scene) -> Plan:
    wish = scene.intention
    if "k8s_apply" not in scene.offered:
        return not_offered(scene, "k8s_apply")
    if not wish.text:
        return Reply("Paste the YAML in the same message as `apply`, best between lines of three backticks.")
    place = wish.namespace or ("" if "namespace:" in wish.text else "default")
    where = f" What names no namespace goes to {phrasing.code(place)}." if place else ""
    done = yield from changed(
        scene,
        calls.call("k8s_apply", wish.cluster, manifest=wish.text, namespace=place),
        f"I am about to apply this manifest.{where}",
    )
    if done.failed:
        return refused(done, None)
    told = "\n".join(
        f"- {phrasing.code(d.get('object', ''))}: {phrasing.plain(str(d.get('state', '')))}"
        for d in items(done.data, "documents")
    ) or phrasing.plain(done.text)
    things = [_applied(str(document.get("object", ""))) for document in items(done.data, "documents")]
    followed = next((thing for thing in things if thing and thing.kind in OF_PODS), None)
    if followed is None:
        return Reply(f"Applied:\n\n{told}", focus=next((thing for thing in things if thing), None))
    return (yield from check_rollout(followed, f"Applied:\n\n{told}", wish.cluster))


def _applied(words: str) -> Thing | None:
    """ "deployment web in shop" as a thing."""
    parts = words.split(" ")
    place = parts[3] if len(parts) == 4 and parts[2] == "in" else ""
    return Thing(parts[0] + "s", parts[1], place) if len(parts) >= 2 else None


def execute(scene: Scene) -> Plan:
    wish = scene.intention
    if "pod_exec" not in scene.offered:
        return not_offered(scene, "pod_exec")
    if not wish.text:
        return Reply(
            "There is no interactive shell here; I run one command and show what it prints. "
            f"Say, for example, {phrasing.code('run ls -l /etc in pod … in shop')}."
        )
    thing = yield from target_of(scene, "pod_exec")
    if isinstance(thing, Reply):
        return thing
    call = calls.call(
        "pod_exec",
        wish.cluster,
        pod=thing.name,
        namespace=thing.namespace,
        command=wish.text.split(),
        container=wish.container,
    )
    done = yield from changed(scene, call, f"I am about to run {phrasing.code(wish.text)} in {phrasing.thing(thing)}.")
    if done.failed:
        return refused(done, thing)
    header, _, body = done.text.partition("\n")
    return Reply(
        phrasing.paragraphs(
            phrasing.plain(header), phrasing.quoted(body, 60) if body.strip() else "It printed nothing."
        ),
        focus=thing,
    )


PLANS = {Act.NAMESPACE: namespace, Act.APPLY: apply, Act.EXEC: execute}
