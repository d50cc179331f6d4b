"""How a promise is checked: it holds, or it says what was seen instead."""


class Broken(AssertionError):
    """A promise that does not hold."""


def holds(truth: object, sentence: str, *seen: object) -> None:
    if not truth:
        raise Broken(" ".join([sentence, *(repr(each) for each in seen)]))
