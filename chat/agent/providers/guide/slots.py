"""Where, which part and how much: the sides of a question that are the same whatever is asked."""

import re
from dataclasses import dataclass, field

from chat.agent.providers.guide.intention import EVERYWHERE
from chat.agent.providers.guide.kinds import LOOSE, SPELLINGS
from chat.agent.providers.guide.phrase import Phrase
from chat.agent.providers.guide.words import COMMANDS

# Words that are never the name of an object unless quoted or said right after a kind.
NOT_A_NAME = (
    COMMANDS
    | LOOSE
    | frozenset(SPELLINGS)
    | frozenset(
        """a an the this that these those my our your his her their its it i you we they he she me us them one ones some any all each both
        no not none nothing never and or but if then than so as at by for from in into inside of off on onto out over per to too up down
        with within without under between through during before after since until about around near across via like
        is are was were be been being am do does did done doing has have had having can could may might must shall should will would
        who whom what which when where why how whose there here now again also just only still even very more most less least much many
        few lot lots other another same such own new old latest last first second third fourth fifth next previous recent recently
        please thanks thank ok okay yes yeah yep no nope hi hello hey hallo tell give make take get let lets want need like know see look
        looking find found check checking ask say said go going come came use used using work works try tried keep keeps kept happen
        happens happened happening happend mean means meant cause caused causing seem seems think guess believe wonder
        set change changed changes changing update add put upgrade bump use raise increase lower reduce decrease switch turn edit modify
        start starts stop stops stopped run runs ran kill killed killing fail fails crash crashes crashloop crashlooping restart
        fix fixed fixing repair solve resolve heal reboot bounce recycle roll back undo revert revision revisions version versions
        ready up okay fine good bad well alive dead slow fast high low big small full empty right correct ill sick
        broken stuck blocked dying hanging hung offline online reachable
        exist exists existing available troubleshoot diagnose diagnosis investigate debug analyse analyze examine verify test rolled time times
        write draft generate scaffold prepare deploy deploying deployed launch install trigger retry rerun expose eat eats eating takes took
        thing things stuff anything something everything everyone everybody somebody status state states details detail info information
        name names number count total list listing overview summary table output result results line lines entry entries log
        minute minutes min mins hour hours day days week today yesterday second seconds ago current currently actually really exactly
        cpu ram mem memory disk storage space load usage utilization utilisation consumption consume consumes consuming metric top
        port ports replica replicas env environment var variable variables value limit limits request requests label labels selector
        selectors annotation container cluster clusters kube kubernetes k8s kubectl apiserver server api yaml json manifest spec object
        objects resource resources type types kind kinds command commands shell terminal question problem issue issues error errors
        trouble schedulable unschedulable incident reason root cause wrong correct situation matter hell health healthy unhealthy crashloopbackoff
        oomkilled imagepullbackoff errimagepull pending running failed failing succeeded completed terminating unknown
        whole entire complete full everywhere namespace called named default-namespace somewhere
        dont wont cant didnt isnt arent hasnt aint im ive id ill gonna wanna gimme lemme pls plz u r ur btw asap
        der die das den dem des ein eine einen und oder ist sind war im in auf aus mit von vom zum zur für fuer bei nach nicht kein keine
        zeig zeige zeigen mir alle allen alles wie viele warum wieso weshalb was welche welcher welches wo laufen läuft laufe bitte
        gibt es starte stoppe entferne auch noch mal dann jetzt kaputt los geht starten neu liste skaliere auf lösche loesche""".split()
    )
)
# Ordinary words that are a name all the same when they stand right behind a kind: "namespace test", "pod app".
AFTER_A_KIND = frozenset(
    """test debug metrics api server storage web app apps default monitoring logging status report backup load verify deploy
    launch memory disk logs events images port run task runner test1 version image cluster kube metric""".split()
)
HERE = frozenset("the a an this that my our your it its here there general detail details total yaml json use order all every each any".split())
KIND_WORDS = frozenset(SPELLINGS) | LOOSE
NEVER_A_PLACE = (NOT_A_NAME - {"default", "monitoring", "server", "api", "storage", "metrics", "logging"}) | HERE
UNITS = {"s": "s", "sec": "s", "second": "s", "m": "m", "min": "m", "minute": "m", "minuten": "m", "h": "h", "hr": "h", "hour": "h",
         "stunde": "h", "stunden": "h", "d": "d", "day": "d", "tag": "d", "tage": "d", "week": "w"}  # fmt: skip
