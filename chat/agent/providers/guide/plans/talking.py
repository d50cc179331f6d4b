"""Answers that need no cluster: hello, help, what this guide is, words explained, and "I did not understand"."""

from chat.agent.providers.guide import phrasing
from chat.agent.providers.guide.glossary import WORDS
from chat.agent.providers.guide.intention import Act
from chat.agent.providers.guide.locating import ask_which
from chat.agent.providers.guide.steps import Plan, Reply, Scene

NO_MESSAGE = "Ask me something about your cluster, for example `what is wrong here`."
CONNECT = (
    "To talk freely, connect a language model: an administrator sets `ANTHROPIC_API_KEY`, or `ANTHROPIC_BASE_URL` "
    "for any endpoint that speaks the Messages API, and starts the portal again."
)
EXAMPLES = (
    "what is wrong here",
    "list all pods",
    "why is checkout failing",
    "logs of checkout in shop",
    "scale storefront to 4 in shop",
)
LOOK = (
    "`list all pods` · `list services in shop` · `list pods with label app=web`",
    "`describe deployment checkout` · `yaml of service cart in shop`",
    "`logs of checkout` · `previous logs of checkout` · `last 20 lines of pod …`",
    "`warnings in shop` · `which pods use the most memory` · `rollout history of checkout`",
)
UNDERSTAND = (
    "`what is wrong here` · `what is wrong in payments`",
    "`why is checkout failing` · `why is fraud-model pending`",
    "`what changed lately` · `who uses service cart in shop` · `helm releases`",
    "`what am I allowed to do in shop` · `can I delete pods in shop`",
    "`what is a Deployment` · `what does OOMKilled mean`",
)
CHANGE = (
    "`scale storefront to 4 in shop` · `restart catalog in shop`",
    "`set LOG_LEVEL to debug on deployment checkout in shop`",
    "`use image …:1.2 for deployment cart in shop`",
    "`roll back checkout in shop` · `label deployment cart in shop with team=a`",
    "`delete pod …` · `cordon node …` · `drain node …` · `create namespace team-a`",
    "`give me a deployment yaml for nginx`, or paste YAML to apply it",
)
HOWTO = {
    "restart": (
        "restart deployment {name} in {place}",
        "It replaces the pods one after the other, so that some always answer.",
    ),
    "scale": ("scale deployment {name} to 3 in {place}", "More copies appear, or some go."),
    "delete": (
        "delete {kind} {name} in {place}",
        "What is deleted is gone; pods of a Deployment are replaced by new ones.",
    ),
    "set_env": (
        "set NAME to value on deployment {name} in {place}",
        "The pods are replaced by ones that know the variable.",
    ),
    "set_image": (
        "use image registry/name:tag for deployment {name} in {place}",
        "The pods are replaced step by step.",
    ),
    "set_resources": (
        "set the memory limit of deployment {name} in {place} to 256Mi",
        "The pods are replaced by ones with the new limit.",
    ),
    "set_selector": (
        "set selector app={name} on service {name} in {place}",
        "The Service then sends requests to the pods with that label.",
    ),
    "namespace": ("create namespace {name}", "It is empty at first."),
    "apply": ("apply", "Paste the YAML in the same message: what exists is changed, what does not exist is created."),
    "draft": ("give me a deployment yaml for {name}", "A draft changes nothing; paste it back to apply it."),
    "cordon": ("cordon node {name}", "No new pods start there; the ones that run stay."),
    "uncordon": ("uncordon node {name}", "New pods may start there again."),
    "drain": ("drain node {name}", "Its pods move to other nodes as their PodDisruptionBudgets allow."),
    "label": ("label deployment {name} in {place} with team=a", "The label is set beside those that are there."),
    "undo": (
        "roll back deployment {name} in {place}",
        "It goes back to the revision before, or to one that you name: its pods are replaced.",
    ),
    "rerun": ("run job {name} again in {place}", "A new job is made from the same template."),
    "exec": ("run ls in pod {name} in {place}", "Running commands has to be switched on by an administrator."),
}


def hello(scene: Scene) -> Plan:
    cluster = (
        f" This conversation is about cluster {phrasing.code(scene.setting.cluster)}." if scene.setting.cluster else ""
    )
    return _only(Reply(f"Hello!{cluster} Good first questions:\n\n{_bullets(EXAMPLES)}", offers=EXAMPLES[:1]))


def thanks(scene: Scene) -> Plan:
    return _only(Reply("You are welcome."))


def who(scene: Scene) -> Plan:
    return _only(
        Reply(
            "I am the **offline guide** of this portal: a set of rules, not a language model. I read everyday "
            "questions, ask the cluster with the same tools a model would use, and explain what they found."
            f"\n\n{CONNECT}\n\nAsk `help` to see what I understand."
        )
    )


