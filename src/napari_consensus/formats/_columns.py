"""Which column of a header holds what, by the names people give them."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


IMAGE = _words(
    "image imagename imgname filename imagefile imagefilename imagepath filepath imageid "
    "imgid img slide slidename slideid file path"
)
RATER = _words(
    "rater annotator author worker user username reader rad radiologist observer pathologist "
    "expert doctor grader coder labeler labeller createdby completedby assignee"
)
CATEGORY = _words(
    "category categoryname class classname label labelname finding diagnosis celltype type "
    "categoryid classid labelid"
)
SCORE = _words("score confidence conf probability prob certainty")
SESSION = _words("session readingsession reading round")
ASSISTED = _words("assistedbbox sambbox")
CORNERS = (
    "xmin ymin xmax ymax",
    "x0 y0 x1 y1",
    "x1 y1 x2 y2",
    "left top right bottom",
    "xtl ytl xbr ybr",
)
SIZES = (
    "left top width height",
    "xmin ymin width height",
    "xmin ymin w h",
    "x y width height",
    "x y w h",
)
BOX = _words("bbox box boundingbox workerbbox bboxxyxy boxxyxy xyxy coordinates")
BOX_SIZES = _words("bboxxywh boxxywh bboxltwh xywh")


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of the columns of one table, as its header spells them.

    Parameters
    ----------
    image, category
        Columns of names.
    box
        Four columns of numbers, or one that lists four.
    sizes
        Whether the last two of the four are width and height, not a corner.
    rater
        Column of rater ids; "" where one file is one rater.
    rater_name, rater_kind
        Columns that only say what a rater is, "" where there is none.
    score, session, assisted, id, rings
        Columns of the same meaning as in `Annotations`, "" where there is none.
    """

    image: str
    category: str
    box: tuple[str, ...]
    sizes: bool = False
    rater: str = ""
    rater_name: str = ""
    rater_kind: str = ""
    score: str = ""
    session: str = ""
    assisted: str = ""
    id: str = ""
    outline: str = ""
    rings: str = ""

    def used(self) -> frozenset[str]:
        """All columns that are read."""
        single = (getattr(self, name) for name in self.__slots__ if name not in ("box", "sizes"))
        return frozenset({*self.box, *single} - {""})


def squeezed(name: str) -> str:
    """Case-folded, without spaces and `_ - .`."""
    return re.sub(r"[\s_.\-]+", "", name.casefold())


def missing_columns(header: Sequence[str]) -> tuple[str, ...]:
    """Return what a header lacks of a long table: some of image, category, box."""
    known = _by_meaning(header)
    lacks = {
        "image": not _first(known, IMAGE),
        "category": not _first(known, CATEGORY),
        "box": not _box(known)[0],
    }
    return tuple(what for what, absent in lacks.items() if absent)


def find_columns(header: Sequence[str]) -> Columns:
    """Columns of a header in which `missing_columns` found nothing missing."""
    known = _by_meaning(header)
    rater, rater_name = _rater(known)
    box, sizes = _box(known)
    return Columns(
        image=_first(known, IMAGE),
        category=_first(known, CATEGORY),
        box=box,
        sizes=sizes,
        rater=rater,
        rater_name=rater_name,
        rater_kind=known.get("raterkind", ""),
        score=_first(known, SCORE),
        session=_first(known, SESSION),
        assisted=_first(known, ASSISTED),
        id=known.get("annotationid", ""),
        outline=known.get("outline", ""),
        rings=known.get("rings", ""),
    )


def repeated(header: Sequence[str], used: Iterable[str]) -> tuple[str, ...]:
    """Columns among `used` that a header names more than once."""
    times = Counter(header)
    return tuple(name for name in used if times[name] > 1)


def _by_meaning(header: Sequence[str]) -> dict[str, str]:
    known: dict[str, str] = {}
    for name in header:
        known.setdefault(squeezed(name), name)
    return known


def _first(known: dict[str, str], names: Iterable[str]) -> str:
    return next((known[name] for name in names if name in known), "")


def _rater(known: dict[str, str]) -> tuple[str, str]:
    """Column of rater ids and of rater names: where both x and x_id are, the id is the key."""
    for name in RATER:
        key = known.get(f"{name}id", "")
        if key or name in known:
            return key or known[name], known.get(name, "") if key else ""
    return "", ""


def _box(known: dict[str, str]) -> tuple[tuple[str, ...], bool]:
    bare = dict(known)
    for prefix in ("bbox", "box"):
        for name, column in known.items():
            bare.setdefault(name.removeprefix(prefix), column)
    for layouts, sizes in ((CORNERS, False), (SIZES, True)):
        for layout in layouts:
            names = layout.split()
            if all(name in bare for name in names):
                return tuple(bare[name] for name in names), sizes
    one = _first(known, BOX_SIZES)
    if one:
        return (one,), True
    one = _first(known, BOX)
    return ((one,) if one else ()), False
