"""What experts settled, as a report tells it."""

import pytest

from napari_consensus import pipeline
from napari_consensus.adjudication import DecisionLog, Review, freeze
from napari_consensus.report import report


@pytest.fixture(scope="module")
def log(study):
    log = DecisionLog()
    # Decided on objects of another overlap than a report takes by default.
    consensus = pipeline.reach_consensus(study.annotations, grouping_iou=0.4)
    review = Review(consensus, log, adjudicator="Kowalski")
    first, second, third, _ = consensus.shapes.id.tolist()
    review.accept(first, seconds=4.0)
    review.reject(second, blind="HSIL")
    review.unsure(third)
    freeze(review, signed_by="Nowak", basis="one expert", statement="by Nowak")
    return log


@pytest.fixture(scope="module")
def reviewed(study, log, parse, tmp_path_factory):
    path = tmp_path_factory.mktemp("reviewed") / "page.html"
    report(study, path, log=log, replicates=0, hardest=0)
    return parse(path.read_text(encoding="utf-8"))


def test_the_state_of_the_review_is_counted(reviewed):
    rows = reviewed.rows("State of the review")
    assert rows["objects under review"] == ["4"]
    assert rows["settled"] == ["2"]
    assert rows["left unsure"] == ["1"]
    assert rows["not reviewed"] == ["1"]


def test_who_decided_and_signed_is_hidden(reviewed):
    rows = reviewed.rows("Who decided")
    assert rows["adjudicator-1"][:4] == ["3", "0", "4.0", "1 of 1"]
    signed = reviewed.rows("Signed versions")["version 1"]
    assert (signed[0], signed[2], signed[4]) == ("adjudicator-2", "one expert", "2")
    assert "Kowalski" not in reviewed.text
    assert "Nowak" not in reviewed.text


def test_raters_stand_against_the_gold_standard(reviewed):
    rows = reviewed.rows("Against the gold standard")
    # Three of the four objects are left; the consensus has all of them and one more.
    assert rows["consensus"][:2] == ["0.750", "1.000"]
    assert set(rows) == {"", "consensus", "rater-1", "rater-2"}


def test_all_of_the_page_is_about_the_objects_that_were_decided_on(reviewed):
    assert "objects (annotations joined at IoU ≥ 0.40)" in reviewed.rows("What was annotated")
    assert reviewed.rows("Parameters")["annotations of one object (--grouping-iou)"] == [
        "IoU ≥ 0.4"
    ]


def test_without_decisions_there_is_no_such_section(page):
    assert "review" not in [s.attributes["id"] for s in page.all("section")]
