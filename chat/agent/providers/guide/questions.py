"""Which act a question asks for: ordered tables, the first line that fits wins."""

from chat.agent.providers.guide.intention import Act

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

QUESTIONS: tuple[tuple[Act, str], ...] = (
    (Act.RELEASES, r".*\bhelm\b.*"),
    (
        Act.RIGHTS,
        (
            r".*\bwhat (?:am i|are we) allowed\b.*|.*\bmy (?:own )?(?:rights|permissions"
            r"|access)\b.*|.*\bwhat (?:rights|permissions|access) do (?:i|we) have\b.*"
            r"|^(?:who am i|whoami)\b.*"
        ),
    ),
    (
        Act.OWNERS,
        (
            r".*\b(?:who|what) owns\b.*|.*\b(?:who|what) (?:does|do) \S+(?: \S+){0,3} belong to\b.*"
            r"|.*\bowners? of\b.*"
        ),
    ),
    (
        Act.RELATIONS,
        (
            r".*\b(?:who|what) (?:uses|needs|depends on|belongs to)\b.*|.*\bwhat (?:does"
            r"|do) \S+(?: \S+){0,3} (?:use|need|depend on)\b.*|.*\b(?:"
            r"relations? of|related to|connected to|depends on)\b.*"
        ),
    ),
    (
        Act.CHANGED,
        (
            r".*\b(?:what|who) (?:has |have |was |is |got )?changed(?! (?:to|with)\b).*"
            r"|.*\b(?:recent|latest|last) changes?\b.*|^(?:recently changed|changes?|changelog)\b.*"
            r"|.*\b(?:changed|deployed) (?:recently|lately|today|yesterday|since)\b.*"
        ),
    ),
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
            r")?happened(?! (?:to|with)\b).*|.*\bwhat is new\b.*"
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
        r"|.*\b(?:is|are) (?:everything|all|it all|things) (?:ok|okay|fine|healthy|good|well|up|alright)\b.*"
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
