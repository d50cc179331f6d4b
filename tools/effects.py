"""What a tool may do to a cluster: five effects, from harmless to arbitrary."""

from enum import StrEnum


class Effect(StrEnum):
    """Ordered by `rank`; the names are what REST, frames and the audit show."""

    READ = "READ"
    SENSITIVE = "SENSITIVE"  # logs, configuration, environment: reading that may show private things
    CHANGE = "CHANGE"  # reversible
    DESTROY = "DESTROY"
    EXECUTE = "EXECUTE"  # arbitrary code in the cluster

    @property
    def rank(self) -> int:
        return list(Effect).index(self)

    @property
    def writes(self) -> bool:
        """True when a repeat could do something a second time."""
        return self.rank > Effect.SENSITIVE.rank

    def within(self, ceiling: "Effect") -> bool:
        return self.rank <= ceiling.rank