def help_(scene: Scene) -> Plan:
    changes = (
        CHANGE
        if not scene.setting.read_only
        else ("This portal is read-only now: no tool that changes something is offered.",)
    )
    closing = (
        "A change always waits for a person's approval before it reaches the cluster. "
        "After an answer you can go on with `and its logs?`, `describe the second one`, "
        "`in payments too`, or `yes`."
    )
    return _only(
        Reply(
            phrasing.paragraphs(
                "I am the offline guide: rules, not a language model. This works:",
                "**Look**\n" + _lines(LOOK),
                "**Understand**\n" + _lines(UNDERSTAND),
                "**Change**\n" + _lines(changes),
                closing,
                CONNECT,
            )
        )
    )


def explain_word(scene: Scene) -> Plan:
    topic = scene.intention.text
    see = f"\n\nSee yours: {phrasing.code(f'list {topic}')}." if " " not in topic and topic in LISTABLE else ""
    return _only(Reply(WORDS[topic] + see, offers=(f"list {topic}",) if see else ()))


def how_to(scene: Scene) -> Plan:
    wish = scene.intention
    pattern, effect = HOWTO.get(wish.text, ("{kind} {name}", ""))
    kind = "pod" if not wish.kind else wish.kind.removesuffix("s")
    sentence = pattern.format(name=wish.name or "checkout", place=wish.namespace or "shop", kind=kind)
    return _only(
        Reply(
            f"{phrasing.say(sentence)}.\n\n{effect} Before anything happens, you are asked "
            "to approve exactly that change."
        )
    )


def no(scene: Scene) -> Plan:
    return _only(Reply("All right: nothing is changed."))


def nothing_to_accept(scene: Scene) -> Plan:
    """ "yes" or "2" when there is nothing to say yes to, or something still to be filled in."""
    offers = tuple(offer for offer in scene.last.offers if offer) if scene.last else ()
    if scene.last and scene.last.choices and scene.last.asked:
        return _only(ask_which(scene.last.asked, list(scene.last.choices), "There are several. Which one do you mean?"))
    if not offers:
        return _only(Reply(f"There is nothing waiting for an answer. Try one of these:\n\n{_bullets(EXAMPLES)}"))
    chosen = scene.intention.choice
    if 0 < chosen <= len(offers) and "…" in offers[chosen - 1]:
        return _only(
            Reply(
                (
                    "That one needs a value. Send it with the value in place of "
                    f"`…`:\n\n{phrasing.code(offers[chosen - 1])}"
                ),
                offers=offers,
            )
        )
    numbered = "\n".join(f"{number}. {phrasing.code(offer)}" for number, offer in enumerate(offers, 1))
    ready = "Answer with its number." if any("…" not in offer for offer in offers) else ""
    return _only(
        Reply(
            (
                f"Which of these? {ready} Where it says `…`, a value is needed: send the "
                f"sentence with the value filled in.\n\n{numbered}"
            ),
            offers=offers,
        )
    )


def not_understood(scene: Scene) -> Plan:
    return _only(
        Reply(
            phrasing.paragraphs(
                (
                    "I did not understand that. No language model is connected: I am the offline "
                    "guide and know a fixed set of questions. These work:"
                ),
                _bullets(EXAMPLES),
                f"{CONNECT} Ask `help` for everything I know.",
            )
        )
    )


LISTABLE = frozenset(
    {
        "pods",
        "deployments",
        "replicasets",
        "statefulsets",
        "daemonsets",
        "jobs",
        "cronjobs",
        "services",
        "endpoints",
        "ingresses",
        "configmaps",
        "secrets",
        "persistentvolumeclaims",
        "persistentvolumes",
        "namespaces",
        "nodes",
        "events",
    }
)
PLANS = {
    Act.HELLO: hello,
    Act.THANKS: thanks,
    Act.WHO: who,
    Act.HELP: help_,
    Act.GLOSSARY: explain_word,
    Act.HOWTO: how_to,
    Act.NO: no,
    Act.YES: nothing_to_accept,
    Act.CHOOSE: nothing_to_accept,
    Act.UNKNOWN: not_understood,
}


def _only(reply: Reply) -> Plan:
    """A plan that asks nothing."""
    yield from ()
    return reply


def _bullets(sentences: tuple[str, ...]) -> str:
    return "\n".join(f"- {phrasing.code(sentence)}" for sentence in sentences)


def _lines(lines: tuple[str, ...]) -> str:
    return "\n" + "\n".join(f"- {line}" for line in lines)
