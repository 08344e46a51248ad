"""The one road from annotations to agreement, consensus, evaluation and comparison."""

from napari_consensus.pipeline.agreement_statistics import (
    AgreementStatistics,
    agreement_statistics,
)
from napari_consensus.pipeline.comparison import Agreement, agreement, raters_per_object
from napari_consensus.pipeline.confused import confused_objects, group_compared
from napari_consensus.pipeline.dropping import Dropped, drop_before
from napari_consensus.pipeline.ensembles import Ensembles, compare_ensembles
from napari_consensus.pipeline.merging import reach_consensus
from napari_consensus.pipeline.method_comparison import MethodComparison, compare
from napari_consensus.pipeline.mixing import MixResult, simulate_mixes
from napari_consensus.pipeline.one_image import of_image, take_image
from napari_consensus.pipeline.rating import Reliability, rate_raters
from napari_consensus.pipeline.rating_intervals import RaterIntervals, rater_intervals
from napari_consensus.pipeline.repeating import reach_again
from napari_consensus.pipeline.scored import Calibration, calibration, evaluate_precision
from napari_consensus.pipeline.scoring import evaluate
from napari_consensus.pipeline.segmentations import (
    Segmentations,
    are_segmentations,
    compare_segmentations,
    without_cut,
)
from napari_consensus.pipeline.sensitivity import Sensitivity, rank_over_settings

__all__ = [
    "Agreement",
    "AgreementStatistics",
    "Calibration",
    "Dropped",
    "Ensembles",
    "MethodComparison",
    "MixResult",
    "RaterIntervals",
    "Reliability",
    "Segmentations",
    "Sensitivity",
    "agreement",
    "agreement_statistics",
    "are_segmentations",
    "calibration",
    "compare",
    "compare_ensembles",
    "compare_segmentations",
    "confused_objects",
    "drop_before",
    "evaluate",
    "evaluate_precision",
    "group_compared",
    "of_image",
    "rank_over_settings",
    "rate_raters",
    "rater_intervals",
    "raters_per_object",
    "reach_again",
    "reach_consensus",
    "simulate_mixes",
    "take_image",
    "without_cut",
]
