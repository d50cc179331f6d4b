"""Which act a command or a word of courtesy asks for: ordered tables, the first line that fits wins."""

from chat.agent.providers.guide.intention import Act
from chat.agent.providers.guide.phrase import Phrase

POLITE = (
    r"(?:kubectl|please|pls|plz|bitte|now|then|and|ok|okay|yes|hey|hi|hello|just|also|so|well|go ahead and|"
    r"(?:can|could|would|will) you(?: please)?"
    r"|kannst du|i want(?: you)? to|i would like(?: you)? to|i like to|i need(?: you)? to|"
    r"lets|let us|try to|we need to|we should|do)"
)
CHANGE_WORDS = (
    r"(?:restart|reboot|bounce|recycle|redeploy|scale|resize|delete|remove|destroy|kill|erase"
    r"|uninstall|cordon|uncordon|drain|apply|create"
    r"|set|change|update|patch|edit|label|fix|exec|execute|roll ?back|undo|stop|start|shut down|deploy|run|upgrade)"
)

# Read on the whole sentence, before any slot is taken out. `^` is the beginning after polite words.
SMALL_TALK: tuple[tuple[Act, str], ...] = (
    (
        Act.THANKS,
        (
            r"^(?:many |ok |okay |great |cool |super |perfect |nice )*(?:thanks?|thank you"
            r"|thx|ty|cheers|danke|merci)\b.*|^(?:great|cool|perfect|nice|awesome|super|well "
            r"done|good job)$"
        ),
    ),
    (
        Act.HELLO,
        (
            r"^(?:hi|hello|hey|hallo|moin|servus|good (?:morning|afternoon|evening|day)"
            r"|greetings|howdy|yo|guten (?:tag|morgen))(?: there| guide| k8s| everyone| "
            r"again| how are you)*$|^how are you.*"
        ),
    ),
    (
        Act.WHO,
        (
            r".*\b(?:who|what) are you\b.*|.*\bare you (?:an? )?(?:ai|llm|bot|human|robot"
            r"|language model|claude|gpt|chatgpt|real|person)\b.*|.*\b(?:which|what) (?:ai "
            r"|language )?model\b.*|.*\b(?:connect|use|add) (?:a |the )?(?:language "
            r")?model\b.*|.*\banthropic\b.*"
        ),
    ),
    (
        Act.HELP,
        (
            r"^(?:help|hilfe|help me|menu|usage|commands?|\?|examples?|tutorial|start|begin"
            r"|get started)$|.*\bwhat (?:can|could|do|should) (?:you|i) (?:do|ask|say|type"
            r"|try|help)\b.*|.*\bhow (?:do|can) i (?:start|begin|use (?:this|you))\b.*"
            r"|.*\bwas kannst du\b.*|^how does this work$|.*\bshow (?:me )?(?:some "
            r")?examples\b.*"
        ),
    ),
    (
        Act.NO,
        (
            r"^(?:no|nope|nah|nein|cancel|stop|abort|never ?mind|forget it|leave it|rather "
            r"not|not now)(?: thanks?| thank you| please| it| that)*$"
        ),
    ),
    (
        Act.YES,
        (
            r"^(?:yes|yep|yeah|yup|sure|ok|okay|ja|jo|do it|do that|do so|go|go ahead|go on"
            r"|go for it|proceed|make it so|apply it|apply that|fix it|fix that|fix this"
            r"|please do|sounds good|continue|confirm|confirmed|agreed|mach das|mach es)(?: "
            r"please| now| then| do it| do that| fix it| go ahead| ahead| for me)*$"
        ),
    ),
)

