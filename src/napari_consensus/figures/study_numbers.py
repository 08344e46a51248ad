"""The numbers that figures of one study share, each computed once."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from napari_consensus import pipeline
from napari_consensus.errors import UndefinedError
from napari_consensus.pairing import POINT_DISTANCE
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.study import Study


@dataclass(frozen=True, slots=True)
class FigureSettings:
    """How the numbers of figures are made.

    Parameters
    ----------
    minimum_iou, grouping_iou, point_distance
        As in `pipeline.agreement`.
    replicates, seed, clusters
        How often images are drawn again for bands and intervals, the seed of the draws, and
        what each image is drawn together with, by its name.
    method
        Further arguments of `pipeline.reach_consensus`.
    """

    minimum_iou: float = 0.5
    grouping_iou: float = 0.3
    point_distance: float = POINT_DISTANCE
    replicates: int = 1000
    seed: int = 0
    clusters: Mapping[str, str] = field(default_factory=dict)
    method: Mapping[str, Any] = field(default_factory=dict)


class StudyNumbers:
    """Numbers of a study, each computed when it is first asked for.

    Parameters
    ----------
    study
        What raters drew.
    reference
        Annotations of one reference rater; None where there are none.
    settings
        How the numbers are made.

    Attributes
    ----------
    progress
        Reports, and stops where it raises; of what is computed next.
    """

    def __init__(
        self, study: Study, reference: Annotations | None, settings: FigureSettings
    ) -> None:
        self.study, self.settings, self.maybe_reference = study, settings, reference
        self.progress: Progress = silent

    @property
    def reference(self) -> Annotations:
        """The reference; `UndefinedError` without one, as of all that has no value."""
        if self.maybe_reference is None:
            msg = "there is no reference to hold anything against"
            raise UndefinedError(msg)
        return self.maybe_reference

    @cached_property
    def agreement(self) -> pipeline.Agreement:
        """Every two raters at the one threshold."""
        s = self.settings
        found = pipeline.agreement(
            self.study.annotations,
            s.minimum_iou,
            s.grouping_iou,
            point_distance=s.point_distance,
            progress=self.progress,
        )
        if not found.annotations:
            msg = "no rater marked anything"
            raise UndefinedError(msg)
        return found

    @cached_property
    def statistics(self) -> pipeline.AgreementStatistics:
        """Curves, counts and confusions, with intervals."""
        s = self.settings
        if not len(self.study.annotations.voting()):
            msg = "no rater marked anything"
            raise UndefinedError(msg)
        return pipeline.agreement_statistics(
            self.study.annotations,
            None,
            s.minimum_iou,
            s.grouping_iou,
            replicates=s.replicates,
            seed=s.seed,
            clusters=s.clusters,
            severities=self.study.severities,
            image_sizes=self.study.image_sizes,
            point_distance=s.point_distance,
            progress=self.progress,
        )

    @property
    def of_raters(self) -> pipeline.AgreementStatistics:
        """The same, of two raters or more."""
        if not self.statistics.pairs:
            msg = "it needs two raters who read an image in common"
            raise UndefinedError(msg)
        return self.statistics

    @cached_property
    def consensus(self) -> Consensus:
        """What the raters come to."""
        s = self.settings
        return pipeline.reach_consensus(
            self.study.annotations,
            **{
                "grouping_iou": s.grouping_iou,
                "point_distance": s.point_distance,
                "severities": self.study.severities,
                "seed": s.seed,
                **s.method,
            },
            progress=self.progress,
        )

    @cached_property
    def calibration(self) -> pipeline.Calibration:
        """The consensus's probabilities against the reference."""
        s = self.settings
        return pipeline.calibration(
            self.consensus,
            self.reference,
            s.minimum_iou,
            replicates=s.replicates,
            seed=s.seed,
            clusters=s.clusters,
            point_distance=s.point_distance,
            progress=self.progress,
        )
