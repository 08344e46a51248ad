"""Which raters to trust, and which objects are hard."""

from napari_consensus.reliability.dropping import WithoutRater, drop, leave_raters_out
from napari_consensus.reliability.errors_together import (
    ErrorsTogether,
    PairOfErrors,
    errors_together,
)
from napari_consensus.reliability.intervals import open_ranks, share_intervals
from napari_consensus.reliability.marking import Marking, describe_marking
from napari_consensus.reliability.objects import ObjectNumbers, object_numbers
from napari_consensus.reliability.skills import (
    Skills,
    effective_answers,
    estimate_skills,
    spam_distance,
    spam_score,
)

__all__ = [
    "ErrorsTogether",
    "Marking",
    "ObjectNumbers",
    "PairOfErrors",
    "Skills",
    "WithoutRater",
    "describe_marking",
    "drop",
    "effective_answers",
    "errors_together",
    "estimate_skills",
    "leave_raters_out",
    "object_numbers",
    "open_ranks",
    "share_intervals",
    "spam_distance",
    "spam_score",
]
