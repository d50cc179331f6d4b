"""What can go wrong between us and a cluster. Every text is a plain sentence with the next step, shown as it is.

KubeError
├── BadKubeconfig     the file that says how to reach a cluster cannot be used
├── BadInput          a name, selector or manifest that no API server would take; nothing was sent
├── NoIdentity       the person has no identity in this cluster; nothing was sent
├── NotPermitted      the guard refused: no permit, another cluster, or more than the permit allows; nothing was sent
├── NotSent           too late, or no longer wanted, at the last moment; nothing was sent
├── Unreachable       no connection; nothing was sent
├── NotAuthenticated  401: the credentials are wrong or have expired
├── Forbidden         403: this identity may not do that
├── NotFound          404: there is no such object
│   └── UnknownKind   the cluster does not serve such a kind
├── Conflict          409: it changed meanwhile, exists already, or another manager owns the field
├── Gone              410: the place in a long list has expired
├── Invalid           400 or 422: the API server says what is wrong with the request
├── Unsupported       405, 406, 415, 501: this cluster cannot do that
├── Busy              429 or 503: try again later
│   └── Blocked       429: a PodDisruptionBudget does not let this pod go now
├── TooLarge          the answer is larger than we are willing to hold
├── BadAnswer         what answered does not speak Kubernetes, or failed without saying why
├── PartlyDone        some of several changes were made, others failed; the text lists each
└── Ambiguous         a write was sent and no answer came: it may have happened. Never sent again
"""


class KubeError(Exception):
    """Base of the family. `code` is for programs, the text for people. `temporary`: the same may succeed soon."""

    code = "cluster_error"
    temporary = False

    @property
    def sentence(self) -> str:
        return str(self)


class BadKubeconfig(KubeError):
    code = "bad_kubeconfig"


class BadInput(KubeError):
    code = "bad_input"


class NotPermitted(KubeError):
    code = "not_permitted"


class NoIdentity(KubeError):
    code = "no_identity"


class NotSent(KubeError):
    code = "not_sent"
    temporary = True


class Unreachable(KubeError):
    code = "unreachable"
    temporary = True


class NotAuthenticated(KubeError):
    code = "not_authenticated"


class Forbidden(KubeError):
    """`verb`, `resource`, `namespace`: what the cluster's own rules would have to grant."""

    code = "forbidden"

    def __init__(self, sentence: str, verb: str = "", resource: str = "", namespace: str = "") -> None:
        super().__init__(sentence)
        self.verb = verb
        self.resource = resource
        self.namespace = namespace


class NotFound(KubeError):
    code = "not_found"


class UnknownKind(NotFound):
    code = "unknown_kind"


class Conflict(KubeError):
    """`reason` as the API server gave it: AlreadyExists, Conflict. Only the latter passes."""

    code = "conflict"

    def __init__(self, sentence: str, reason: str = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        self.temporary = reason != "AlreadyExists"


class Gone(KubeError):
    code = "gone"
    temporary = True


class Invalid(KubeError):
    code = "invalid"


class Unsupported(KubeError):
    code = "unsupported"


class Busy(KubeError):
    code = "busy"
    temporary = True


class Blocked(Busy):
    code = "blocked"


class TooLarge(KubeError):
    code = "too_large"


class BadAnswer(KubeError):
    code = "bad_answer"
    temporary = True


class PartlyDone(KubeError):
    """`data`: the same as JSON, for programs."""

    code = "partly_done"

    def __init__(self, sentence: str, data: object = None) -> None:
        super().__init__(sentence)
        self.data = data


class Ambiguous(KubeError):
    code = "ambiguous"
    temporary = True
