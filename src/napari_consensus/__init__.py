"""Agreement and consensus of several raters' annotations.

The public names, each loaded when first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_consensus.aggregation import AGGREGATORS
    from napari_consensus.data.annotations import Annotations, annotations_from_boxes
    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.groups import ObjectGroups
    from napari_consensus.data.raters import RaterKind, RaterSet
    from napari_consensus.data.study import CategoryRule, Study
    from napari_consensus.errors import Cancelled, ConsensusError
    from napari_consensus.evaluation import Evaluation
    from napari_consensus.formats import FORMATS, read, write
    from napari_consensus.fusion import FUSIONS
    from napari_consensus.grouping import group
    from napari_consensus.pipeline import (
        Agreement,
        AgreementStatistics,
        MethodComparison,
        agreement,
        agreement_statistics,
        calibration,
        compare,
        compare_ensembles,
        evaluate,
        evaluate_precision,
        reach_consensus,
    )
    from napari_consensus.report import report
    from napari_consensus.samples import cytology_study, write_sample

__version__ = "0.1.0"

__all__ = [
    "AGGREGATORS",
    "FORMATS",
    "FUSIONS",
    "Agreement",
    "AgreementStatistics",
    "Annotations",
    "Cancelled",
    "CategoryRule",
    "Consensus",
    "ConsensusError",
    "Evaluation",
    "MethodComparison",
    "ObjectGroups",
    "RaterKind",
    "RaterSet",
    "Study",
    "agreement",
    "agreement_statistics",
    "annotations_from_boxes",
    "calibration",
    "compare",
    "compare_ensembles",
    "cytology_study",
    "evaluate",
    "evaluate_precision",
    "group",
    "reach_consensus",
    "read",
    "report",
    "write",
    "write_sample",
]

_HOME = {
    "AGGREGATORS": "aggregation",
    "FORMATS": "formats",
    "FUSIONS": "fusion",
    "Agreement": "pipeline",
    "AgreementStatistics": "pipeline",
    "Annotations": "data.annotations",
    "Cancelled": "errors",
    "CategoryRule": "data.study",
    "Consensus": "data.consensus",
    "ConsensusError": "errors",
    "Evaluation": "evaluation",
    "MethodComparison": "pipeline",
    "ObjectGroups": "data.groups",
    "RaterKind": "data.raters",
    "RaterSet": "data.raters",
    "Study": "data.study",
    "agreement": "pipeline",
    "agreement_statistics": "pipeline",
    "annotations_from_boxes": "data.annotations",
    "calibration": "pipeline",
    "compare": "pipeline",
    "compare_ensembles": "pipeline",
    "cytology_study": "samples",
    "evaluate": "pipeline",
    "evaluate_precision": "pipeline",
    "group": "grouping",
    "reach_consensus": "pipeline",
    "read": "formats",
    "report": "report",
    "write": "formats",
    "write_sample": "samples",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


class _Package(ModuleType):
    """The package, whose public names stay what they are where a folder inside shares one.

    Importing a folder binds it on its package, so the function `agreement` would become the
    folder `agreement` as soon as anything below it was loaded.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