# Changes: only where the sentence begins with the command, so that "why did it restart" never restarts anything.
CHANGE_ACTS: tuple[tuple[Act, str], ...] = (
    (Act.UNCORDON, r"^(?:uncordon\b.*|(?:make|mark|set) .*\bschedulable(?: again)?)"),
    (Act.CORDON, r"^(?:cordon\b.*|(?:make|mark|set) .*\bunschedulable)"),
    (
        Act.DRAFT,
        (
            r"^(?:(?:give|show|write|generate|draft|make|create|prepare|get|need|want)(?: "
            r"me)? )?(?:i need |i want )?(?:an? |the |some )?(?:example |sample |new |basic "
            r"|simple )?(?:yaml |manifest |template |draft )?(?:(?:yaml|manifest|template"
            r"|draft) (?:for|of) .*|(?:.* )?(?:yaml|manifest|template) (?:for|of|with|using"
            r"|called|named) .*)"
        ),
    ),
    (Act.DRAFT, r"^(?:draft|generate|write|scaffold|template)\b(?! logs?).*"),
    (
        Act.SCALE,
        (
            r"^(?:scale|rescale|resize|upscale|downscale|skaliere)\b.*|^(?:stop|shut ?down"
            r"|switch off|turn off|pause|halt)\b.*|^(?:set|change|increase|reduce|decrease"
            r"|raise|lower|put|bring)\b.*\b(?:replicas?|instances|copies|pods?)\b.*|^(?:run"
            r"|give me|i want|start|have|add|remove)\b.*\b\S+ (?:more |fewer |less "
            r")?(?:replicas|copies|instances)\b.*|.*\bshould have \S+ (?:replicas?|copies"
            r"|instances|pods?)\b.*"
        ),
    ),
    (Act.NAMESPACE, r"^(?:create|make|add|new|set up|lege)\b.*\b(?:namespace|ns|namensraum)\b.*"),
    (Act.LABEL, r"^add\b.*\blabel\b.*"),
    (Act.DRAFT, r"^(?:create|make|deploy|launch|spin up|set up|add|new|expose)\b.*\S.*"),
    (
        Act.RERUN,
        (
            r"^(?:re-?run|retry|trigger|re-?start|run|start|launch|execute"
            r"|repeat)\b(?!.*\b(?:in|inside|into) (?:the )?(?:pod|container)\b).*\b(?:jobs?"
            r"|cronjobs?|cj)\b.*"
        ),
    ),
    (Act.DRAIN, r"^(?:drain|evacuate|evict|empty)\b.*"),
    (Act.LABEL, r"^(?:label|tag)\b.*|^(?:put|set)\b.*\blabel\b.*"),
    (Act.UNDO, r"^(?:undo|rollback|roll back|roll .* back|revert|rollout undo|go back)\b.*|^roll\b.*\bback"),
    (
        Act.RESTART,
        (
            r"^(?:restart|reboot|bounce|recycle|redeploy|reload|rollout restart|rolling "
            r"restart|roll|neustart)\b.*|^(?:do|trigger|perform)? ?(?:a )?(?:rolling "
            r"|rollout )restart.*|^starte .*\bneu|^turn .* off and on.*"
        ),
    ),
    (
        Act.DELETE,
        (
            r"^(?:delete|remove|destroy|kill|erase|drop|get rid of|uninstall|tear down"
            r"|terminate|wipe|lösche|loesche|entferne)\b.*"
        ),
    ),
    (Act.APPLY, r"^apply\b.*"),
    (
        Act.EXEC,
        (
            r"^(?:exec|execute|kubectl exec)\b.*|^(?:run|start|open|give me|get)\b.*\b(?:in"
            r"|inside|into|on)\b.*|^(?:ssh|shell|attach|log ?in|get)\b.* ?(?:into|in|to)\b.*"
        ),
    ),
)

AGAIN = (
    r"^(?:and|und|also|now)? ?(?:what about|how about|the same(?: thing)?(?: for| "
    r"with| in)?|same(?: thing)?(?: for| with| in)?|and|und|also)(?= )"
)
AGAIN_END = r"(?<= )(?:too|as well|instead|also)$"
HOWTO = (
    r"^(?:how (?:do|can|would|should|to|could)(?: i| we| you| one)?|(?:can|may"
    r"|should|could|shall) (?:i|we)|is it (?:safe|ok|okay|possible|dangerous) to"
    r"|what happens (?:if|when) (?:i|we)|wie (?:kann|mache) ich) (?:\S+ "
    rf"){{0,2}}?{CHANGE_WORDS}\b.*"
)
VERBS = {  # what people say, as the verbs of the API
    "see": "get", "read": "get", "view": "get", "get": "get", "list": "list", "watch": "watch",
    "create": "create", "make": "create", "add": "create",
    "change": "patch", "edit": "patch", "patch": "patch", "update": "update", "scale": "patch", "restart": "patch",
    "delete": "delete", "remove": "delete",
}  # fmt: skip
MAY = (
    r"^(?:(?:am i|are we) allowed to|do (?:i|we) have (?:the )?(?:permissions?|rights?) to|"
    r"(?:can|may) (?:i|we)(?! \S+ an?\b)) "
    rf"({'|'.join(VERBS)})"
)
NEGATED = (
    r".*\b(?:do not|does not need|never|without|no need to|nicht|dont ever|should "
    rf"not|must not|please not)\b(?: \S+){{0,2}} {CHANGE_WORDS}\S*\b.*|^not .*"
)


def without_politeness(phrase: Phrase) -> None:
    """Drops "please", "can you" and the like from the beginning, as long as something is left."""
    for _ in range(6):
        if len(phrase.words) < 2 or not phrase.has(rf"^{POLITE} .*"):
            return
        phrase.take(rf"^{POLITE}(?= )")
