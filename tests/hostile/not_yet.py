"""Scripts that do not hold yet, each with what they wait for. One that holds and still stands here is a fault too."""

NOT_YET: dict[str, str] = {}
