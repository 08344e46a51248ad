"""What the Raters dock's tables say of raters: each number, its interval, and what it means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from napari_consensus._napari.rated import Rated
from napari_consensus._napari.table_view import Column
from napari_consensus._napari.tables import AGREEMENT_IOU, GROUPING_IOU
from napari_consensus.reliability import inseparable

_EXACT = "In dashes: the exact 95 % interval (Clopper and Pearson)."
_GROUPED = "Sorting goes by groups of overlapping intervals, not by the number."
_ALONE = "It has no interval: small differences mean nothing."
_DRAWN = "In dashes: 95 % interval over images drawn again."
_BY = "by what all raters together say"
_MOST_NAMES = 6
_STATED = ("qualification", "years", "role", "certification")


def rater_columns(rated: Rated, colours: Sequence[str]) -> list[Column]:
    """Columns of the table of raters.

    Parameters
    ----------
    rated
        What is known of them.
    colours
        #RRGGBB of each.
    """
    found = rated.found
    return [
        Column("Rater", rated.names, colours=colours),
        Column(
            "Rank",
            [_rank(*pair) for pair in found.ranks.tolist()],
            f"The ranks that the intervals of {found.ranked_by} leave open: nobody is placed\n"
            "before another whose interval overlaps.",
            groups=inseparable(found.intervals),
        ),
        *_by_rank(rated),
        *_skill(rated),
        *_marking(rated),
        *_statements(rated),
    ]


def confusion_columns(rated: Rated, rater: int) -> list[Column]:
    """Columns of one rater's confusion matrix: a row for each category there is."""
    skills, categories = rated.found.skills, rated.found.groups.annotations.categories
    matrix, behind = skills.known_confusion(rater), skills.effective[rater]
    shown = np.flatnonzero(~np.isnan(matrix).all(axis=1))
    often = np.flatnonzero((np.nan_to_num(matrix) >= 0.005).any(axis=0))
    called = np.union1d(shown, often).tolist()
    return [
        Column("Is", [categories[k] for k in shown], "The category, as all raters together say it"),
        Column(
            "Answers",
            behind[shown],
            "Effective number of answers behind the row: how many objects of this category the\n"
            "rater is expected to have named. Rows with less than one are left out.",
            1,
        ),
        *(
            Column(
                categories[k],
                matrix[shown, k],
                f"Share of the objects of a row that the rater calls {categories[k]}\n"
                "(confusion matrix of Dawid-Skene).",
                heat=True,
            )
            for k in called
        ),
    ]


def error_columns(rated: Rated, rater: int, colours: Sequence[str]) -> list[Column]:
    """Columns of how one rater's errors go with those of each other."""
    errors, name = rated.found.errors, rated.names[rater]
    pairs = errors.of(rater)
    others = [pair.b if pair.a == name else pair.a for pair in pairs]
    place = dict(zip(rated.names, colours, strict=True))
    spans = np.array([(pair.low, pair.high) for pair in pairs]).reshape(-1, 2)
    return [
        Column("With", others, colours=[place[other] for other in others]),
        Column(
            "Correlation",
            np.array([pair.correlation for pair in pairs], np.float64),
            "Of being wrong, from -1 to 1: 0 are independent errors, 1 the same ones.\n"
            "In dashes: Fisher's 95 % interval.",
            spans=spans,
            groups=_rising(spans),
        ),
        Column("Both wrong", [pair.both_wrong for pair in pairs], "Objects both named wrong"),
        Column(
            "Objects",
            [pair.objects for pair in pairs],
            "Objects both named, whose category is known",
        ),
    ]


def _by_rank(rated: Rated) -> list[Column]:
    """Return what raters are ranked by, whom they cannot be told from, and the reference."""
    found, against = rated.found, rated.found.against
    apart = Column(
        "Not separable from",
        [_listed(found.beside(k), rated.names) for k in range(len(rated.names))],
        f"Whose interval of {found.ranked_by} overlaps",
    )
    if against is None:
        return [_one_coin(rated), apart]
    at = f"one to one at IoU > {AGREEMENT_IOU:.2f}, on images both read"
    return [
        _share(
            "Accuracy",
            (against.accuracy, against.interval),
            f"Equal categories among the annotations that match the reference, {at}.",
        ),
        apart,
        _share(
            "Found", against.recall, f"Share of the reference's objects that were marked, {at}."
        ),
        _share(
            "Right",
            against.precision,
            f"Share of the annotations that match the reference, {at}.",
        ),
        _one_coin(rated),
    ]


