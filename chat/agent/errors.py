"""What can end or pause the agent's work. Every text is a plain sentence that people see as it is.

AgentError
├── ModelError      the model could not be asked, or its answer could not be used
├── LimitReached    a bound of this run, or a budget, was met
└── Parked          a person must decide first: the run goes on from its events, nothing is held in memory
"""

TOO_LARGE = "too_large"  # code of a ModelError: the request was longer than the model can read


class AgentError(Exception):
    """Base of the family. `code` is for programs, the text for people."""

    code = "agent_error"


class ModelError(AgentError):
    """`temporary`: whether trying again later can help."""

    def __init__(self, sentence: str, *, code: str = "model_error", temporary: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.temporary = temporary


class LimitReached(AgentError):
    """`temporary`: whether the bound is a later one's again by itself."""

    def __init__(self, sentence: str, *, code: str = "limit_reached", temporary: bool = False) -> None:
        super().__init__(sentence)
        self.code = code
        self.temporary = temporary


class Parked(AgentError):
    code = "parked"
