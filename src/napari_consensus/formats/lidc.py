"""XML of the LIDC-IDRI: chest scans that several readers outlined without being named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError
from napari_consensus.formats._file_marks import FileMarks, numbered
from napari_consensus.formats._format import Format
from napari_consensus.formats._outlines import (
    OutlineError,
    checked_ring,
    number_in,
    signed_area,
)
from napari_consensus.formats._xml import child_text, line_of, parse_xml, root_of

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from napari_consensus.formats._outlines import Ring
    from napari_consensus.formats._rows import Rows
    from napari_consensus.progress import Progress

# Of scans, and of radiographs.
_ROOTS = ("LidcReadMessage", "IdriReadMessage")
_SESSIONS = ("readingSession", "CXRreadingSession")
_NON_NODULE = "nonNodule"
_FINDINGS = ("unblindedReadNodule", "unblindedRead", _NON_NODULE)
_UID = "imageSOP_UID"
_NODULE, _SMALL, _OTHER = "nodule", "nodule < 3 mm", "non-nodule"


class _Region(NamedTuple):
    """One contour, or one point, on one image."""

    image: str
    points: Ring
    cuts_out: bool


def looks_like_lidc(path: Path) -> bool:
    """Whether a file has a root of the LIDC-IDRI."""
    return path.suffix.casefold() == ".xml" and root_of(path) in _ROOTS


def read_lidc(path: Path, rows: Rows, progress: Progress) -> None:
    """Add a LIDC file to rows; an image is an `imageSOP_UID`.

    A reader is known by the order of the sessions in the file, and called after the file:
    nothing says who read, so reader 1 of one file is nobody of another. All of them read
    all images of the file.

    Raises
    ------
    ReadError
        Where the file is no LIDC file.
    """
    content, root = parse_xml(path)
    # The namespaces of scans and of radiographs differ, and say nothing more.
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag not in _ROOTS:
        msg = f"{path}: this is no LIDC file; its root is {root.tag[:40]!r}"
        raise ReadError(msg)
    marks = FileMarks(path, rows)
    sessions = [child for child in root if child.tag in _SESSIONS]
    case = f"{path.absolute().parent.name}/{path.stem}".lstrip("/")
    readers = [f"{case} reader {k + 1}" for k in range(len(sessions))]
    for k, session in numbered(sessions, progress):
        for finding in [child for child in session if child.tag in _FINDINGS]:
            try:
                _take(finding, readers[k - 1], marks)
            except OutlineError as error:
                marks.refuse(line_of(finding), f"{finding.tag} of reader {k}", "", error)
    for image in dict.fromkeys(filter(None, (_text(uid) for uid in root.iter(_UID)))):
        for reader in readers:
            marks.looked(image=image, rater=reader)
    rows.note(
        "LIDC files do not say who read; a reader is one only within a file, and numbers of a "
        "single reader mean nothing"
    )
    marks.finish(content, "lidc")


def _take(finding: Element, reader: str, marks: FileMarks) -> None:
    """Take one finding: an annotation for each image it is outlined on."""
    if finding.tag == _NON_NODULE:
        for locus in finding.findall("locus"):
            point = (Outline.POINT, [[_point(locus)]])
            marks.add(point, _OTHER, image=_image(finding), rater=reader)
        return
    regions = [_region(roi) for roi in finding.findall("roi")]
    small = all(len(region.points) == 1 for region in regions)
    by_image: dict[str, list[_Region]] = {}
    for region in regions:
        by_image.setdefault(region.image, []).append(region)
    for image, held in by_image.items():
        for region in held:
            if len(region.points) == 1:
                point = (Outline.POINT, [region.points])
                marks.add(point, _SMALL if small else _NODULE, image=image, rater=reader)
        rings = _rings(held, marks)
        if rings:
            marks.add((Outline.POLYGON, rings), _NODULE, image=image, rater=reader)


def _rings(regions: list[_Region], marks: FileMarks) -> list[Ring]:
    """Return the rings of a nodule on one image: what bounds it first, then what cuts out."""
    rings: list[Ring] = []
    for region in sorted(regions, key=lambda region: region.cuts_out):
        if len(region.points) == 1:
            continue
        # Contours one pixel wide run out and back on the same pixels.
        ring = checked_ring(region.points) if len(set(region.points)) > 2 else []
        if not ring or not signed_area(ring) or (region.cuts_out and not rings):
            marks.leave_out("contours that bound no area")
        else:
            rings.append(ring)
    return rings


def _region(roi: Element) -> _Region:
    points = [_point(edge) for edge in roi.findall("edgeMap")]
    if not points:
        msg = "a region needs an edgeMap"
        raise OutlineError(msg)
    return _Region(_image(roi), points, child_text(roi, "inclusion").casefold() == "false")


def _point(element: Element) -> tuple[float, float]:
    return number_in(child_text(element, "xCoord")), number_in(child_text(element, "yCoord"))


def _image(element: Element) -> str:
    image = child_text(element, _UID)
    if not image:
        msg = f"a region needs an {_UID}"
        raise OutlineError(msg)
    return image


def _text(element: Element) -> str:
    return (element.text or "").strip()


LIDC = Format(
    name="lidc",
    title="LIDC XML",
    suffixes=(".xml",),
    recognises=looks_like_lidc,
    read=read_lidc,
    write=None,
    keeps="read only: contours with holes, points, images by imageSOP_UID, readers by session",
)
