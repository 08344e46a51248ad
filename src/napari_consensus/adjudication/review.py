"""A review: one adjudicator settles the objects of a consensus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_consensus.adjudication.binding import Evidence
from napari_consensus.adjudication.decision import Action, Check, Decision, Shape, shape_of
from napari_consensus.adjudication.history import History
from napari_consensus.adjudication.log import DecisionLog
from napari_consensus.adjudication.recipe import note_recipe
from napari_consensus.adjudication.standing import SETTLED, Affected, Standing, Verdict
from napari_consensus.errors import ParameterError
from napari_consensus.progress import Progress, silent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_consensus.data.consensus import Consensus

_AT_ONCE = 1000  # decisions replayed between two reports


class Review:
    """The decisions of a log over a consensus that never changes, and how to add to them.

    Every method that decides has committed when it returns. Where that fails it raises
    `WriteError`, and the decision holds all the same: it is in the log's memory, to be stored
    with the next one or where `log.move_to` says. All take the keywords of `Decision` that say
    how it came about: `text`, `blind`, `seconds`, `check` and `batch`.

    Parameters
    ----------
    consensus
        What is reviewed.
    log
        What was decided so far; by default nothing, in memory.
    adjudicator
        Who decides.
    progress
        Reports, and stops where it raises.

    Raises
    ------
    ReadError
        Where the log contradicts itself.
    """

    def __init__(
        self,
        consensus: Consensus,
        log: DecisionLog | None = None,
        *,
        adjudicator: str,
        progress: Progress = silent,
    ) -> None:
        self.consensus = consensus
        self.log = DecisionLog() if log is None else log
        self.adjudicator = adjudicator
        self.evidence = Evidence(consensus)
        self._history = History(self.log.decisions)
        self._standing = Standing(self.evidence)
        decisions = self._history.in_force()
        for start in range(0, len(decisions), _AT_ONCE):
            progress(start, len(decisions))
            self._standing.apply(decisions[start : start + _AT_ONCE])

    # What stands.

    @property
    def affected(self) -> tuple[Affected, ...]:
        """Decisions whose ground has changed, to look at again."""
        return self._standing.affected

    @property
    def dismissed(self) -> tuple[Affected, ...]:
        """Decisions whose ground has changed, and that somebody let go of.

        Should their annotations come back, so do they.
        """
        return self._standing.dismissed

    @property
    def decided(self) -> tuple[int, ...]:
        """Ids of the objects of the consensus that decisions in force are about."""
        return self._standing.decided

    @property
    def made(self) -> tuple[int, ...]:
        """Ids of the objects that decisions in force have made."""
        return self._standing.made

    @property
    def can_undo(self) -> bool:
        """Whether there is a step to take back."""
        return bool(self._history.done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a step to do again."""
        return bool(self._history.undone)

    def in_force(self) -> list[Decision]:
        """Return the decisions that are not taken back, in the order they were made.

        Those to be looked at again are among them.
        """
        return [self._standing.now(decision) for decision in self._history.in_force()]

    def verdict(self, object_id: int) -> Verdict:
        """How an object stands."""
        return self._standing.verdict(object_id)

    def is_settled(self, object_id: int) -> bool:
        """Whether an object is kept, rejected or replaced."""
        return self.verdict(object_id) in SETTLED

    def about(self, object_id: int) -> tuple[Decision, ...]:
        """Decisions in force about an object, in order, the one that made it first."""
        return self._standing.about(object_id)

    def last(self, object_id: int) -> Decision | None:
        """Return the decision that settles an object or leaves it unsure; None where open."""
        return self._standing.last(object_id)

    def shape(self, object_id: int) -> Shape:
        """Return the outline and category of an object as they stand now.

        Of a rejected or replaced object, those it had before.

        Raises
        ------
        ParameterError
            Where there is no such object.
        """
        decided = self._standing.shape(object_id)
        if decided is not None:
            return decided
        return shape_of(self.consensus.shapes, self._row(object_id))

    def image(self, object_id: int) -> str:
        """Name of the image an object lies on."""
        maker = self._standing.maker(object_id)
        if maker is not None:
            return maker.image
        shapes = self.consensus.shapes
        code = int(shapes.image[self._row(object_id)])
        return shapes.images[code]

    def members(self, object_id: int) -> dict[str, Shape]:
        """Return what each rater drew of an object, by the rater's name."""
        table = self.consensus.groups.annotations
        rows = self.evidence.members(object_id)
        return {table.raters.names[table.rater[row]]: shape_of(table, row) for row in rows}

    # What is decided.

    def accept(self, object_id: int, **how: Any) -> Decision:  # noqa: ANN401
        """Keep an object as it stands."""
        return self._decide(Action.ACCEPT, object_id, (self._shown(object_id, how),), how)

    def accept_all(
        self, object_ids: Sequence[int], *, batch: str, sample: Sequence[int] = ()
    ) -> tuple[Decision, ...]:
        """Keep objects as they stand, all as one step.

        Parameters
        ----------
        object_ids
            Objects to keep.
        batch
            Name of the batch, not used before.
        sample
            Objects of the batch that were drawn at random, to be decided by hand with
            `check=Check.AUDIT`. They stay open; the log holds that they were drawn.
        """
        how = {"batch": batch}
        kept = [self._decision(Action.ACCEPT, (k,), (self.shape(k),), how) for k in object_ids]
        drawn = [self._decision(Action.SAMPLE, (k,), (), how) for k in sample]
        return self._append([*kept, *drawn])

    def take(self, object_id: int, rater: str, **how: Any) -> Decision:  # noqa: ANN401
        """Keep an object as one rater drew and called it."""
        members = self.members(object_id)
        if rater not in members:
            msg = f"{rater!r} did not mark this object; {', '.join(members) or 'no rater'} did"
            raise ParameterError(msg)
        return self._decide(Action.TAKE, object_id, (members[rater],), {"rater": rater, **how})

    def reject(self, object_id: int, **how: Any) -> Decision:  # noqa: ANN401
        """Say that there is no such object."""
        return self._decide(Action.REJECT, object_id, (), how)

    def redraw(self, object_id: int, shape: Shape, **how: Any) -> Decision:  # noqa: ANN401
        """Keep an object with another outline and category."""
        return self._decide(Action.REDRAW, object_id, (shape,), how)

    def relabel(self, object_id: int, category: str, **how: Any) -> Decision:  # noqa: ANN401
        """Keep an object's outline with another category."""
        now = self._shown(object_id, how)
        shape = Shape(category, now.kind, now.rings)
        return self._decide(Action.RELABEL, object_id, (shape,), how)

    def unsure(self, object_id: int, **how: Any) -> Decision:  # noqa: ANN401
        """Leave an object open, as looked at."""
        return self._decide(Action.UNSURE, object_id, (), how)

    def comment(self, object_id: int, text: str, **how: Any) -> Decision:  # noqa: ANN401
        """Remark on an object; it stands as before."""
        return self._decide(Action.COMMENT, object_id, (), {"text": text, **how})

    def merge(self, object_ids: Sequence[int], shape: Shape, **how: Any) -> Decision:  # noqa: ANN401
        """Say that several objects are one.

        Raises
        ------
        ParameterError
            Where they are fewer than two, or not of one image.
        """
        images = {self.image(k) for k in object_ids}
        if len(set(object_ids)) < 2 or len(images) > 1:
            msg = "merging needs two or more objects of one image"
            raise ParameterError(msg)
        return self._append(
            [self._decision(Action.MERGE, tuple(dict.fromkeys(object_ids)), (shape,), how)]
        )[0]

    def split(self, object_id: int, shapes: Sequence[Shape], **how: Any) -> Decision:  # noqa: ANN401
        """Say that an object is several.

        Raises
        ------
        ParameterError
            Where fewer than two are named.
        """
        if len(shapes) < 2:
            msg = f"splitting needs two or more outlines; {len(shapes)} given"
            raise ParameterError(msg)
        return self._decide(Action.SPLIT, object_id, tuple(shapes), how)

    def add(self, image: str, shape: Shape, **how: Any) -> Decision:  # noqa: ANN401
        """Add an object that all raters missed.

        Raises
        ------
        ParameterError
            Where there is no such image.
        """
        if image not in self.consensus.shapes.images:
            msg = f"no image is named {image!r}"
            raise ParameterError(msg)
        judged = self.evidence.judged(self.evidence.at(image, shape))
        return self._append(
            [
                Decision(
                    Action.ADD, self.adjudicator, image=image, shapes=(shape,), judged=judged, **how
                )
            ]
        )[0]

    def dismiss(self, number: int, **how: Any) -> Decision:  # noqa: ANN401
        """Let go of a decision whose ground has changed: it is not to be looked at again.

        What lies there now stays as it stands.

        Parameters
        ----------
        number
            Place of the decision in the log.
        **how
            As of every decision.

        Raises
        ------
        ParameterError
            Where no such decision is to be looked at again.
        """
        held = next((a.decision for a in self.affected if a.decision.number == number), None)
        if held is None:
            msg = f"decision {number} is not to be looked at again, so it cannot be dismissed"
            raise ParameterError(msg)
        return self._append(
            [Decision(Action.DISMISS, self.adjudicator, image=held.image, target=number, **how)]
        )[0]

    def undo(self) -> tuple[Decision, ...]:
        """Take back the last step in force; returns its decisions, none where there is none."""
        return self._turn(Action.UNDO, self._history.done)

    def redo(self) -> tuple[Decision, ...]:
        """Do the last step taken back again; returns its decisions."""
        return self._turn(Action.REDO, self._history.undone)

    def _turn(self, action: Action, steps: list[list[Decision]]) -> tuple[Decision, ...]:
        if not steps:
            return ()
        step = tuple(steps[-1])
        self._append([Decision(action, self.adjudicator, target=step[0].number)])
        return step

    def _decide(
        self, action: Action, object_id: int, shapes: tuple[Shape, ...], how: dict[str, Any]
    ) -> Decision:
        return self._append([self._decision(action, (object_id,), shapes, how)])[0]

    def _decision(
        self,
        action: Action,
        object_ids: tuple[int, ...],
        shapes: tuple[Shape, ...],
        how: dict[str, Any],
    ) -> Decision:
        rows = [row for held in object_ids for row in self.evidence.members(held)]
        return Decision(
            action,
            self.adjudicator,
            image=self.image(object_ids[0]),
            objects=object_ids,
            shapes=shapes,
            judged=self.evidence.judged(rows),
            **how,
        )

    def _append(self, decisions: list[Decision]) -> tuple[Decision, ...]:
        """Put decisions in force and store them; they are in force even if storing fails."""
        note_recipe(self.log, self.consensus, self.adjudicator)
        try:
            self.log.append(decisions)
        finally:
            numbered = self.log.last(len(decisions))
            for decision in numbered:
                step = self._history.add(decision)
                if decision.action is Action.UNDO:
                    self._standing.take_back(step)
                else:
                    self._standing.apply(step)
        return numbered

    def _shown(self, object_id: int, how: dict[str, Any]) -> Shape:
        """Return what the adjudicator sees; of an object shown again, the consensus as at first."""
        if how.get("check") is Check.REPEAT:
            return shape_of(self.consensus.shapes, self._row(object_id))
        return self.shape(object_id)

    def _row(self, object_id: int) -> int:
        row = self.evidence.row(object_id)
        if row < 0:
            msg = f"there is no object {object_id} in this consensus"
            raise ParameterError(msg)
        return row
