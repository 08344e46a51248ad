"""Slides and flat images, as arrays of pixels at several sizes."""

from __future__ import annotations

from napari_consensus.slides._slide import Channel, Level, Slide
from napari_consensus.slides.associated import associated_images, read_associated_image
from napari_consensus.slides.header import SlideHeader
from napari_consensus.slides.opening import is_image, open_slide

__all__ = [
    "Channel",
    "Level",
    "Slide",
    "SlideHeader",
    "associated_images",
    "is_image",
    "open_slide",
    "read_associated_image",
]
