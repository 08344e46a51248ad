"""Files of Aperio ImageScope as it writes them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.errors import ParameterError, RefusedError
from napari_consensus.formats import read, write


def test_holes_boxes_and_ellipses_of_imagescope_are_read(samples, study_of, of):
    study = study_of("imagescope", samples["imagescope"])
    table = study.annotations
    assert of(table, "Tumour") == [
        ("BOX", 100, 20, 130, 25), ("POLYGON", 10.5, 10, 90, 80),
        ("POLYGON", 200, 40, 240, 60),
    ]  # fmt: skip
    assert np.diff(table.parts).tolist() == [2, 1, 1]
    assert any("1 arrows" in note for note in study.notes)


def scope(*layers):
    text = "".join(
        f'<Annotation Name="{name}" LineColor="{colour}"><Regions><Region Text="{text}"><Vertices>'
        f'<Vertex X="{k}" Y="0"/><Vertex X="{k + 3}" Y="0"/><Vertex X="{k}" Y="4"/>'
        "</Vertices></Region></Regions></Annotation>"
        for k, (name, colour, text) in enumerate(layers)
    )
    return f"<Annotations>{text}</Annotations>"


def test_layers_are_categories_or_raters_or_told_apart_by_their_colours(put, study_of):
    named = study_of("imagescope", put(scope(("Tumour", 0, "x"), ("Stroma", 0, "")), "a.xml"))
    assert named.annotations.categories == ("Stroma", "Tumour")
    for names in (("Reader 1", "Reader 2"), ("Dr. A", "Dr. Bee")):
        path = put(scope(*((name, 0, "Tumour") for name in names)), "b.xml")
        people = read(path).annotations
        assert (people.raters.names, people.categories) == (names, ("Tumour",))
    # Blue, green, red from the highest byte to the lowest.
    coloured = study_of("imagescope", put(scope(("", 255, ""), ("", 65280, "")), "c.xml"))
    assert coloured.annotations.categories == ("#00ff00", "#ff0000")
    alone = study_of("imagescope", put(scope(("", 255, "")), "d.xml"))
    assert alone.annotations.categories == ()


def test_a_hole_outside_every_region_is_refused_by_its_line(put, study_of):
    text = scope(("a", 0, "")).replace('Text=""', 'Text="" NegativeROA="1"', 1)
    with pytest.raises(RefusedError, match=r"row 1, Region.*negative"):
        study_of("imagescope", put(text, "a.xml"))


def test_an_imagescope_file_is_about_one_slide(tmp_path):
    table = annotations_from_boxes([[1, 2, 3, 4]] * 2, image=["a", "b"], rater=["r", "r"])
    with pytest.raises(ParameterError, match="about one slide"):
        write(table, tmp_path / "x.xml")
    written = write(table, tmp_path / "out", format="imagescope")
    assert [p.name for p in written] == ["a.xml", "b.xml"]


def test_one_slide_in_two_formats_has_the_same_boxes(real_files):
    folder = real_files / "aperio_xml"
    scope, qupath = (
        read(folder / f"TCGA-EJ-5519-01Z-00-DX1{end}").annotations
        for end in (".xml", "_qupath.json")
    )
    assert len(scope) == len(qupath) == 3
    assert len(scope.vertices) == (folder / "TCGA-EJ-5519-01Z-00-DX1.xml").read_text().count(
        "<Vertex "
    )
    order = [np.lexsort(table.bounds.T) for table in (scope, qupath)]
    assert np.abs(scope.bounds[order[0]] - qupath.bounds[order[1]]).max() < 0.01
