"""Which act a sentence asks for: an ordered table, the first line that fits wins."""

from chat.agent.providers.guide.intention import Act
from chat.agent.providers.guide.phrase import Phrase

POLITE = (
    r"(?:kubectl|please|pls|plz|bitte|now|then|and|ok|okay|yes|hey|hi|hello|just|also|so|well|go ahead and|"
    r"(?:can|could|would|will) you(?: please)?"
    r"|kannst du|i want(?: you)? to|i would like(?: you)? to|i like to|i need(?: you)? to|"
    r"lets|let us|try to|we need to|we should|do)"
)
FAILING = (
    r"fail(?:s|ed|ing|ure|ures)?|crash(?:es|ed|ing|loop\S*)?|broken|down|dead|dying|stuck|pending|unhealthy|"
    r"not (?:start\S*|work\S*|run\S*|ready|healthy|up|respond\S*|reachable|available|com\S* up"
    r"|schedul\S*|deploy\S*|pull\S*)|unreachable|"
    r"unavailable|slow|restart(?:s|ing|ed)|oom\S*|evicted|killed"
    r"|error(?:s|ing)?|throw\S*|flapp\S*|degraded|kaputt"
)
PROBLEMS = r"(?:problems?|issues?|errors?|failures?|troubles?|incidents?|faults?|probleme|fehler)"
OPEN = (
    r"(?:something|anything|everything|things|it all|all|alles|somethings?|stuff|the "
    r"cluster|my cluster|cluster|namespace|here)"
)
CHANGE_WORDS = (
    r"(?:restart|reboot|bounce|recycle|redeploy|scale|resize|delete|remove|destroy|kill|erase"
    r"|uninstall|cordon|uncordon|drain|apply|create"
    r"|set|change|update|patch|edit|fix|exec|execute|roll ?back|undo|stop|start|shut down|deploy|run|upgrade)"
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
    (Act.DRAFT, r"^(?:create|make|deploy|launch|spin up|set up|add|new|expose)\b.*\S.*"),
    (
        Act.RERUN,
        (
            r"^(?:re-?run|retry|trigger|re-?start|run|start|launch|execute"
            r"|repeat)\b(?!.*\b(?:in|inside|into) (?:the )?(?:pod|container)\b).*\b(?:jobs?"
            r"|cronjobs?|cj)\b.*"
        ),
    ),
    (Act.DRAIN, r"^(?:drain|evacuate|evict)\b.*"),
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

QUESTIONS: tuple[tuple[Act, str], ...] = (
    (
        Act.CLUSTERS,
        (
            r".*\b(?:(?:which|what|list|show|all|my|available|registered|the|other|how "
            r"many)\b.* )?clusters\b.*|.*\bwhich cluster\b.*|.*\bwhere am i\b.*"
        ),
    ),
    (
        Act.CLUSTER,
        (
            r".*\bcluster(?: \S+)? (?:info|information|version|status|details)\b.*"
            r"|.*\b(?:status|version|info|information|details) (?:of|about|for) (?:the |this "
            r"|my )?cluster\b.*|.*\b(?:kubernetes|k8s|server|api) version\b.*|.*\bversion of "
            r"(?:kubernetes|k8s)\b.*|.*\bis the cluster (?:reachable|up|online|alive)\b.*"
        ),
    ),
    (
        Act.HISTORY,
        (
            r".*\b(?:rollout|deploy\S*|revision|release) ?history\b.*|.*\bhistory (?:of"
            r"|for)\b.*|.*\b(?:revisions|previous versions?|past (?:versions?"
            r"|releases?))\b.*|^history\b.*"
        ),
    ),
    (
        Act.STATUS,
        (
            r".*\brollout(?: \S+)? status\b.*|.*\bstatus of (?:the )?rollout\b.*|.*\brollout "
            r"(?:done|finished|complete\S*|progress\S*|ready|of)\b.*|.*\bhas (?:the )?\S+ "
            r"(?:rolled out|finished rolling)\b.*|.*\b(?:did|has|is) (?:the )?rollout\b.*"
            r"|.*\bis \S+ rolled out\b.*|^rollout \S+$"
        ),
    ),
    (
        Act.LOGS,
        (
            r".*\b(?:logs?|logfiles?|log ?lines?|stdout|stderr|protokolle?|tail)\b.*"
            r"|.*\bwhat (?:did|does|is) \S+ (?:print|log|write|say|output)\S*\b.*|.*\boutput "
            r"of\b.*"
        ),
    ),
    (
        Act.IMAGES,
        (
            r".*\b(?:which|what|list|show|all|get|display)\b.* ?\bimages?\b.*|^images?\b.*"
            r"|.*\b(?:which|what) version (?:of|does|is|do|are)\b.*|.*\bimages? (?:is|are"
            r"|does|do) .*"
        ),
    ),
    (
        Act.TOP,
        (
            r".*\b(?:memory|ram|cpu|mem|resources?|disk)\b.*\b(?:us\S*|consum\S*|tak\S*"
            r"|eat\S*|need\S*|load|hungr\S*|most|much)\b.*|.*\b(?:us\S*|consum\S*|eat\S*"
            r"|hog\S*|most|highest|top|biggest|much|tak\S*)\b.*\b(?:memory|ram|cpu|mem"
            r"|resources)\b.*|^(?:kubectl )?top\b.*|.*\b(?:usage|utili[sz]ation|metrics"
            r"|busiest|hungriest|hottest|load)\b.*|.*\bhow (?:full|busy|loaded)\b.*"
        ),
    ),
    (
        Act.EVENTS,
        (
            r".*\b(?:events?|warnings?|warnungen|ereignisse)\b.*|.*\bwhat (?:has |have "
            r")?(?:happened|changed)(?! (?:to|with)\b).*|.*\bwhat is new\b.*"
            r"|.*\brecent(?:ly)? chang\S*.*|.*\bchanged recently\b.*"
        ),
    ),
)

WHY_PATTERNS = (
    (
        r".*\b(?:why|how come|warum|wieso|weshalb|root cause|cause of|reason (?:for|of"
        r"|why)|diagnose|diagnostics?|troubleshoot|debug|investigate|analy[sz]e|find "
        r"out)\b.*"
    ),
    (
        r".*\bwhat (?:is |are )?(?:wrong|the problem|the matter|the issue|up|broken"
        r"|failing|going on|going wrong|not working|happening|happened|happens"
        r"|unhealthy)\b.*"
    ),
    rf".*\b(?:is|are|does|do|did|will|was|has|have|keeps?|can|gets?) (?:\S+ ){{0,4}}?(?:{FAILING})\b.*",
    (
        r".*\b(?:is|are|does) (?:\S+ ){1,4}?(?:ok|okay|fine|healthy|up|alive|ready"
        r"|running|working|available|good|well|reachable|alright|work)$"
    ),
    (
        r".*\b(?:anything|something|everything|all)(?: is| was| seems| looks)? "
        r"(?:wrong|broken|bad|off|amiss|unhealthy|not (?:ok|right|working))\b.*"
    ),
    rf".*\b(?:any|some|all|find|show|list|look for|check for|see|current|the) (?:\S+ )?{PROBLEMS}\b.*",
    rf"^{PROBLEMS}\b.*",
    (
        r"^(?:check|inspect|examine|verify|test|health ?check|health of|diagnose|health"
        r"|overview|status|how is|how are|repair|fix|heal|help me fix|help me with|help "
        r"with|solve|wie geht es)\b.*"
    ),
    r".*\b(?:overview|health|unhealthy|sanity check|status report|state of)\b.*",
    rf".*\b(?:keeps?|is|are|was|were|wont|not|has) (?:\S+ )?(?:{FAILING})\b.*",
    r"^(?:was ist (?:hier )?(?:kaputt|los|falsch)|alles (?:ok|gut|in ordnung))\b.*|.*\bkaputt\b.*",
)

READS: tuple[tuple[Act, str], ...] = (
    (Act.COUNT, r".*\b(?:how many|number of|count|wie viele)\b.*"),
    (Act.GET, r".*\b(?:yaml|manifest|json|full spec|definition|raw|spec)\b.*"),
    (
        Act.DISCOVER,
        (
            r".*\b(?:kinds|api ?resources?|resource types?|crds|custom resources?|types of "
            r"(?:resources|objects)|what can be listed|api groups?)\b.*|^discover\b.*"
        ),
    ),
    (
        Act.DESCRIBE,
        (
            r".*\b(?:describe|details?|inspect|explain|tell me (?:more )?about|more about"
            r"|information (?:about|on)|info (?:about|on|for)|look at|beschreibe?|status of"
            r"|what is|who is)\b.*"
        ),
    ),
    (
        Act.LIST,
        (
            r".*\b(?:list|show|get|display|see|view|find|fetch|give|print|which|what|where"
            r"|all|lookup|zeige?|welche|liste|are there|do (?:we|i) have|is there|running on"
            r"|runs? on|who|look for|search for)\b.*"
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
