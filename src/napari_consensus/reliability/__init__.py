"""Which raters to trust, and which objects are hard."""

from napari_consensus.reliability.dropping import (
    WithoutRater,
    drop,
    leave_raters_out,
    without_rater,
)
from napari_consensus.reliability.errors_together import (
    ErrorsTogether,
    PairOfErrors,
    errors_together,
)
from napari_consensus.reliability.intervals import above, inseparable, open_ranks, share_intervals
from napari_consensus.reliability.marking import Marking, describe_marking
from napari_consensus.reliability.objects import (
    MEASURES,
    ObjectNumbers,
    harder_than,
    object_numbers,
    vote_entropy,
)
from napari_consensus.reliability.skills import (
    Skills,
    effective_answers,
    estimate_skills,
    spam_distance,
    spam_score,
)

__all__ = [
    "MEASURES",
    "ErrorsTogether",
    "Marking",
    "ObjectNumbers",
    "PairOfErrors",
    "Skills",
    "WithoutRater",
    "above",
    "describe_marking",
    "drop",
    "effective_answers",
    "errors_together",
    "estimate_skills",
    "harder_than",
    "inseparable",
    "leave_raters_out",
    "object_numbers",
    "open_ranks",
    "share_intervals",
    "spam_distance",
    "spam_score",
    "vote_entropy",
    "without_rater",
]
