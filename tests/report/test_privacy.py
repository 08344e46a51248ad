"""What names someone stays at home unless it is asked for."""

import base64
import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.pipeline.privacy import (
    LEFT_OUT,
    Names,
    steps_without_names,
    with_names,
    without_names,
)
from napari_consensus.report.findings import Settings, find
from napari_consensus.report.sections.hardest import hardest
from napari_consensus.report.sections.provenance import provenance
from napari_consensus.report.sections.study import raters

TELLING = (
    *("Anna", "Miller", "Bert", "Carla", "Kowalski", "mueller", "S23-10001", "S23-10002"),
    *("00123456", "/home", "/data", "K-17", ".svs", "kowalski0", "guessed"),
)


@pytest.mark.parametrize("name", TELLING)
def test_no_planted_name_is_anywhere_in_the_page(text, name):
    # Not in texts, nor in ids, titles, alternative texts, or the pictures' markup.
    assert name.casefold() not in re.sub(r"base64,[^\"]*", "", text).casefold()


def test_what_stands_for_the_names_is_there(page):
    rows = page.rows("Raters, as declared")
    assert set(rows) == {"rater", "rater-1", "rater-2", "reference-1"}
    assert f"pupil of {LEFT_OUT}" in rows["rater-1"][3]
    assert page.rows("Files read")["file-1.csv"][-1] == "ab" * 32
    basis = next(p.text for p in page.all("p") if p.text.startswith("Basis of the reference"))
    assert basis.startswith(f"Basis of the reference: a panel with {LEFT_OUT} and {LEFT_OUT}")


def test_pictures_hold_pixels_and_nothing_else(text):
    pictures = re.findall(r'href="data:image/png;base64,([^"]*)"', text)
    assert pictures
    for picture in pictures:
        raw = base64.b64decode(picture)
        chunks, at = [], 8
        while at < len(raw):
            length = int.from_bytes(raw[at : at + 4], "big")
            chunks.append(raw[at + 4 : at + 8])
            at += 12 + length
        assert set(chunks) == {b"IHDR", b"IDAT", b"IEND"}


def test_hiding_names_changes_no_number(study):
    plain, truth, _, _ = without_names(study, study.reference, {})
    before = pipeline.agreement_statistics(study.annotations, study.reference, replicates=20)
    after = pipeline.agreement_statistics(plain.annotations, truth, replicates=20)
    assert before.numbers == after.numbers
    assert [p.kappa for p in before.pairs] == [p.kappa for p in after.pairs]


def test_images_keep_their_order_by_number(study):
    plain, _, clusters, names = without_names(study, None, {"S23-10002 HE": "patient 4"})
    assert plain.annotations.images == ("image-1", "image-2")
    assert clusters == {"image-2": "patient 4"}
    assert names.image("S23-10002 HE") == "image-2"
    assert set(plain.image_files) == {"image-1", "image-2"}


def test_a_rater_taken_as_the_reference_is_called_as_before_and_so_is_the_other(study):
    table = study.annotations
    first = np.arange(len(table.raters)) == 0
    rest = replace(study, annotations=table.of_raters(~first), reference=None)
    plain, truth, _, _ = without_names(rest, table.of_raters(first), {})
    assert plain.annotations.raters.names == ("rater-2",)
    assert truth.raters.names == ("rater-1",)
    assert plain.reference is None
    # The same person in both is the same.
    _, both, _, _ = without_names(replace(study, reference=None), table.of_raters(first), {})
    assert both.raters.names == ("rater-1",)


def test_a_reference_from_elsewhere_is_not_called_like_a_rater(study):
    # In their own study they were the first of two.
    table = annotations_from_boxes(
        [[0, 0, 10, 12], [0, 0, 9, 12]],
        rater=["Zoe", "Zora"],
        image=[study.annotations.images[0]] * 2,
    )
    other = table.of_raters(np.array([True, False]))
    assert other.raters.pseudonyms == {"Zoe": "rater-1", "Zora": "rater-2"}
    plain, truth, _, _ = without_names(study, other, {})
    assert plain.annotations.raters.names == ("rater-1", "rater-2")
    # The first reference is the study's own.
    assert truth.raters.names == ("reference-2",)


def test_a_reference_from_elsewhere_shares_the_numbers_of_images(study):
    other = replace(study.reference, images=("S23-10002 HE", "S23-10009 HE"))
    _, truth, _, _ = without_names(study, other, {})
    assert truth.images == ("image-2", "image-3")