SMALL_NUMBERS = {word: number for number, word in enumerate("zero one two three four five six seven eight nine ten".split())} | {
    "none": 0, "twelve": 12, "fifteen": 15, "twenty": 20, "null": 0, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5,
}  # fmt: skip


@dataclass(slots=True)
class Slots:
    """The fields of an Intention that do not depend on what is asked."""

    namespace: str = ""
    cluster: str = ""
    selector: str = ""
    container: str = ""
    node: str = ""
    since: str = ""
    tail: int | None = None
    previous: bool = False
    clusters: tuple[str, ...] = field(default=(), repr=False)


def take_slots(phrase: Phrase, clusters: tuple[str, ...]) -> Slots:
    """Takes cluster, namespace, selector, node, container, time, line count and "previous" out of the phrase."""
    slots = Slots(clusters=clusters)
    slots.cluster = _cluster(phrase, clusters)
    slots.previous = _previous(phrase)
    slots.since = _since(phrase)
    slots.tail = _tail(phrase)
    slots.container = _container(phrase)
    slots.selector = _selector(phrase)
    slots.node = _first(phrase, (r"(?:runs? |running )?(?:on|from) (?:the )?(?:node|host|machine) (\S+)", r"(?:runs?|running) on (\S+)"))
    slots.namespace = _namespace(phrase)
    return slots


def whole_number(word: str) -> int | None:
    """A count as people write it: 3, three. None for anything else; absurdly long digits too."""
    if word.isascii() and word.isdigit():
        return int(word) if len(word) <= 6 else None
    return SMALL_NUMBERS.get(word.lower())


def _first(phrase: Phrase, patterns: tuple[str, ...], unless: frozenset[str] = NOT_A_NAME) -> str:
    for pattern in patterns:
        taken = phrase.take(pattern, unless=unless)
        if taken:
            return taken[0]
    return ""


def _cluster(phrase: Phrase, clusters: tuple[str, ...]) -> str:
    known = {name.lower(): name for name in clusters}
    if known:
        names = "|".join(re.escape(name) for name in sorted(known, key=len, reverse=True))
        for pattern in (rf"(?:in |on |at |from |of |for )?(?:the )?cluster '?({names})", rf"(?:in|on|at|from|of|for) (?:the )?'?({names}) cluster",
                        rf"(?:on|at|--context) (?:the )?'?({names})"):  # fmt: skip
            taken = phrase.take(pattern)
            if taken:
                return known[taken[0].lower()]
    return _first(phrase, (r"(?:in|on|at|from|--context) (?:the )?(?:cluster )(?:named |called )?(\S+)", r"--context (\S+)"))


def _previous(phrase: Phrase) -> bool:
    patterns = (
        r"(?:from |of )?(?:the |its )?(?:previous|prior|earlier|crashed|dead) (?=logs?|container|instance|run|pod)",
        r"(?:from |of )?(?:the |its )?previous (?:container|instance|run)|--previous|-p|previously",
        r"(?:from |of |at )?(?:the |its )?last (?:crash|container|instance|run)",
        r"(?:from |just )?before (?:it|the|its|they) (?:last )?(?:crash\S*|restart\S*|died|failed)(?: crash| restart)?",
        r"previous",
    )
    return any([phrase.take(pattern) is not None for pattern in patterns])


def _since(phrase: Phrase) -> str:
    unit = r"(s|secs?|seconds?|m|mins?|minutes?|minuten|h|hrs?|hours?|stunden?|d|days?|tage?n?|weeks?)"
    lead = r"(?:in |for |within |during |over |from |since )?(?:the |der |den )?(?:last|past|previous|letzten|letzte) "
    taken = phrase.take(lead + r"(\d{1,4}) ?" + unit) or phrase.take(lead + r"()" + unit)
    taken = taken or phrase.take(r"(?:since|--since) (\d{1,4}) ?" + unit + r"(?: ago)?") or phrase.take(r"--since=(\d{1,4})" + unit)
    taken = taken or phrase.take(r"(?:since|past) ()(?:an? )?(hour|day|week)(?: ago)?")
    if taken:
        amount, word = int(taken[0] or 1), taken[1].lower()
        letter = UNITS.get(word) or UNITS.get(word.rstrip("s"), "h")
        return f"{amount * 168}h" if letter == "w" else f"{amount * 24}h" if letter == "d" else f"{amount}{letter}"
    return "24h" if phrase.take(r"(?:since |from )?(?:today|yesterday|heute|gestern)") is not None else ""


