"""A generated study to try everything on: images, four raters and a reference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_consensus.data.annotations import Annotations, box_outlines
from napari_consensus.data.raters import RaterKind, RaterSet
from napari_consensus.data.study import CategoryRule, Study
from napari_consensus.errors import WriteError
from napari_consensus.formats import write
from napari_consensus.samples.cells import CATEGORIES, lay_field
from napari_consensus.samples.painting import Grain, paint
from napari_consensus.samples.reading import RATERS, Marks, read_field, true_marks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from os import PathLike

    from numpy.typing import NDArray

NAME = "Cytology field, 4 raters and a reference"

_WIDTH, _HEIGHT = 1180, 1240
_CELLS = {"field-1.png": 46, "field-2.png": 52, "field-3.png": 40, "field-4.png": 0}
_NOT_READ = {("field-3.png", "D")}
_RULES = (
    CategoryRule("NILM superficial", parent="NILM", severity=0.0),
    CategoryRule("NILM intermediate", parent="NILM", severity=0.0),
    CategoryRule("ASC-US", severity=1.0),
    CategoryRule("LSIL", severity=2.0),
    CategoryRule("HSIL", severity=3.0),
)


@dataclass(frozen=True, slots=True, eq=False)
class SampleStudy:
    """A study and the pixels of its images.

    Parameters
    ----------
    study
        What the raters drew, and the reference.
    pixels
        (height, width, 3) RGB by image name.
    """

    study: Study
    pixels: Mapping[str, NDArray[np.uint8]]


def cytology_study(seed: int = 0) -> SampleStudy:
    """Generate fields of a cervical smear, read by four raters of different skill.

    Rater A is careful, B misses grave cells and draws tightly, C calls too much and marks
    what is no cell, D is new: misses pale cells, draws roughly, did not read the third
    field and marks cells twice. The last field holds no cell: whoever marks it, invents.
    The reference is what was really laid, so every number can be held against the truth.

    Parameters
    ----------
    seed
        The same seed gives the same study to the last pixel.
    """
    rng = np.random.default_rng(seed)
    fields = {image: lay_field(rng, _WIDTH, _HEIGHT, n) for image, n in _CELLS.items()}
    grain = Grain(rng)
    pixels = {image: paint(field, grain, rng) for image, field in fields.items()}
    names = tuple(skill.name for skill in RATERS)
    read = np.array([[(image, name) not in _NOT_READ for name in names] for image in fields])
    marks = {
        (i, r): read_field(skill, field, rng)
        for i, field in enumerate(fields.values())
        for r, skill in enumerate(RATERS)
        if read[i, r]
    }
    truth = {(i, 0): true_marks(field) for i, field in enumerate(fields.values())}
    humans = RaterSet(names, (RaterKind.HUMAN,) * len(names), read)
    reference = RaterSet(
        ("reference",), (RaterKind.REFERENCE,), np.ones((len(fields), 1), np.bool_)
    )
    study = Study(
        _table(humans, marks),
        _table(reference, truth),
        category_rules=_RULES,
        notes=(f"generated with seed {seed}: no patient, no real rater",),
    )
    return SampleStudy(study, pixels)


def _table(raters: RaterSet, marks: Mapping[tuple[int, int], Marks]) -> Annotations:
    """Put the marks of each image and rater into one table."""
    sizes = [len(m.category) for m in marks.values()]
    places = np.repeat(np.array(list(marks), np.int32), sizes, axis=0)
    n = sum(sizes)
    outlines: dict[str, Any] = box_outlines(np.vstack([m.boxes for m in marks.values()]))
    return Annotations(
        images=tuple(_CELLS),
        raters=raters,
        categories=CATEGORIES,
        image=places[:, 0],
        rater=places[:, 1],
        category=np.concatenate([m.category for m in marks.values()]),
        score=np.full(n, np.nan),
        session=np.zeros(n, np.int16),
        id=np.arange(n, dtype=np.uint64),
        **outlines,
    )


def write_sample(sample: SampleStudy, folder: str | PathLike[str]) -> Path:
    """Write a sample as files: its images, and one table of raters and reference.

    Parameters
    ----------
    sample
        What to write.
    folder
        A folder that is not there yet, or empty; `read` opens it.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WriteError
        Where something stands in the folder, or it cannot be made.
    """
    from PIL import Image

    target = Path(folder)
    try:
        if target.exists():
            # A folder with something in it stays: rmdir takes empty ones only.
            target.rmdir()
        with TemporaryDirectory(prefix=f".{target.name}.", dir=target.parent) as beside:
            made = Path(beside) / target.name
            (made / "images").mkdir(parents=True)
            for name, pixels in sample.pixels.items():
                Image.fromarray(pixels).save(made / "images" / name)
            write(sample.study, made / "annotations.csv")
            made.rename(target)
    except OSError as error:
        msg = f"{target}: the sample cannot be written there: {error.strerror or error}"
        raise WriteError(msg) from None
    return target
