"""Everything a report tells, computed once, of a study whose names are hidden already."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus import pipeline
from napari_consensus.aggregation import make_aggregator
from napari_consensus.data.annotations import Annotations, Outline
from napari_consensus.data.tasks import are_answers
from napari_consensus.errors import ParameterError, UndefinedError
from napari_consensus.pairing import POINT_DISTANCE, pairs_between
from napari_consensus.pipeline.evaluation_intervals import evaluation_intervals
from napari_consensus.pipeline.privacy import BASIS
from napari_consensus.progress import Progress, silent, stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_consensus.data.consensus import Consensus, Step
    from napari_consensus.data.study import Study
    from napari_consensus.evaluation import Evaluation
    from napari_consensus.report.review import Reviewed
    from napari_consensus.resampling import Estimate

_STAGES = 7
# Outlines of so many pixels, each drawn for itself, are not the same to the last digit: from
# this share on, the reference was made with the raters' outlines at hand.
_TAKEN_OVER = 0.01
_LARGE = 32


@dataclass(frozen=True, slots=True)
class Settings:
    """How the numbers of a report are made.

    Parameters
    ----------
    minimum_iou, grouping_iou, point_distance
        As in `pipeline.agreement`.
    method
        Further arguments of `pipeline.reach_consensus`.
    replicates, seed
        How often images are drawn again, and where the draws begin.
    basis
        What the reference rests on, in words.
    hardest
        How many of the hardest objects are shown.
    """

    minimum_iou: float = 0.5
    grouping_iou: float = 0.3
    point_distance: float = POINT_DISTANCE
    method: Mapping[str, Any] = field(default_factory=dict)
    replicates: int = 1000
    seed: int = 0
    basis: str = ""
    hardest: int = 12

    def __post_init__(self) -> None:
        if self.replicates < 0 or self.hardest < 0:
            msg = f"replicates ({self.replicates}) and hardest ({self.hardest}) must not be below 0"
            raise ParameterError(msg)


@dataclass(frozen=True, slots=True, eq=False)
class AgainstReference:
    """The consensus held against a reference.

    Parameters
    ----------
    table
        The reference.
    basis
        What it rests on; "" where nobody said.
    taken_over
        Share of its outlines that equal one of a rater, or of the consensus, to the last
        digit; of those large enough that this is no chance.
    evaluation, intervals
        Numbers, and the same with intervals by name.
    calibration
        Whether the consensus is as sure as it should be.
    """

    table: Annotations
    basis: str
    taken_over: float
    evaluation: Evaluation
    intervals: Mapping[str, Estimate]
    calibration: pipeline.Calibration

    @property
    def helped(self) -> bool:
        """Whether the reference was made with the raters' outlines at hand."""
        return self.taken_over >= _TAKEN_OVER


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """Everything a report tells.

    Parameters
    ----------
    study
        What was read, names hidden or not.
    settings
        How the numbers are made.
    clusters
        What images belong to, by name.
    agreement, statistics
        Of raters with each other.
    segmentations
        Of masks; None for other outlines.
    consensus
        What the raters come to.
    against
        The same held against the reference; None without one.
    reliability, rater_intervals
        Of raters and objects, and how far raters' numbers would move with other images.
    reviewed
        What experts decided; None without decisions.
    """

    study: Study
    settings: Settings
    clusters: Mapping[str, str]
    agreement: pipeline.Agreement
    statistics: pipeline.AgreementStatistics
    segmentations: pipeline.Segmentations | None
    consensus: Consensus
    against: AgainstReference | None
    reliability: pipeline.Reliability
    rater_intervals: pipeline.RaterIntervals
    reviewed: Reviewed | None = None

    @property
    def voting(self) -> Annotations:
        """What people and models drew."""
        return self.reliability.groups.annotations

    @property
    def no_interval(self) -> str:
        """Why a number has no interval, where none has."""
        if not self.settings.replicates:
            return "images were not drawn again (--bootstrap 0)"
        if self.statistics.units < 2:
            return "one image or cluster: there is nothing to draw again"
        return "no draw of images gave the number a value"

    @property
    def has_categories(self) -> bool:
        """Whether any rater named what they marked."""
        return bool((self.voting.category >= 0).any())

    @property
    def places(self) -> bool:
        """Whether marks lie somewhere; answers to whole images do not."""
        return not are_answers(self.voting)

    @property
    def points(self) -> bool:
        """Whether any mark is a point, so that distance stands for overlap."""
        return bool((self.voting.kind == Outline.POINT).any())