def _tail(phrase: Phrase) -> int | None:
    patterns = (
        r"--tail[= ](\d{1,5})",
        r"(?:the )?(?:last|latest|tail|newest|final|recent|letzten?) (\d{1,5}) (?:log )?(?:lines?|entries|rows|messages|zeilen)(?: of| from)?",
        r"(?:the )?(?:last|latest|tail|newest) (\d{1,5})(?= )|tail (\d{1,5})",
        r"(\d{1,5}) (?:log )?(?:lines|zeilen)(?: of| from)?",
    )
    for pattern in patterns:
        taken = phrase.take(pattern)
        if taken:
            return max(1, min(int(next(group for group in taken if group)), 5000))
    return None


def _container(phrase: Phrase) -> str:
    patterns = (
        r"(?:in |of |from |with |for )?(?:the |its )?container (?:called |named )?(\S+)",
        r"(?:-c|--container) (\S+)",
        r"(?:in |of |from )(?:the |its )?(\S+) container",
    )
    return _first(phrase, patterns, (NOT_A_NAME | KIND_WORDS) - LOOSE)


def _selector(phrase: Phrase) -> str:
    pair = r"('?[a-z0-9][\w./-]*(?:==?|!=)[\w./-]+(?:,[a-z0-9][\w./-]*(?:==?|!=)[\w./-]+)*)"
    lead = r"(?:with |by |having |where |whose |and )?(?:the )?(?:labels?|selector|-l|--selector|labelled|labeled|matching)(?: selector)? "
    spoken = phrase.take(r"(?:where|whose) (?:the )?(?:label )?(?!status|state|name|node|phase)([a-z0-9][\w./-]*) (?:is|equals) ([\w.-]+)")
    if spoken:
        return f"{spoken[0]}={spoken[1]}"
    taken = phrase.take(lead + pair) or phrase.take(r"(?:with |where )?" + pair)
    if taken:
        return taken[0]
    spoken = phrase.take(r"(?:with |where |whose )?(?:the )?label ([a-z0-9][\w./-]*) (?:is |equals |set to )?([\w.-]+)", unless=NOT_A_NAME - {"default"})
    return f"{spoken[0]}={spoken[1]}" if spoken else ""


def _namespace(phrase: Phrase) -> str:
    everywhere = (
        r"(?:in |across |from |of |for |over )?(?:all|every|any|each|allen)(?: the| of the)? (?:namespaces?|ns|namensräumen)",
        r"everywhere|-a|--all-namespaces|cluster-?wide",
        r"(?:in|across|on) the (?:whole|entire) cluster",
    )
    if any([phrase.take(pattern) is not None for pattern in everywhere]):
        return EVERYWHERE
    patterns = (
        r"(?:-n|--namespace)[= ](\S+)",
        r"(?:in|from|inside|within|of|for|im|aus|to|into) (?:the )?(?:namespace|ns|namensraum) (?:called |named |of )?(\S+)",
        r"(?:in|from|inside|within|of|for|im|aus|into) (?:the |my |our )?(\S+) (?:namespace|ns)",
        r"(?:in|inside|within|im|into) (?:the |my |our )?(?!(?:\S+/\S+|\S*[=:]\S*)(?!\S))(\S+)",
    )
    found = _first(phrase, patterns[:2], NEVER_A_PLACE - AFTER_A_KIND) or _first(phrase, patterns[2:], NEVER_A_PLACE)
    if found:
        return found
    return _first(phrase, (r"(?<!logs )(?<!log )(?<!remove )from (?:the |my |our )?(?!\S*[=:/]\S*(?!\S))(\S+)",), NEVER_A_PLACE)
