"""A consensus reached again, as the steps of an earlier one say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_consensus.aggregation import make_aggregator
from napari_consensus.errors import ReadError
from napari_consensus.pipeline.dropping import DROP, drop_again
from napari_consensus.pipeline.merging import reach_consensus
from napari_consensus.pipeline.one_image import TAKE, take_again
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.data.annotations import Annotations
    from napari_consensus.data.consensus import Consensus, Source, Step


def reach_again(
    steps: Sequence[Step],
    annotations: Annotations,
    *,
    sources: tuple[Source, ...] = (),
    progress: Progress = silent,
) -> Consensus:
    """Reach a consensus with the parameters of an earlier one.

    Parameters
    ----------
    steps
        Steps of the provenance of a consensus that `reach_consensus` made.
    annotations
        What raters drew; the same annotations lead to the same consensus.
    sources
        The files the annotations came from, for the provenance.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where the steps are not those of a consensus, or name an image that is not there.
    """
    said: dict[str, dict[str, Any]] = {step.action: dict(step.parameters) for step in steps}
    try:
        method = said["aggregate"].pop("method")
        arguments = {
            "aggregator": make_aggregator(str(method), _given(said["aggregate"])),
            "grouping_iou": float(said["group"]["minimum_iou"]),
            "point_distance": float(said["group"]["point_distance"]),
            "exists": said["exists"]["method"],
            "fusion": said["fuse"]["method"],
            "minimum_support": int(said["keep"]["minimum_support"]),
            "minimum_exists": float(said["keep"]["minimum_exists"]),
            **_decision(said["decide"]),
        }
        earlier: tuple[Step, ...] = ()
        for step in steps:
            if step.action in _EARLIER:
                annotations, done = _EARLIER[step.action](annotations, step.parameters)
                earlier += (done,)
    except (KeyError, TypeError, ValueError) as error:
        why = f"{error} is missing" if isinstance(error, KeyError) else error
        msg = f"these are not the steps of a consensus of these annotations: {why}"
        raise ReadError(msg) from None
    return reach_consensus(
        annotations, **arguments, sources=sources, earlier=earlier, progress=progress
    )


# What is done to annotations before they are grouped.
_EARLIER = {TAKE: take_again, DROP: drop_again}


def _given(parameters: dict[str, Any]) -> dict[str, str | int | float]:
    return {name: value for name, value in parameters.items() if value is not None}


def _decision(parameters: dict[str, Any]) -> dict[str, Any]:
    """Arguments of `reach_consensus` from those `decision_rule` stated."""
    arguments: dict[str, Any] = {"decide": parameters["by"], "ties": parameters["ties"]}
    if "seed" in parameters:
        arguments["seed"] = parameters["seed"]
    if "severities" in parameters:
        arguments["severities"] = json.loads(parameters["severities"])
    if "costs" in parameters:
        costs = json.loads(parameters["costs"])
        of_pairs = all(isinstance(held, dict) for held in costs.values())
        arguments["costs" if of_pairs else "severities"] = costs
    return arguments
