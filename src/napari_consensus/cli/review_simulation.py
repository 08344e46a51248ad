"""The command that replays a review: simulate-review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.cli import options
from napari_consensus.cli.console import bar, remarks, show_json, show_lines, tell_remarks
from napari_consensus.cli.reading import read_study

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_POINTS = 400


def simulate_review(
    path: options.StudyPath,
    reference: options.Reference = None,
    iou: options.MatchingIou = 0.5,
    method: options.Method = "majority",
    parameters: options.Parameters = [],  # noqa: B006 (typer copies it; a tuple is no list)
    fusion: options.Fusion = "mean",
    grouping_iou: options.GroupingIou = 0.3,
    point_distance: options.PointDistance = 4.0,
    seed: options.Seed = 0,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
    skip_refused: options.SkipRefused = False,
) -> None:
    """Let a reference settle a consensus in several orders: how soon each of them pays."""
    from napari_consensus.cli.recipe import recipe
    from napari_consensus.cli.reference import with_reference
    from napari_consensus.progress import stage
    from napari_consensus.queueing import simulate_review as replay

    reach = recipe(
        method,
        parameters,
        grouping_iou=grouping_iou,
        point_distance=point_distance,
        fusion=fusion,
        costs=None,
    )
    study = read_study(path, skip_refused=skip_refused, quiet=quiet)
    with bar("Replaying a review", quiet=quiet) as progress:
        study, truth = with_reference(study, reference, skip_refused)
        found = replay(
            reach(study, stage(progress, 0, 2)),
            truth,
            minimum_iou=iou,
            seed=seed,
            point_distance=point_distance,
            progress=stage(progress, 1, 2),
        )
    document = {
        "curves": {name: _points(curve) for name, curve in found.curves.items()},
        "decisions_to": {
            f"{100 * share:.0f}": dict(reached) for share, reached in found.decisions_to.items()
        },
        **remarks(study, found.notes),
    }
    if as_json:
        show_json(document)
        return
    ours = found.curves["ours"]
    show_lines(
        [
            f"{len(ours) - 1} decisions, class_f1 {ours[0]:.3f} to {ours[-1]:.3f}",
            *(
                f"{100 * share:.0f} % of the gain after "
                + ", ".join(f"{n} ({name})" for name, n in reached.items())
                for share, reached in found.decisions_to.items()
            ),
        ]
    )
    tell_remarks(document, quiet=quiet)


def _points(curve: NDArray[np.float64]) -> list[list[float]]:
    """Return a curve as [decisions, class_f1], thinned to some hundreds of points."""
    import numpy as np

    at = np.unique(np.linspace(0, len(curve) - 1, min(len(curve), _POINTS)).astype(int))
    return [[int(k), float(curve[k])] for k in at]
