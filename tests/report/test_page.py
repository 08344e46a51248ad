"""The page of a study that can be counted by hand."""

import re
from itertools import pairwise

import numpy as np
import pytest
import tifffile

import napari_consensus as nc
from napari_consensus.data.study import Study
from napari_consensus.data.tasks import annotations_of_answers
from napari_consensus.errors import Cancelled, ParameterError, UndefinedError, WriteError
from napari_consensus.report import report
from napari_consensus.report.sections.masks import masks
from napari_consensus.report.sections.methods import methods


def test_agreement_is_what_is_counted_by_hand(page):
    rows = page.rows("All raters")
    # Of 3 + 3 marks 2 + 2 are matched, at IoU .8 and 1.
    assert rows["F1, pooled over images and pairs of raters"][0] == "0.667"
    assert rows["mean IoU of the matched annotations alone"][0] == "0.900"
    assert rows["mean IoU of the matched annotations alone"][3] == "2 matches"
    assert rows["share of annotations without a partner (not in the mean IoU)"][0] == "0.333"
    # Each image: one match, one mark alone.
    assert page.rows("Over thresholds")["0.50"] == [
        *("0.667", "not defined a", "0.500", "not defined a"),
    ]


def test_every_two_raters_are_compared(page):
    pair = page.rows("Every two raters")["rater-1 and rater-2"]
    assert pair[:4] == ["2", "1", "1", "0.667"]
    assert pair[5] == "0.900"
    kappa = page.rows("Cohen's kappa")["rater-1 and rater-2"]
    # One of two matches has the same name; that is what Bert's one name gives by chance.
    assert (kappa[0], kappa[1], kappa[-1]) == ("0.500", "0.000", "2")


def test_objects_are_counted_by_the_raters_who_saw_them(page):
    rows = page.rows("Objects by the number of raters")
    assert [rows["1"][:2], rows["2"][:2]] == [["2", "0.500"], ["2", "0.500"]]
    found = page.rows("Objects of the reference by how many raters")
    assert {k: v for k, (v,) in found.items() if k != "raters"} == {"0": "1", "1": "0", "2": "2"}


def test_the_consensus_stands_against_the_reference(page):
    caption = next(
        c.text for c in page.all("caption") if "The consensus against the reference" in c.text
    )
    assert "2 found, 1 missed, 2 more" in caption
    rows = page.rows("The consensus against the reference")
    held = {name.partition(":")[0]: row[0] for name, row in rows.items()}
    assert held["precision"] == "0.500"
    assert held["recall"] == "0.667"
    assert held["F1, pooled"] == "0.571"


def test_the_study_is_told_in_numbers(page):
    rows = page.rows("What was annotated")
    assert rows["images"] == ["2"]
    assert rows["annotations by raters"] == ["6"]
    assert rows["objects (annotations joined at IoU ≥ 0.30)"] == ["4"]
    assert rows["objects of the reference"] == ["3"]


