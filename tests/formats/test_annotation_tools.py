"""What files of annotation tools have in common: nothing is lost, nobody is named."""

from __future__ import annotations

import re

import pytest

from napari_consensus.errors import ReadError
from napari_consensus.formats import read, write

PEOPLE = re.compile("jane|john|roe|doe|clinic", re.IGNORECASE)
WRITTEN = {
    "coco": "out.coco.json",
    "imagescope": "out.imagescope.xml",
    "cvat": "out.cvat.xml",
    "label-studio": "out.label-studio.json",
    "geojson": "out.geojson",
}


@pytest.mark.parametrize("format", WRITTEN)
def test_what_no_column_holds_survives_reading_and_writing(samples, tmp_path, format, entries):
    once = read(samples[format])
    write(once, tmp_path / WRITTEN[format], format=format)
    again = read(tmp_path / WRITTEN[format])
    assert any(entries(once, format).values())
    assert entries(again, format) == entries(once, format)
    assert (again.annotations.vertices == once.annotations.vertices).all()
    assert again.annotations.categories == once.annotations.categories
    assert again.annotations.raters.names == once.annotations.raters.names
    write(again, tmp_path / f"twice-{WRITTEN[format]}", format=format)
    assert entries(read(tmp_path / f"twice-{WRITTEN[format]}"), format) == entries(once, format)


@pytest.mark.parametrize("format", ["cvat", "label-studio"])
def test_no_name_or_address_of_a_person_gets_through(samples, tmp_path, format):
    study = read(samples[format])
    assert not PEOPLE.search(repr(study))
    for name in WRITTEN.values():
        if name.endswith(("geojson", "coco.json", "cvat.xml")):
            write(study, tmp_path / name)
            assert not PEOPLE.search((tmp_path / name).read_text("utf-8"))


@pytest.mark.parametrize("format", WRITTEN)
def test_with_pseudonyms_nothing_is_written_that_only_one_program_understands(
    samples, tmp_path, format, entries
):
    write(read(samples[format]), tmp_path / WRITTEN[format], format=format, pseudonyms=True)
    assert not any(entries(read(tmp_path / WRITTEN[format]), format).values())


@pytest.mark.parametrize(
    ("format", "text", "rule"),
    [
        ("cvat", "<a/>", "no XML of CVAT"),
        ("imagescope", "<a/>", "no ImageScope XML"),
        ("label-studio", "[{}]", "no Label Studio JSON"),
        ("label-studio", "3", "no Label Studio JSON"),
        ("coco", "{}", "no COCO file"),
        ("coco", "[3]", "no COCO file"),
    ],
)
def test_what_is_no_such_file_is_said_in_one_line(put, study_of, format, text, rule):
    with pytest.raises(ReadError, match=rule):
        study_of(format, put(text, "x"))
