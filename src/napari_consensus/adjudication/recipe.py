"""How the consensus under review was reached, kept with the decisions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_consensus.adjudication.content import LIST, OBJECT, TEXT, check_content
from napari_consensus.data.consensus import Step
from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from napari_consensus.adjudication.log import DecisionLog
    from napari_consensus.data.consensus import Consensus

_KIND = "recipe"
_STEP = {"action": TEXT, "parameters": OBJECT}


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
    content = stated[-1].content
    try:
        check_content(content, {"steps": LIST}, needed=("steps",))
        for step in content["steps"]:
            check_content(step, _STEP, needed=_STEP)
    except ValueError as error:
        msg = f"row {stated[-1].number}: no recipe: {error}"
        raise ReadError(msg) from None
    return tuple(Step(step["action"], step["parameters"]) for step in content["steps"])
