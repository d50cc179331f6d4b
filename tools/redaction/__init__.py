"""What must never leave a cluster, or this portal, with an answer: by structure, by known values, by pattern, through
encodings. docs/redaction.md lists every exit and the one function that stands at each.

Structure is the promise: an object of kind Secret, at any depth, shows keys, sizes and keyed fingerprints only. Known
values come next: what the portal has once seen in a Secret is masked wherever it turns up later. Patterns catch the
common shapes of credentials; they are the last layer and cannot know every shape.
"""

from tools.redaction.cleaning import data, shapes, text
from tools.redaction.known import learn, learned, use_key
from tools.redaction.logs import MaskedFormatter
from tools.redaction.streams import Filter
from tools.redaction.structure import Seen, shown_in, values_of, without_secrets
from tools.redaction.wishes import arguments

__all__ = [
    "Filter",
    "MaskedFormatter",
    "Seen",
    "arguments",
    "data",
    "learn",
    "learned",
    "shapes",
    "shown_in",
    "text",
    "use_key",
    "values_of",
    "without_secrets",
]
