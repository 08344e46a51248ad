"""What a TIFF file states beside its pixels: scale, objective, names and colours of channels."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_consensus.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from xml.etree.ElementTree import Element

    from tifffile import TiffFile, TiffPage, TiffPageSeries

Colour = tuple[float, float, float]

_INCH, _CENTIMETRE = 2, 3
_MICRONS = {_INCH: 25_400.0, _CENTIMETRE: 10_000.0}
_MICRONS_OF = {
    "m": 1e6, "cm": 1e4, "mm": 1e3, "um": 1.0, "\N{MICRO SIGN}m": 1.0,
    "\N{GREEK SMALL LETTER MU}m": 1.0, "micron": 1.0, "microns": 1.0, "micrometer": 1.0,
    "\\u00B5m": 1.0, "nm": 1e-3, "pm": 1e-6, "inch": 25_400.0, "in": 25_400.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stated:
    """What a file says of one image.

    Parameters
    ----------
    x, y
        Microns per pixel, or None.
    objective
        Magnification, or None.
    channels
        Name and colour of each channel in order, as far as they are stated.
    """

    x: float | None = None
    y: float | None = None
    objective: float | None = None
    channels: tuple[tuple[str, Colour | None], ...] = ()


def stated(tiff: TiffFile, series: TiffPageSeries, ome: Element | None) -> Stated:
    """Return what a file says of one of its images.

    Parameters
    ----------
    tiff, series
        The file and the image.
    ome
        The root of its OME-XML, if it has one.
    """
    if series.kind == "ome" and ome is not None:
        return _of_ome(ome, tiff.series.index(series))
    if series.kind == "qpi":
        return _of_qptiff(series)
    if series.kind == "svs":
        return _of_aperio(series.keyframe)
    if series.kind == "imagej":
        return _of_imagej(tiff, series.keyframe)
    return Stated(*_of_tags(series.keyframe))


def ome_xml(path: Path, tiff: TiffFile) -> Element | None:
    """Return the root of a file's OME-XML, or None.

    Raises
    ------
    ReadError
        Where it is no XML that is safe to read, or names files outside of the folder.
    """
    page = tiff.pages.first
    # The same sign by which tifffile takes a file for OME-TIFF and parses the XML itself.
    if not tiff.is_ome:
        return None
    root = _parsed(path, page.description)
    for element in root.iter():
        name = element.get("FileName", "")
        if re.search(r"[/\\:]", name):
            msg = f"{path}: names the file {name!r} in another folder, which is not followed"
            raise ReadError(msg)
    return root


def _parsed(path: Path, text: str) -> Element:
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except (DefusedXmlException, ParseError, ValueError) as error:
        msg = f"{path}: its description is no XML that can be read: {str(error)[:200]}"
        raise ReadError(msg) from error
    return root


def _of_ome(root: Element, number: int) -> Stated:
    images = list(_named(root, "Image"))
    pixels = next(_named(images[number], "Pixels"), None) if number < len(images) else None
    if pixels is None:
        return Stated()
    x, y = (
        _product(pixels.get(f"PhysicalSize{axis}"), pixels.get(f"PhysicalSize{axis}Unit", "um"))
        for axis in "XY"
    )
    objective = next(_named(root, "Objective"), None)
    magnification = None if objective is None else _number(objective.get("NominalMagnification"))
    channels = tuple(
        (one.get("Name", ""), _ome_colour(one.get("Color"))) for one in _named(pixels, "Channel")
    )
    return Stated(x, y, magnification, channels)


def _ome_colour(text: str | None) -> Colour | None:
    """Red, green and blue of a signed integer that holds them with alpha."""
    try:
        value = int(text or "") & 0xFFFFFFFF
    except ValueError:
        return None
    return (value >> 24) / 255, (value >> 16 & 255) / 255, (value >> 8 & 255) / 255


def _of_qptiff(series: TiffPageSeries) -> Stated:
    """Return what the XML of every page says, as PerkinElmer's QPTIFF has it."""
    channels: list[tuple[str, Colour | None]] = []
    objective = None
    for page in series.pages:
        text = getattr(page, "description", "")
        name, colour, power = (_element(text, tag) for tag in ("Name", "Color", "Objective"))
        parts = [_number(part) for part in colour.split(",")]
        rgb = [part / 255 for part in parts if part is not None and 0 <= part <= 255]
        channels.append((name, (rgb[0], rgb[1], rgb[2]) if len(rgb) == 3 else None))
        objective = objective or _number(power.lower().rstrip("x"))
    return Stated(*_of_tags(series.keyframe), objective, tuple(channels))


def _element(text: str, tag: str) -> str:
    """Return the text of the first element of a name; the page's XML is flat there."""
    found = re.search(rf"<{tag}>([^<>]{{0,200}})</{tag}>", text)
    return found.group(1).strip() if found else ""


def _of_aperio(page: TiffPage) -> Stated:
    values = dict(
        re.findall(r"\|\s*([^=|]{1,40}?)\s*=\s*([^|]{0,200}?)\s*(?=\||$)", page.description)
    )
    mpp = _number(values.get("MPP"))
    return Stated(mpp, mpp, _number(values.get("AppMag")))


def _of_imagej(tiff: TiffFile, page: TiffPage) -> Stated:
    unit = str((tiff.imagej_metadata or {}).get("unit", ""))
    microns = _MICRONS_OF.get(unit)
    if microns is None:
        return Stated(*_of_tags(page))
    x, y = _per_unit(page)
    return Stated(microns / x if x else None, microns / y if y else None)


def _of_tags(page: TiffPage) -> tuple[float | None, float | None]:
    """Microns per pixel from the resolution of a page, or None."""
    microns = _MICRONS.get(int(page.tags.valueof("ResolutionUnit", _INCH)))
    x, y = _per_unit(page)
    if microns is None or not x or not y:
        return None, None
    return microns / x, microns / y


def _per_unit(page: TiffPage) -> tuple[float | None, float | None]:
    """Pixels per unit of length."""
    values = [page.tags.valueof(name) for name in ("XResolution", "YResolution")]
    x, y = (v[0] / v[1] if isinstance(v, tuple) and v[1] else None for v in values)
    return x, y


def _named(element: Element, name: str) -> Iterator[Element]:
    """Yield the descendants of a name, whatever the version of the namespace."""
    return (one for one in element.iter() if one.tag.rpartition("}")[2] == name)


def _product(value: str | None, unit: str) -> float | None:
    number, microns = _number(value), _MICRONS_OF.get(unit)
    return None if number is None or microns is None or number <= 0 else number * microns


def _number(value: Any) -> float | None:  # noqa: ANN401
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None