def find(
    study: Study,
    reference: Annotations | None,
    settings: Settings,
    clusters: Mapping[str, str],
    steps: Sequence[Step] = (),
    *,
    progress: Progress = silent,
) -> Findings:
    """Compute everything.

    Parameters
    ----------
    study, reference
        What was read, and what it is held against.
    settings
        How.
    clusters
        What images belong to, by name.
    steps
        Of the consensus that experts decided on, where they did; it is reached again.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    UndefinedError
        Where no rater marked anything.
    ParameterError
        Where a setting is out of range or a name unknown.
    """
    table = study.annotations
    if not len(table.voting()):
        msg = "no rater of the study marked anything: there is nothing to report on"
        raise UndefinedError(msg)
    step = [stage(progress, k, _STAGES) for k in range(_STAGES)]
    consensus = consensus_of(study, settings, steps, progress=step[0])
    # Decisions may be about objects of another grouping; then all of the page is.
    grouped = next(s for s in consensus.provenance.steps if s.action == "group").parameters
    settings = replace(
        settings,
        grouping_iou=float(grouped["minimum_iou"] or 0),
        point_distance=float(grouped["point_distance"] or 0),
    )
    common: dict[str, Any] = {
        "grouping_iou": settings.grouping_iou,
        "point_distance": settings.point_distance,
    }
    found = pipeline.agreement(table, settings.minimum_iou, **common, progress=step[1])
    statistics = pipeline.agreement_statistics(
        table,
        reference,
        settings.minimum_iou,
        **common,
        replicates=settings.replicates,
        seed=settings.seed,
        clusters=clusters,
        severities=study.severities,
        image_sizes=study.image_sizes,
        progress=step[2],
    )
    masks = None
    if pipeline.are_segmentations(table):
        masks = pipeline.compare_segmentations(
            table,
            study.image_sizes,
            replicates=settings.replicates,
            seed=settings.seed,
            clusters=clusters,
            progress=step[3],
        )
    rated = pipeline.rate_raters(
        table,
        reference,
        _method(consensus),
        **common,
        minimum_iou=settings.minimum_iou,
        severities=study.severities,
        progress=step[4],
    )
    return Findings(
        study=study,
        settings=settings,
        clusters=clusters,
        agreement=found,
        statistics=statistics,
        segmentations=masks,
        consensus=consensus,
        against=None
        if reference is None
        else _against(consensus, reference, settings, clusters, step[5]),
        reliability=rated,
        rater_intervals=pipeline.rater_intervals(
            rated, settings.replicates, settings.seed, clusters, progress=step[6]
        ),
    )


def consensus_of(
    study: Study, settings: Settings, steps: Sequence[Step] = (), *, progress: Progress = silent
) -> Consensus:
    """Reach the consensus that the settings say, or that of earlier steps where there are any."""
    if steps:
        return pipeline.reach_again(
            steps, study.annotations, sources=study.sources, progress=progress
        )
    return pipeline.reach_consensus(
        study.annotations,
        **{
            "grouping_iou": settings.grouping_iou,
            "point_distance": settings.point_distance,
            "severities": study.severities,
            "seed": settings.seed,
            **settings.method,
        },
        sources=study.sources,
        progress=progress,
    )


def _method(consensus: Consensus) -> Any:  # noqa: ANN401 (an aggregator, whose kind is not known)
    """Make the aggregator of a consensus again, from its provenance."""
    said = next(s for s in consensus.provenance.steps if s.action == "aggregate").parameters
    given = {k: v for k, v in said.items() if k != "method" and v is not None}
    return make_aggregator(str(said["method"]), given)


def _against(
    consensus: Consensus,
    reference: Annotations,
    settings: Settings,
    clusters: Mapping[str, str],
    progress: Progress,
) -> AgainstReference:
    draws: dict[str, Any] = {
        "replicates": settings.replicates,
        "seed": settings.seed,
        "clusters": clusters,
    }
    found = pipeline.evaluate(
        consensus, reference, settings.minimum_iou, point_distance=settings.point_distance
    )
    stated = (
        reference.raters.statements[name].other.get(BASIS, "")
        for name in reference.raters.names
        if name in reference.raters.statements
    )
    return AgainstReference(
        table=reference,
        basis=settings.basis or "; ".join(text for text in stated if text),
        taken_over=_taken_over(consensus, reference, settings.point_distance),
        evaluation=found,
        intervals=evaluation_intervals(found.counts, **draws, progress=progress),
        calibration=pipeline.calibration(
            consensus,
            reference,
            settings.minimum_iou,
            point_distance=settings.point_distance,
            **draws,
        ),
    )


def _taken_over(consensus: Consensus, reference: Annotations, point_distance: float) -> float:
    """Share of the reference's large outlines that equal one of a rater or the consensus."""
    large = ((reference.bounds[:, 2:] - reference.bounds[:, :2]) >= _LARGE).all(axis=1)
    if not large.any():
        return 0.0
    taken = np.zeros(len(reference), np.bool_)
    for table in (consensus.groups.annotations, consensus.shapes):
        pairs = pairs_between(table, reference, 0.5, point_distance=point_distance)
        same = (table.bounds[pairs.first] == reference.bounds[pairs.second]).all(axis=1)
        taken[pairs.second[same & (pairs.iou == 1)]] = True
    return float(taken[large].mean())


def with_review(findings: Findings, reviewed: Reviewed | None) -> Findings:
    """Return findings with what experts decided."""
    return replace(findings, reviewed=reviewed)
