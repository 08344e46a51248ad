from __future__ import annotations

import re

import numpy as np
import pytest

from napari_consensus.data.annotations import Outline
from napari_consensus.errors import ReadError, RefusedError
from napari_consensus.formats import ndpa
from napari_consensus.formats import read as read_files
from napari_consensus.slides.hamamatsu import ScanPosition, scan_position


def voc(box, name="<name>cell</name>", extra=""):
    return f"<annotation><filename>a.jpg</filename><object>{name}{box}{extra}</object></annotation>"


def bndbox(x0, y0, x1, y1):
    sides = zip(("xmin", "ymin", "xmax", "ymax"), (x0, y0, x1, y1), strict=True)
    return "<bndbox>" + "".join(f"<{k}>{v}</{k}>" for k, v in sides) + "</bndbox>"


def outlines(table):
    """Kind, category and rings of each annotation."""
    names = (*table.categories, None)
    found = []
    for k in range(len(table)):
        rings = range(table.parts[k], table.parts[k + 1])
        points = [
            [tuple(p) for p in table.vertices[table.rings[r] : table.rings[r + 1]].tolist()]
            for r in rings
        ]
        found.append((Outline(table.kind[k]), names[table.category[k]], points))
    return sorted(found, key=str)


def test_a_voc_box_is_read_as_it_stands_with_decimals_and_empty_tags(samples, study_of):
    study = study_of("voc", samples["voc"])
    assert study.annotations.bounds.tolist() == [[1.5, 2, 5.25, 7]]
    assert study.annotations.images == ("field.jpg",)
    assert study.annotations.categories == ("cell",)
    assert study.image_sizes == {"field.jpg": (60, 40)}


def test_a_voc_file_without_objects_is_an_image_that_was_read(put, study_of):
    path = put("<annotation><filename>C:\\set\\a.jpg</filename></annotation>", "a.xml")
    table = study_of("voc", path).annotations
    assert (len(table), table.images, table.raters.read.tolist()) == (0, ("a.jpg",), [[True]])


def test_a_voc_object_without_a_name_has_no_category_and_its_parts_are_left_out(put, study_of):
    part = f"<part><name>head</name>{bndbox(1, 1, 2, 2)}</part>"
    study = study_of("voc", put(voc(bndbox(1, 2, 5, 7), "<name/>", part), "a.xml"))
    assert study.annotations.category.tolist() == [-1]
    assert study.annotations.bounds.tolist() == [[1, 2, 5, 7]]
    assert "left out 1 parts of objects, in a.xml" in study.notes


@pytest.mark.parametrize(
    ("box", "rule"),
    [
        ("", "needs a bndbox"),
        (bndbox(1, 2, "", 7), "must be a number, not ''"),
        (bndbox(1, 2, "nan", 7), "finite"),
        (bndbox(1, 2, "1e300", 7), "within 1e\\+09"),
        (bndbox(1, 2, "1_0", 7), "must be a number"),
        (bndbox(5, 2, 1, 7), "right of and below"),
    ],
)
def test_a_broken_voc_box_is_refused_by_its_line(put, study_of, box, rule):
    path = put(f"<annotation>\n<filename>a.jpg</filename>\n{voc(box)[34:]}", "a.xml")
    with pytest.raises(RefusedError, match=rule) as error:
        study_of("voc", path)
    assert f"{path}, row 3, bndbox of object 1" in str(error.value)
    assert len(study_of("voc", path, skip_refused=True).refused) == 1


def test_the_real_voc_file_has_as_many_objects_as_a_grep_counts(real_files, study_of):
    path = real_files / "voc" / "2007_000001.xml"
    table = study_of("voc", path).annotations
    assert len(table) == path.read_text(encoding="utf-8").count("<object>") == 2
    assert table.bounds.tolist() == [[1, 2, 3, 4], [4, 5, 6, 7]]
    assert table.categories == ("cat", "person")


def test_labelme_web_names_the_rater_and_drops_what_was_deleted(samples, study_of):
    study = study_of("labelme-web", samples["labelme-web"])
    table = study.annotations
    assert outlines(table) == [(Outline.POLYGON, "car_276", [[(1, 2), (9, 2), (5, 7)]])]
    assert table.raters.names == ("r1", "r2")
    # Who deleted an object looked, and found nothing that stayed.
    assert table.raters.read.tolist() == [[True, True]]
    assert any("synonyms of 'car'" in note for note in study.notes)
    assert any("1 deleted objects" in note for note in study.notes)


