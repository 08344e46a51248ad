"""The log of decisions as text, one decision a line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from napari_consensus.adjudication.decision import Action
from napari_consensus.adjudication.history import History

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_consensus.adjudication.log import DecisionLog


def export_log(log: DecisionLog) -> Iterator[str]:
    """Write every decision, undo and redo as one line of JSON, in order.

    Each line also says whether the decision is in force, and where it was dismissed, that.

    Parameters
    ----------
    log
        What was decided.

    Raises
    ------
    ReadError
        Where the log contradicts itself.
    """
    standing = History(log.decisions).in_force()
    in_force = {decision.number for decision in standing}
    dismissed = {held.target for held in standing if held.action is Action.DISMISS}
    for decision in log.decisions:
        document = {"number": decision.number, "time": decision.time, **decision.to_document()}
        document["in_force"] = decision.number in in_force
        if decision.number in dismissed:
            document["dismissed"] = True
        yield json.dumps(document, ensure_ascii=False) + "\n"
