"""Rollouts and their history, images in use, clusters, and the kinds a cluster serves."""

from collections import defaultdict

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.kinds import SPELLINGS
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.rows import items, many, rows_of, walk
from chat.agent.providers.guide.steps import Found, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

MOST = 40


def status(scene: Scene) -> Plan:
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    (found,) = (
        yield from together({"": calls.rollout("k8s_rollout_status", located, scene.intention.cluster)})
    ).values()
    if found.failed:
        return Reply(phrasing.plain(found.text), focus=located)
    return Reply(
        rollout_words(located, found),
        focus=located,
        offers=(f"why is {phrasing.sentence(located)} failing",) if walk(found.data, "done") is False else (),
    )


def rollout_words(thing: Thing, found: Found) -> str:
    """The state of a rollout, from a k8s_rollout_status answer."""
    message = str(walk(found.data, "message") or found.text.split("\n", 1)[0]).removeprefix("done: ")
    done, stuck = walk(found.data, "done"), walk(found.data, "stuck")
    mark = "is rolled out" if done else "is **stuck**" if stuck else "is not there yet"
    waiting = [
        f"- {phrasing.code(pod.get('name', ''))}: {phrasing.code(pod.get('status', ''))}"
        + (f", {phrasing.code(pod['why'], 200)}" if pod.get("why") else "")
        for pod in items(found.data, "waiting")
    ][:6]
    ask = f"Ask {phrasing.code(f'why is {phrasing.sentence(thing)} failing')} for the cause." if waiting else ""
    return phrasing.paragraphs(
        f"{phrasing.thing(thing)} {mark}: {phrasing.plain(message)}",
        "Pods that are not ready:\n\n" + "\n".join(waiting) if waiting else "",
        ask,
    )


def history(scene: Scene) -> Plan:
    """The revisions, and the sentence that goes back."""
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    (found,) = (
        yield from together({"": calls.rollout("k8s_rollout_history", located, scene.intention.cluster)})
    ).values()
    if found.failed:
        return Reply(phrasing.plain(found.text), focus=located)
    revisions = list(items(found.data, "revisions"))
    rows = [
        (
            str(r.get("revision", "")) + (" (now)" if r.get("current") else ""),
            phrasing.cell(", ".join(map(str, many(r, "images")))),
            phrasing.cell(r.get("cause") or ""),
            _ready(r),
            phrasing.words(str(r.get("created") or "")),
        )
        for r in revisions[:12]
    ]
    table = (
        phrasing.table(("Revision", "Image", "Note", "Ready", "Made"), rows) if rows else phrasing.quoted(found.text)
    )
    earlier = any(not r.get("current") for r in revisions)
    offer = (f"roll back {phrasing.sentence(located)}",) if earlier else ()
    going_back = f"To go back: {phrasing.say(offer[0])}." if offer else ""
    return Reply(
        phrasing.paragraphs(
            f"{phrasing.thing(located)} has {phrasing.counted(len(revisions), 'revision')}.", table, going_back
        ),
        focus=located,
        offers=offer,
    )


def _ready(revision: dict[str, object]) -> str:
    return f"{revision.get('ready') or 0}/{revision['replicas']}" if revision.get("replicas") is not None else "–"


def images(scene: Scene) -> Plan:
    """Which images run, and how many pods use each; of one thing, or of a place."""
    wish = scene.intention
    (found,) = (
        yield from together(
            {
                "": calls.listing(
                    "pods",
                    wish.namespace,
                    wish.cluster,
                    columns=["spec.containers[*].image"],
                    label_selector=wish.selector,
                )
            }
        )
    ).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    users: dict[str, list[str]] = defaultdict(list)
    for row in rows_of(found, "pods"):
        if wish.name and wish.name.lower() not in row.thing.name.lower():
            continue
        for image in row["SPEC.CONTAINERS[*].IMAGE"].split(","):
            users[image.strip()].append(row.thing.name)
    if not users:
        return Reply(
            "I found no pods "
            f"{f'called {phrasing.code(wish.name)} ' if wish.name else ''}{phrasing.place(wish.namespace)}."
        )
    ordered = sorted(users.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    rows = [(phrasing.cell(image, 160), str(len(pods)), phrasing.cell(pods[0])) for image, pods in ordered[:MOST]]
    about = f" of {phrasing.code(wish.name)}" if wish.name else f" {phrasing.place(wish.namespace)}"
    return Reply(
        phrasing.paragraphs(
            f"**{phrasing.counted(len(users), 'image')}**{about}:",
            phrasing.table(("Image", "Pods", "For example"), rows),
        )
    )


def clusters(scene: Scene) -> Plan:
    (found,) = (yield from together({"": calls.call("clusters_list")})).values()
    here = f"This conversation is about {phrasing.code(scene.setting.cluster)}." if scene.setting.cluster else ""
    other = next((name for name in scene.setting.clusters if name != scene.setting.cluster), "")
    hint = f"Name another one in a question, for example {phrasing.code(f'list pods on {other}')}." if other else ""
    if found.failed:
        names = phrasing.listed([phrasing.code(name) for name in scene.setting.clusters])
        return Reply(phrasing.paragraphs(f"Registered clusters: {names or 'none'}.", here, hint))
    return Reply(phrasing.paragraphs(here, phrasing.quoted(found.text), hint))


def cluster(scene: Scene) -> Plan:
    (found,) = (yield from together({"": calls.call("cluster_status", scene.intention.cluster)})).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    return Reply(
        phrasing.paragraphs(
            phrasing.quoted(found.text), f"Ask {phrasing.code('what is wrong here')} to look for faults."
        ),
        offers=("what is wrong here",),
    )


def discover(scene: Scene) -> Plan:
    wish = scene.intention
    (found,) = (yield from together({"": calls.call("k8s_discover", wish.cluster, query=wish.name)})).values()
    if found.failed:
        return Reply(phrasing.plain(found.text))
    kinds = [kind for kind in items(found.data, "kinds") if "list" in many(kind, "verbs")]
    rows = [
        (
            phrasing.cell(k.get("plural", "")),
            phrasing.cell(k.get("kind", "")),
            phrasing.cell(k.get("api_version", "")),
            phrasing.words(", ".join(map(str, many(k, "short_names")))),
        )
        for k in kinds[:70]
    ]
    if not rows:
        return Reply(phrasing.quoted(found.text))
    example = "list " + str(
        next((k["plural"] for k in reversed(kinds) if str(k.get("plural", "pods")) not in SPELLINGS), "pods")
    )
    return Reply(
        phrasing.paragraphs(
            f"**{phrasing.counted(len(kinds), 'kind')}** can be listed, for example with {phrasing.code(example)}.",
            phrasing.table(("Name", "Kind", "API", "Short"), rows),
        )
    )