def test_an_unnamed_labelme_user_is_nobody_in_particular(put, study_of):
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((9, 8), (2, 8), (2, 3), (9, 3)))
    path = put(
        "<annotation><filename>a.jpg</filename><object><name>HER2_3</name><deleted>0</deleted>"
        f"<type>bounding_box</type><polygon><username>anonymous</username>{points}</polygon>"
        "</object><object><name>x</name><deleted>0</deleted><segm><username>u@x.org</username>"
        "<mask>m.png</mask></segm></object></annotation>",
        "a.xml",
    )
    study = study_of("labelme-web", path)
    assert outlines(study.annotations) == [(Outline.BOX, "HER2_3", [[(2, 3), (9, 8)]])]
    assert "" in study.annotations.raters.names
    assert not any("@" in name for name in study.annotations.raters.names)
    assert [note for note in study.notes if "synonyms" in note] == []


def test_four_folders_of_labelme_web_are_eighty_objects_of_four_raters(real_files):
    folder = real_files / "labelme_web_multirater"
    files = sorted(folder.glob("objects*/*.xml"))
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    live = text.count("<deleted>0</deleted>")
    study = read_files(*(folder / f"objects{k}" for k in (1, 2, 3, 4)))
    table = study.annotations
    assert len(table) == live == 80
    assert (len(files), len(table.images), len(table.raters)) == (80, 20, 4)
    assert set(table.raters.names) == set(re.findall("<username>(.*?)</username>", text))
    assert table.raters.read.all()
    points = sum(
        o.count("<pt>") for o in re.findall("<object>.*?</object>", text) if "<deleted>0" in o
    )
    assert len(table.vertices) <= points <= len(table.vertices) + 80


def test_asap_vertices_are_put_in_order_and_decimal_commas_are_read(samples, study_of):
    table = study_of("asap", samples["asap"]).annotations
    assert outlines(table) == [
        (Outline.BOX, None, [[(1, 2), (5, 7)]]),
        (Outline.POINT, "tumour", [[(3, 4)]]),
        (Outline.POINT, "tumour", [[(6, 8)]]),
        (Outline.POLYGON, "tumour", [[(1, 2), (9, 2), (5, 7.5)]]),
    ]


@pytest.mark.parametrize(
    ("kind", "points", "said"),
    [
        ("Spline", [(1, 2), (9, 2), (5, 7)], Outline.POLYGON),
        ("Dot", [(1, 2)], Outline.POINT),
        ("Rectangle", [(3, 0), (6, 3), (3, 6), (0, 3)], Outline.POLYGON),
    ],
)
def test_every_type_of_asap_is_read(put, study_of, kind, points, said):
    table = study_of("asap", put(asap(kind, points), "a.xml")).annotations
    assert outlines(table) == [(said, "g", [[tuple(map(float, p)) for p in points]])]


def asap(kind, points):
    held = "".join(f'<Coordinate Order="{k}" X="{x}" Y="{y}"/>' for k, (x, y) in enumerate(points))
    return (
        f'<ASAP_Annotations><Annotations><Annotation Name="a" Type="{kind}" PartOfGroup="g">'
        f"<Coordinates>{held}</Coordinates></Annotation></Annotations></ASAP_Annotations>"
    )


@pytest.mark.parametrize(
    ("kind", "points"),
    [("Polygon", [(1, 2), (3, 4)]), ("Dot", []), ("Star", [(1, 2)]), ("Dot", [("x", 2)])],
)
def test_a_broken_asap_annotation_is_refused(put, study_of, kind, points):
    with pytest.raises(RefusedError, match="row 1, annotation 1"):
        study_of("asap", put(asap(kind, points), "a.xml"))


def test_asap_measurements_are_left_out(put, study_of):
    study = study_of("asap", put(asap("Measurement", [(1, 2), (3, 4)]), "a.xml"))
    assert len(study.annotations) == 0
    assert study.notes == ("left out 1 measurements, in a.xml",)


