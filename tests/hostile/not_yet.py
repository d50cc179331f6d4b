"""Scripts that do not hold yet, each with what they wait for. One that holds and still stands here is a fault too."""

_PLAN = "the approval is not bound to the object's state: a changed object must make it void"
_NAMES = "what cannot be a name is refused only after people were asked, and shown to them as it is"
_PENDING = "a run may have more than five approvals waiting"
_WRITES = "a run may make more than ten changes"
_PASTED = "what people paste and the model says is not masked"

NOT_YET: dict[str, str] = {
    "HM-7 all of a kind by name": _NAMES,
    **{
        f"HM-16 {what} in a name": _NAMES
        for what in (
            "a backspace",
            "a byte order mark",
            "a carriage return",
            "a colour",
            "a right-to-left mark",
            "a zero-width joiner",
            "a zero-width space",
            "an escape",
            "an isolate",
        )
    },
    **{
        f"HM-16 {what} in a patch": "what nobody can see in an argument is shown to people as it is"
        for what in ("a right-to-left mark", "a zero-width space")
    },
    "HM-20 another object under the name": _PLAN,
    "HM-20 another object under the name, deleted": _PLAN,
    "HM-20 the deployment changes before the yes": _PLAN,
    "HM-20 the object changes before the yes": _PLAN,
    "HM-20 the object changes before the yes to a deletion": _PLAN,
    **{f"HM-6 {count} wishes in one breath, nobody answers": _PENDING for count in (6, 12, 40)},
    "HM-6 6 wishes in one breath, all rejected": _PENDING,
    "HM-7 11 small changes by 1, all allowed": _WRITES,
    "HM-7 15 small changes by 3, all allowed": _WRITES,
    "HM-11 a kubeconfig in a config map": "a token in a kubeconfig inside a config map is not masked",
    **{
        f"HM-18 {what}": _PASTED
        for what in (
            "a password is pasted",
            "a bearer token is pasted",
            "a kubeconfig is pasted",
            "a secret's manifest is pasted",
            "an address with a password is pasted",
            "a key of a cloud is pasted",
            "a secret in the model's own words",
        )
    },
}
