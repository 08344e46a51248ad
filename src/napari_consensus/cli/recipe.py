"""How a consensus is to be reached, as the options of a command say."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_consensus.data.consensus import Consensus
    from napari_consensus.data.study import Study
    from napari_consensus.progress import Progress


def recipe(
    method: str,
    parameters: list[str],
    *,
    costs: Path | None,
    **chosen: Any,  # noqa: ANN401
) -> Callable[[Study, Progress], Consensus]:
    """Check how a consensus is to be reached, before any study is read, and return the way.

    Parameters
    ----------
    method, parameters
        Aggregator, and KEY=VALUE for each parameter given.
    costs
        File of costs for the decision by risk.
    chosen
        Further arguments of `pipeline.reach_consensus`.

    Raises
    ------
    ParameterError
        Where a name or a parameter is unknown.
    """
    from napari_consensus import formats, pipeline
    from napari_consensus.aggregation import make_aggregator

    aggregator = make_aggregator(method, named_values(parameters))
    check_names(**chosen)
    table = None if costs is None else formats.read_costs(costs)

    def reach(study: Study, progress: Progress) -> Consensus:
        return pipeline.reach_consensus(
            study.annotations,
            aggregator,
            severities=study.severities,
            sources=study.sources,
            progress=progress,
            costs=table,
            **chosen,
        )

    return reach


def check_names(**chosen: object) -> None:
    """Check that options name what there is: fusion, ties, exists, decide.

    Raises
    ------
    ParameterError
        Where one does not; it lists what there is.
    """
    from napari_consensus.aggregation.decision import TIE_RULES
    from napari_consensus.aggregation.existence import EXISTENCE_RULES
    from napari_consensus.fusion import FUSIONS
    from napari_consensus.pipeline.deciding import DECISIONS

    there_are = {
        "fusion": FUSIONS,
        "ties": TIE_RULES,
        "exists": EXISTENCE_RULES,
        "decide": DECISIONS,
    }
    for name, known in there_are.items():
        value = chosen.get(name)
        if value is not None and value not in known:
            msg = f"--{name} {value!r} is unknown; there are {', '.join(known)}"
            raise ParameterError(msg)


def named_values(items: Iterable[str], option: str = "-p") -> dict[str, str]:
    """Return the values of an option of the form KEY=VALUE, by key.

    Raises
    ------
    ParameterError
        Where one has another form.
    """
    out = {}
    for item in items:
        key, equals, value = item.partition("=")
        if not equals or not key:
            msg = f"{option} {item!r} must have the form KEY=VALUE"
            raise ParameterError(msg)
        out[key.strip()] = value.strip()
    return out
