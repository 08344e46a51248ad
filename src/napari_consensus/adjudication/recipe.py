"""How the consensus under review was reached, kept with the decisions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.data.consensus import Step
from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from napari_consensus.adjudication.log import DecisionLog
    from napari_consensus.data.consensus import Consensus

_KIND = "recipe"


def note_recipe(log: DecisionLog, consensus: Consensus, person: str) -> None:
    """Note how a consensus was reached, where the log does not end on the same."""
    steps = [
        {"action": step.action, "parameters": dict(step.parameters)}
        for step in consensus.provenance.steps
    ]
    stated = log.statements(_KIND)
    if not stated or stated[-1].content != {"steps": steps}:
        log.note(_KIND, person, {"steps": steps})


def recipe_of(log: DecisionLog) -> tuple[Step, ...]:
    """Return the steps of the consensus that was last decided on; none where none was.

    They lead to the same consensus by `pipeline.reach_again`.

    Raises
    ------
    ReadError
        Where they cannot be understood.
    """
    stated = log.statements(_KIND)
    if not stated:
        return ()
    try:
        steps: list[dict[str, Any]] = stated[-1].content["steps"]
        return tuple(Step(step["action"], step["parameters"]) for step in steps)
    except (KeyError, TypeError) as error:
        msg = f"row {stated[-1].number} of the log: the recipe cannot be understood: {error}"
        raise ReadError(msg) from None