def test_a_model_named_after_a_case_or_a_person_gets_a_number_and_others_keep_their_names(
    study, build
):
    marks, _ = build
    names = ("Nowak", "model S23-10001", "unet_nowak", "unet of all")
    drawn = marks(*(((0, 0, 9, 9), "a", name, "p") for name in names))
    kinds = ("human", "model", "model", "model")
    kind = dict(zip(names, kinds, strict=True))
    drawn = replace(
        drawn, raters=replace(drawn.raters, kinds=[kind[n] for n in drawn.raters.names])
    )
    _, _, _, hidden = without_names(replace(study, annotations=drawn, reference=None), None, {})
    assert [hidden.rater(name) for name in names] == [
        *("rater-1", "model-1", "model-2", "unet of all"),
    ]


def test_names_that_say_what_a_rater_is_may_stand_in_free_text(study, build):
    marks, _ = build
    drawn = marks(((0, 0, 9, 9), "a", "expert 1", "p"), ((0, 0, 9, 9), "a", "Nowak", "p"))
    truth = replace(study.reference, raters=replace(study.reference.raters, names=("reference",)))
    _, shown, _, hidden = without_names(
        replace(study, annotations=drawn, reference=None), truth, {}
    )
    assert shown.raters.names == ("reference-1",)
    assert hidden.text("reference by one expert") == "reference by one expert"
    assert hidden.text("reference by Nowak") == f"reference by {LEFT_OUT}"


def test_categories_that_become_equal_stay_apart(study, build):
    marks, _ = build
    drawn = marks(
        ((0, 0, 9, 9), "a", "x", "cells of H2021/004711"),
        ((0, 0, 9, 9), "a", "y", "cells of H2021/004712"),
    )
    plain, _, _, _ = without_names(replace(study, annotations=drawn, reference=None), None, {})
    assert plain.annotations.categories == (f"cells of {LEFT_OUT}", f"cells of {LEFT_OUT} 2")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("seen on S23-12345", f"seen on {LEFT_OUT}"),
        ("H2021/004711 and more", f"{LEFT_OUT} and more"),
        ("patient 1234567", f"patient {LEFT_OUT}"),
        (r"C:\slides\case 4\scan.svs", LEFT_OUT),
        ("board certified 2019, 12 years", "board certified 2019, 12 years"),
        ("Bethesda 2014, HPV 16 and 18", "Bethesda 2014, HPV 16 and 18"),
        ("p16 / Ki-67", "p16 / Ki-67"),
        ("date 2025-11-02", "date 2025-11-02"),
    ],
)
def test_free_text_loses_what_looks_like_a_case_or_a_path(said, shown):
    assert Names({}, hidden=True).text(said) == shown


def test_names_are_shown_where_that_is_asked(study, findings, parse):
    found = findings(study)
    rows = parse(raters(found).html()).rows("Raters, as declared")
    assert set(rows) == {"rater", "Anna Miller", "Bert", "Carla"}
    said = parse(provenance(found, hidden=False).html())
    # Even then a file is named without its folder.
    assert "Miller S23-10001.csv" in said.rows("Files read")
    assert "/home" not in said.text
    assert with_names(study).text("Anna Miller") == "Anna Miller"


def test_who_was_left_out_of_a_consensus_that_was_decided_on_is_hidden_too(study):
    left, step = pipeline.drop_before(study.annotations, pipeline.Dropped(("Anna Miller",)))
    decided_on = pipeline.reach_consensus(left, earlier=(step,))
    plain, truth, _, names = without_names(study, study.reference, {})
    steps = steps_without_names(decided_on.provenance.steps, names)
    found = find(plain, truth, Settings(replicates=0), {}, steps)
    assert found.consensus.groups.annotations.raters.names == ("rater-2",)
    assert len(found.consensus) == len(decided_on) == 3
    # All raters are compared, as they were.
    assert found.voting.raters.names == ("rater-1", "rater-2")
    assert "made of other objects" in hardest(found).html()


def test_numbers_are_given_in_the_order_of_images(study):
    plain, _, _, names = without_names(study, study.reference, {})
    shown = [names.image(name) for name in study.annotations.images]
    assert all(a < b for a, b in pairwise(shown))
    assert plain.annotations.image.tolist() == study.annotations.image.tolist()