def _one_coin(rated: Rated) -> Column:
    skills = rated.found.skills
    return _share(
        "Skill",
        (skills.skill, skills.skill_interval),
        f"Probability that an answer is right, {_BY} (one-coin Dawid-Skene).",
    )


def _skill(rated: Rated) -> list[Column]:
    skills, drawn = rated.found.skills, rated.drawn
    return [
        Column("Ability", skills.ability, f"Of GLAD, {_BY}: 0 guesses, below 0 misleads. {_ALONE}"),
        _over_images(
            "Trace",
            skills.trace,
            None if drawn is None else drawn.trace,
            "Sum of the diagonal of the confusion matrix, from 0 to the number of categories.",
        ),
        _over_images(
            "Spam score",
            skills.spam_score,
            None if drawn is None else drawn.spam_score,
            "0: the answers do not depend on what is there; 1: every answer tells the category.\n"
            "As peerannot has it, Raykar and Yu's distance over K - 1.",
        ),
        _over_images(
            "Spam distance",
            skills.spam_distance,
            None if drawn is None else drawn.spam_distance,
            "Raykar and Yu (2012): squared distance of the confusion matrix from the nearest with\n"
            "equal rows, from 0 to K - 1.",
        ),
        Column("Answers", skills.answers, "Categories given"),
    ]


def _marking(rated: Rated) -> list[Column]:
    marking, drawn = rated.found.marking, rated.drawn
    by = "by who marked what (two latent classes, EM; 4 raters or more)"
    return [
        _share(
            "Hit rate",
            (marking.hit_rate, marking.hit_interval),
            f"Probability that what is there is marked, {by}.",
        ),
        _share(
            "False-mark rate",
            (marking.false_mark_rate, marking.false_mark_interval),
            "Probability that a place is marked where nothing is, but something could be mistaken\n"
            f"for it, {by}.",
        ),
        Column("Annotations", marking.annotations, "On all images counted"),
        Column("Images", marking.images, "Images read"),
        Column("Per image", marking.per_image, "Annotations by image read", 1),
        _over_images(
            "IoU",
            marking.mean_iou,
            None if drawn is None else drawn.mean_iou,
            f"Mean overlap of all matches with other raters at IoU ≥ {AGREEMENT_IOU:.2f}.",
        ),
        _over_images(
            "Same category",
            marking.category_agreement,
            None if drawn is None else drawn.category_agreement,
            "Share of these matches with the same category.",
        ),
        Column(
            "Objects", rated.found.workload, f"Objects marked, grouped at IoU ≥ {GROUPING_IOU:.2f}"
        ),
    ]


def _statements(rated: Rated) -> list[Column]:
    held = rated.found.groups.annotations.raters.statements
    facts = [held[name].facts() if name in held else {} for name in rated.names]
    return [
        Column(title.capitalize(), [_said(of.get(title, "")) for of in facts], "As declared")
        for title in _STATED
        if any(title in of for of in facts)
    ]


def _share(
    title: str, share: tuple[NDArray[np.float64], NDArray[np.float64]], meaning: str
) -> Column:
    values, spans = share
    tip = f"{meaning}\n{_EXACT}\n{_GROUPED}"
    return Column(title, values, tip, spans=spans, groups=_rising(spans))


def _over_images(
    title: str, values: NDArray[np.float64], spans: NDArray[np.float64] | None, meaning: str
) -> Column:
    """Column of numbers whose intervals, where there are, are over images drawn again."""
    if spans is None or np.isnan(spans).all():
        return Column(title, values, f"{meaning}\n{_ALONE}")
    tip = f"{meaning}\n{_DRAWN}\n{_GROUPED}"
    return Column(title, values, tip, spans=spans, groups=_rising(spans))


def _rising(spans: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) groups of overlapping intervals from the lowest up, 0 without an interval."""
    groups = inseparable(spans)
    return np.where(groups > 0, groups.max(initial=0) + 1 - groups, 0)


def _said(value: str | float | bool) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _listed(raters: NDArray[np.int64], names: Sequence[str]) -> str:
    if len(raters) > _MOST_NAMES:
        return f"{len(raters):,} others"
    return ", ".join(names[k] for k in raters.tolist())


def _rank(best: int, worst: int) -> str:
    return str(best) if best == worst else f"{best}–{worst}"
