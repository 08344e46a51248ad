"""Slides that the tests of this folder read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

SIDES = (3101, 2603)  # height and width


@pytest.fixture(scope="session")
def tissue():
    """Return smooth pixels, (3101, 2603, 3), that JPEG keeps nearly as they are."""
    y, x = np.mgrid[: SIDES[0], : SIDES[1]]
    red, green = 128 + 100 * np.sin(y / 41), 128 + 100 * np.cos(x / 57)
    return np.dstack([red, green, (red + green) / 2]).astype(np.uint8)


@pytest.fixture(scope="session")
def svs(tmp_path_factory, tissue):
    """Return a slide as Aperio's scanners write it, with 4-fold gaps between its levels."""
    path = tmp_path_factory.mktemp("svs") / "Gew\u00e9be \u7ec4\u7ec7.svs"
    height, width = SIDES
    with tifffile.TiffWriter(path) as writer:
        for number, factor in enumerate((1, 4, 16)):
            level = np.ascontiguousarray(tissue[::factor, ::factor][: height // factor])
            level = level[:, : width // factor]
            writer.write(
                level,
                tile=(240, 240),
                description=aperio(width, height, "|AppMag = 40|MPP = 0.2500"),
                **JPEG,
            )
            if number == 0:
                text = aperio(width, height, "").replace("(240x240)", "-")
                writer.write(tissue[:300, :200], rowsperstrip=16, description=text, **JPEG)
        for name, subfiletype, colour in (("label", 1, 40), ("macro", 9, 80)):
            image = np.full((60, 90, 3), colour, np.uint8)
            writer.write(
                image,
                rowsperstrip=60,
                subfiletype=subfiletype,
                description=f"Aperio Image Library v12\r\n{name} 90x60",
                photometric="rgb",
                compression="lzw",
                metadata=None,
            )
    return path


JPEG = {"photometric": "rgb", "compression": "jpeg", "metadata": None}


def aperio(width, height, properties):
    size = f"{width}x{height}"
    return f"Aperio Image Library v12.0.15\r\n{size} [0,0 {size}] (240x240) JPEG/RGB{properties}"


@pytest.fixture(scope="session")
def shared_slides():
    """Return the folder of slides from elsewhere, which are not part of the project."""
    folder = Path(__file__).parents[3] / "shared" / "slides"
    if not folder.is_dir():
        pytest.skip("the sample slides are not beside the project's folder")
    return folder
