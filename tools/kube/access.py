"""How to reach one cluster, and as whom: what a kubeconfig comes down to."""

from dataclasses import dataclass, field, replace

from tools.kube.identity import ActsAs

_TELLTALE = 8  # signs; a shorter word would be masked where it stands for itself


@dataclass(frozen=True, slots=True)
class Access:
    """How to reach one cluster, as one identity. PEM texts are in memory; `token_file` is read for each request.

    acts_as: whom requests are made for; no_changes: why this identity changes nothing, as a sentence; renewal: what to
    do when the cluster no longer takes the credentials; guarded: names are not followed to forbidden addresses;
    questionable: fields an administrator should know of; run_id, call_id: told to the cluster, no part of who asks.
    """

    name: str
    server: str
    namespace: str = "default"
    ca_data: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    token_file: str = ""
    client_certificate: str = field(default="", repr=False)
    client_key: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    tls_server_name: str = ""
    insecure: bool = False
    identity: str = ""
    proxy: str = field(default="", repr=False)
    acts_as: ActsAs | None = None
    no_changes: str = ""
    guarded: bool = False
    loopback: bool = False
    questionable: tuple[str, ...] = ()
    renewal: str = field(default="", compare=False)
    run_id: str = field(default="", compare=False)
    call_id: str = field(default="", compare=False)

    @property
    def secrets(self) -> set[str]:
        """What must not come back in anything that is told, should a server echo it."""
        return {value for value in (self.token, self.password) if len(value) >= _TELLTALE}

    @property
    def wire(self) -> "Access":
        """The same without who asks: what connections are shared by."""
        return replace(
            self, namespace="", token="", token_file="", username="", password="", identity="", acts_as=None,
            no_changes="", questionable=(),
        )  # fmt: skip
