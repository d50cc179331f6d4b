"""Runs a Job once more: a copy under a new name, from the Job itself or from a CronJob's template."""

import json

from chat.agent.providers.guide import calls, phrasing
from chat.agent.providers.guide.diagnosis.finding import findings_of
from chat.agent.providers.guide.intention import Thing
from chat.agent.providers.guide.locating import locate
from chat.agent.providers.guide.plans.asking import not_offered
from chat.agent.providers.guide.plans.gathering import log_text
from chat.agent.providers.guide.plans.outcome import FIRST_WAIT, LOOKS, NEXT_WAIT, refused
from chat.agent.providers.guide.plans.reporting import in_full
from chat.agent.providers.guide.rows import items, mapping, objects_of, rows_of
from chat.agent.providers.guide.steps import Found, Json, Plan, Reply, Scene
from chat.agent.providers.guide.together import together

OF_THE_CONTROLLER = ("controller-uid", "job-name", "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name")
KEPT = (
    "backoffLimit",
    "activeDeadlineSeconds",
    "completions",
    "parallelism",
    "ttlSecondsAfterFinished",
    "podFailurePolicy",
)
LONGEST_NAME = 52
MASKED = "<redacted"
NOT_ASKED = Found("", failed=True)


def rerun(scene: Scene) -> Plan:
    if "k8s_apply" not in scene.offered:
        return not_offered(scene, "k8s_apply")
    located = yield from locate(scene)
    if isinstance(located, Reply):
        return located
    cluster = scene.intention.cluster
    answers = yield from together(
        {
            "object": calls.getting(located.kind, located.name, located.namespace, cluster),
            "jobs": calls.listing("jobs", located.namespace, cluster),
        }
    )
    bodies = objects_of(answers["object"])
    if not bodies:
        return Reply(phrasing.plain(answers["object"].text), focus=located)
    job = Thing(
        "jobs", free_name(located.name, {row.thing.name for row in rows_of(answers["jobs"], "jobs")}), located.namespace
    )
    manifest = json.dumps(copy_of(bodies[0], job), sort_keys=True)
    if MASKED in manifest:
        return Reply(
            (
                "Some of its values are hidden from me, so my copy would not be the same. Apply "
                "it from your own YAML under a new name."
            ),
            focus=located,
        )
    say = f"I am about to run {phrasing.thing(located)} once more, as a new Job {phrasing.code(job.name)}."
    done = yield from together(
        {"": calls.call("k8s_apply", cluster, manifest=manifest, namespace=job.namespace)}, say=say
    )
    if done[""].failed:
        return refused(done[""], located)
    return (yield from _watched(job, cluster))


def free_name(name: str, taken: set[str]) -> str:
    """ "settlement-again", then "settlement-again-2" and so on."""
    stem = name[:LONGEST_NAME].rstrip("-.") + "-again"
    return next(each for each in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if each not in taken)


def copy_of(body: Json, job: Thing) -> Json:
    """A Job's manifest without what its controller wrote into it."""
    spec = mapping(body, "spec", "jobTemplate", "spec") or mapping(body, "spec")
    template = mapping(spec, "template")
    labels = {
        key: value for key, value in mapping(template, "metadata", "labels").items() if key not in OF_THE_CONTROLLER
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job.name, "namespace": job.namespace},
        "spec": {
            **{key: spec[key] for key in KEPT if key in spec},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"restartPolicy": "Never", **mapping(template, "spec")},
            },
        },
    }


def _watched(job: Thing, cluster: str) -> Plan:
    described = Found("", failed=True)
    for look in range(LOOKS):
        answer = yield from together(
            {"": calls.on(job, "k8s_describe", cluster, events=0)},
            "Looking how it goes…",
            wait=NEXT_WAIT if look else FIRST_WAIT,
        )
        described = answer[""]
        ended = {c.get("type") for c in items(described.data, "conditions") if str(c.get("status")) == "True"}
        if described.failed or ended & {"Complete", "Failed"}:
            break
    else:
        follow = f"why is {phrasing.sentence(job)} failing"
        return Reply(
            f"{phrasing.thing(job)} is started and has not ended yet. Look again with {phrasing.code(follow)}.",
            focus=job,
            offers=(follow,),
        )
    if described.failed:
        return Reply(phrasing.plain(described.text), focus=job)
    asks = {"log": calls.logs(job, cluster, tail=40), "why": calls.on(job, "k8s_diagnose", cluster)}
    read = yield from together(asks if "Failed" in ended else {"log": asks["log"]})
    finding = next((each for each in findings_of(read.get("why", NOT_ASKED)) if each.thing == job), None)
    if finding:
        return Reply(
            phrasing.paragraphs("It ran, and failed again.", in_full(finding)), focus=job, offers=finding.offers
        )
    return Reply(
        phrasing.paragraphs(f"✓ {phrasing.thing(job)} ran to its end.", phrasing.quoted(log_text(read["log"]), 15)),
        focus=job,
    )