def test_the_real_asap_file_has_the_vertices_that_a_regular_expression_finds(real_files, study_of):
    path = real_files / "asap_xml" / "asap_example_dlup.xml"
    table = study_of("asap", path).annotations
    found = re.findall(r'X="(\d+)" Y="(\d+)"', path.read_text(encoding="utf-8"))
    assert table.vertices.tolist() == [[float(x), float(y)] for x, y in found]
    assert table.categories == ("healthy glands",)


GLASS = ScanPosition(width=400, height=600, mpp=(0.25, 0.5), offset=(1000, -500))


def test_a_place_on_the_glass_is_a_pixel_by_hand():
    # 1000 nm right of the scan's centre are 4 pixels of 0.25 microns, 1000 nm below it 2.
    assert GLASS.pixel(2000, 500) == (204, 302)
    assert GLASS.pixel(1000, -500) == (200, 300)


def test_ndpa_is_placed_by_its_slide(samples, put, study_of, monkeypatch):
    monkeypatch.setattr(ndpa, "scan_position", lambda path: GLASS)
    path = put(samples["ndpa"].read_bytes(), "glass.ndpi.ndpa")
    slide = put("", "glass.ndpi")
    study = study_of("ndpa", path)
    table = study.annotations
    (circle,) = table.bounds[table.category == table.categories.index("tumour")].tolist()
    assert circle == pytest.approx([201 - 20, 302 - 10, 201 + 20, 302 + 10])
    triangle = next(o for o in outlines(table) if o[1] == "stroma")
    assert triangle == (Outline.POLYGON, "stroma", [[(200, 302), (240, 302), (200, 292)]])
    assert study.notes == ("left out 1 rulers, in glass.ndpi.ndpa",)
    assert study.image_files == {"": slide}
    assert study.image_sizes == {"": (400, 600)}


def test_ndpa_without_its_slide_is_refused_with_what_to_do(samples, put):
    path = put(samples["ndpa"].read_bytes(), "glass.ndpi.ndpa")
    with pytest.raises(ReadError, match=r"put glass\.ndpi beside it") as error:
        read_files(path)
    assert "\n" not in str(error.value)


def test_ndpa_beside_a_file_that_is_no_slide_is_refused(samples, put):
    path = put(samples["ndpa"].read_bytes(), "glass.ndpi.ndpa")
    put("no slide", "glass.ndpi")
    with pytest.raises(ReadError, match=r"glass\.ndpi: the slide is broken"):
        read_files(path)


def state(annotation, unit="nanometers"):
    return (
        f"<annotations><ndpviewstate id='1'><title>t</title><coordformat>{unit}</coordformat>"
        f"{annotation}</ndpviewstate></annotations>"
    )


PIN = "<annotation type='pin'><x>1000</x><y>-500</y></annotation>"
CORNERS = "".join(
    f"<point><x>{x}</x><y>{y}</y></point>" for x, y in ((0, 0), (9000, 0), (9000, 500), (0, 500))
)
FRAME = (
    f"<annotation type='freehand'><closed>1</closed><pointlist>{CORNERS}</pointlist>"
    "<specialtype>rectangle</specialtype></annotation>"
)


@pytest.mark.parametrize(
    ("annotation", "kind", "bounds"),
    [(PIN, Outline.POINT, [200, 300, 200, 300]), (FRAME, Outline.BOX, [196, 301, 232, 302])],
)
def test_pins_and_rectangles_of_ndpa_are_read(put, study_of, monkeypatch, annotation, kind, bounds):
    monkeypatch.setattr(ndpa, "scan_position", lambda path: GLASS)
    put("", "s.ndpi")
    table = study_of("ndpa", put(state(annotation), "s.ndpi.ndpa")).annotations
    assert (table.kind.tolist(), table.bounds.tolist()) == ([kind], [bounds])


@pytest.mark.parametrize(
    ("annotation", "unit"),
    [
        (PIN, "pixels"),
        ("<annotation type='star'/>", "nanometers"),
        ("<annotation type='circle'><x>1</x><y>2</y></annotation>", "nanometers"),
        ("<annotation type='circle'><x>1</x><y>2</y><radius>0</radius></annotation>", "nanometers"),
        ("<annotation type='freehand'><pointlist/></annotation>", "nanometers"),
    ],
)
def test_a_broken_ndpa_annotation_is_refused(put, study_of, monkeypatch, annotation, unit):
    monkeypatch.setattr(ndpa, "scan_position", lambda path: GLASS)
    put("", "s.ndpi")
    with pytest.raises(RefusedError, match="annotation 1"):
        study_of("ndpa", put(state(annotation, unit), "s.ndpi.ndpa"))