def test_headings_stand_in_order(page):
    levels = [int(e.name[1]) for e in _elements(page) if re.fullmatch(r"h\d", e.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_section_begins_with_what_it_means(page):
    sections = list(page.all("section"))
    assert len(sections) >= 12
    for section in sections:
        heading, meaning = section.children[:2]
        assert heading.name == "h2"
        assert meaning.attributes["class"] == "meaning"
        assert section.attributes["aria-labelledby"] == heading.attributes["id"]


def test_what_is_linked_is_there_and_no_id_is_used_twice(page):
    ids = [e.attributes["id"] for e in _elements(page) if "id" in e.attributes]
    assert len(ids) == len(set(ids))
    targets = {
        e.attributes["href"][1:]
        for e in _elements(page)
        if e.attributes.get("href", "").startswith("#")
    }
    assert targets <= set(ids)
    styles = " ".join(f"{e.attributes}" for e in _elements(page))
    assert set(re.findall(r"url\(#([^)]*)\)", styles)) <= set(ids)


def test_tables_say_what_they_are_and_head_their_rows_and_columns(page):
    for table in page.all("table"):
        assert next(table.all("caption")).text
        head, body = next(table.all("thead")), next(table.all("tbody"))
        assert {cell.attributes["scope"] for cell in head.all("th")} == {"col"}
        columns = len(list(head.all("th")))
        for row in body.all("tr"):
            assert next(row.all("th")).attributes["scope"] == "row"
            assert len([c for c in row.children if c.name in ("th", "td")]) == columns


def test_every_picture_says_what_it_shows(page):
    pictures = [e for e in page.all("svg") if "aria-hidden" not in e.attributes]
    assert len(pictures) > 8
    for picture in pictures:
        assert picture.attributes["role"] == "img"
        assert picture.attributes["aria-label"]


def test_nothing_is_undefined_without_a_reason(page, text):
    for cell in page.all("td"):
        assert cell.text not in ("", "-", "nan", "None", "NaN")
        if cell.attributes.get("class") == "none":
            assert cell.attributes["title"]
    assert ">nan<" not in text.lower()


def test_the_page_loads_nothing(page, text):
    assert "http" not in text.replace("http-equiv", "")
    for element in _elements(page):
        assert element.name not in ("script", "link", "iframe", "object")
        for name in ("src", "href", "xlink:href"):
            said = element.attributes.get(name, "#")
            assert said.startswith(("#", "data:image/png;base64,"))
    policy = [m.attributes.get("content", "") for m in page.all("meta")]
    assert any(said.startswith("default-src 'none'") for said in policy)


def test_the_same_study_gives_the_same_page(study, text, tmp_path):
    report(study, tmp_path / "again.html", replicates=60)
    again = (tmp_path / "again.html").read_text(encoding="utf-8")
    made = re.compile(r"Made \S+ \(UTC\)|on \d{4}-\d\d-\d\d")
    assert made.sub("", again) == made.sub("", text)


def test_methods_name_the_real_parameters_and_their_sources(study, findings, parse):
    found = findings(
        study,
        {"S23-10001 HE": "p1", "S23-10002 HE": "p2"},
        method={"aggregator": "dawid-skene", "fusion": "median"},
        minimum_iou=0.6,
        replicates=150,
        seed=7,
        basis="a panel of three",
    )
    page = parse(methods(found).html())
    said = page.text
    for words in ("at least 0.6", "dawid-skene", "smoothing", "the median of", "150 bootstrap"):
        assert words in said
    for words in ("2 clusters", "seed 7", "a panel of three", nc.__version__, "Dawid"):
        assert words in said
    numbers = {int(n) for group in re.findall(r"\[([\d, ]+)\]", said) for n in group.split(",")}
    assert numbers == set(range(1, len(list(next(page.all("ol")).all("li"))) + 1))


def test_label_images_are_compared_as_masks(tmp_path, findings, parse):
    first = np.zeros((40, 50), np.uint8)
    first[5:15, 5:15], first[20:30, 25:45] = 1, 2
    second = first.copy()
    second[20:30, 35:45] = 0
    for name, labels in (("A", first), ("B", second), ("model", first)):
        tifffile.imwrite(tmp_path / f"{name}.tif", labels)
    files = [tmp_path / f"{name}.tif" for name in ("A", "B", "model")]
    page = parse(masks(findings(nc.read(*files))).html())
    rows = page.rows("Masks of every two raters")
    # IoU 1 and .5: AP is 1 at IoU .5 and 1/3 above, SortedAP .5 * 1 + .5 * 1/3, Dice 400 / 500.
    assert rows["A and B"][::2] == ["0.400", "0.667", "0.800"]
    assert rows["A and model"][::2] == ["1.000", "1.000", "1.000"]
    assert rows["A and B"][1].startswith("not defined")
    models = page.rows("Models beside")
    assert models["model, Dice"] == ["0.900", "0.800", "0.800", "0.800", "above the band"]
    assert next(iter(page.table("Cells by patch")[1:]))[1:] == ["50 x 40", "2", "2", "2"]


def test_answers_without_a_place_have_no_overlap(tmp_path, parse):
    answers = annotations_of_answers(
        *([0, 0, 1, 1, 2, 2], [0, 1, 0, 1, 0, 1], [0, 1, 1, 1, 0, 0]),
        tasks=["t1", "t2", "t3"],
        raters=["x", "y"],
        categories=["p", "q"],
    )
    found = report(Study(answers), tmp_path / "page.html", replicates=0)
    assert not {"outlines", "counts"} & set(found.sections)
    assert "categories" in found.sections
    said = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "IoU of the matched" not in said
    assert "<image" not in said


def test_a_page_is_replaced_only_when_asked(study, tmp_path):
    path = tmp_path / "page.html"
    path.write_text("kept")
    with pytest.raises(WriteError, match="stands already"):
        report(study, path)
    assert path.read_text() == "kept"


def test_a_page_is_html(study, tmp_path):
    with pytest.raises(ParameterError, match="end its name in"):
        report(study, tmp_path / "page.pdf")


def test_stopping_leaves_nothing_behind(study, tmp_path):
    def stop(done, total):
        if done > total / 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        report(study, tmp_path / "page.html", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_nothing_drawn_is_nothing_to_report(tmp_path):
    nobody = nc.annotations_from_boxes(np.empty((0, 4)), image=[], rater=[])
    with pytest.raises(UndefinedError, match="nothing to report"):
        report(Study(nobody), tmp_path / "page.html")


def test_the_library_has_it_by_name():
    assert nc.report is report


def _elements(page):
    for child in page.children:
        if not isinstance(child, str):
            yield child
            yield from _elements(child)


def test_iou_and_spam_score_of_each_rater_have_intervals_over_images(page):
    heading, *rows = page.table("What each rater marks")
    assert heading[4:6] == ["mean IoU of matches", "95 % interval"]
    for row in rows:
        low, high = map(float, row[5].split(" to "))
        assert low <= float(row[4]) <= high
    heading, *rows = page.table("How each rater names objects")
    assert heading[-2:] == ["spam score", "95 % interval"]
    assert all(" to " in row[-1] for row in rows)