def test_a_real_slide_says_where_it_was_scanned(real_files):
    slide = real_files.parent / "slides" / "test3-DAPI-2-(387).ndpi"
    place = scan_position(slide)
    assert (place.width, place.height) == (3968, 4864)
    assert place.offset == (12538720, -96063)
    assert place.pixel(12538720, -96063) == (1984, 2432)
    # One pixel right of the centre is as many nanometres as the header's microns say.
    assert np.subtract(place.pixel(12538720 + 228.1750559, -96063), (1984, 2432)) == (
        pytest.approx([1, 0], abs=1e-8)
    )


def test_a_slide_that_is_no_hamamatsu_scan_does_not_say_where_it_was_scanned(real_files):
    with pytest.raises(ReadError, match="does not state hamamatsu"):
        scan_position(real_files.parent / "slides" / "CMU-1-Small-Region.svs")


def test_lidc_readers_are_sessions_of_one_file_and_all_read_its_images(samples, study_of):
    study = study_of("lidc", samples["lidc"])
    table = study.annotations
    assert table.raters.names == ("samples/lidc reader 1", "samples/lidc reader 2")
    assert table.images == ("1.5", "1.6", "1.7")
    assert table.raters.read.all()
    square = [(1, 1), (9, 1), (9, 9), (1, 9)]
    hole = [(3, 3), (5, 3), (5, 5), (3, 5)]
    assert outlines(table) == [
        (Outline.POINT, "nodule < 3 mm", [[(20, 30)]]),
        (Outline.POINT, "non-nodule", [[(4, 6)]]),
        (Outline.POLYGON, "nodule", [square, hole]),
        (Outline.POLYGON, "nodule", [[(2, 2), (8, 2), (5, 8)]]),
    ]


def test_readers_of_two_lidc_files_are_never_the_same(samples, put):
    first = put(samples["lidc"].read_bytes(), "1/158.xml")
    second = put(samples["lidc"].read_bytes(), "2/158.xml")
    raters = read_files(first, second).annotations.raters
    assert raters.names == (
        "1/158 reader 1", "1/158 reader 2", "2/158 reader 1", "2/158 reader 2",
    )  # fmt: skip


def test_the_layout_of_lidc_radiographs_is_read(put, study_of):
    edges = "".join(
        f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>"
        for x, y in ((1, 2), (9, 2), (5, 7))
    )
    path = put(
        '<IdriReadMessage xmlns="http://www.nih.gov/idri"><CXRreadingSession><unblindedRead>'
        f"<noduleID>1</noduleID><roi><imageSOP_UID>1.9</imageSOP_UID>{edges}</roi>"
        "</unblindedRead></CXRreadingSession></IdriReadMessage>",
        "9.xml",
    )
    table = study_of("lidc", path).annotations
    assert outlines(table) == [(Outline.POLYGON, "nodule", [[(1, 2), (9, 2), (5, 7)]])]


def test_a_lidc_contour_one_pixel_wide_is_left_out_and_counted(put, study_of):
    edges = "".join(
        f"<edgeMap><xCoord>{x}</xCoord><yCoord>5</yCoord></edgeMap>" for x in (1, 2, 3, 2, 1)
    )
    path = put(
        "<LidcReadMessage><readingSession><unblindedReadNodule><roi><imageSOP_UID>1</imageSOP_UID>"
        f"{edges}</roi></unblindedReadNodule></readingSession></LidcReadMessage>",
        "9.xml",
    )
    study = study_of("lidc", path)
    assert len(study.annotations) == 0
    assert "left out 1 contours that bound no area, in 9.xml" in study.notes


@pytest.mark.parametrize("name", ["voc", "labelme-web", "asap", "ndpa", "lidc"])
@pytest.mark.parametrize(
    "text", ["", "<a", "<annotation>", "<other/>", "{}", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"]
)
def test_what_is_no_such_xml_is_said_in_one_line(put, study_of, name, text):
    path = put(text, f"a{'.ndpa' if name == 'ndpa' else '.xml'}")
    with pytest.raises(ReadError) as error:
        study_of(name, path)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)
