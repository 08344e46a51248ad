"""The commands with decisions at a place that cannot lock."""

import json

import pytest

from napari_consensus import reach_consensus, read
from napari_consensus.adjudication import DecisionLog, Mirror, Review, open_log, versions_of
from napari_consensus.adjudication import lock as lock_module
from napari_consensus.adjudication import mirror as mirror_module

MARKS = (
    "image,rater,category,xmin,ymin,xmax,ymax\n"
    "i.png,a,mitosis,0,0,10,10\n"
    "i.png,b,mitosis,0,0,10,8\n"
    "i.png,a,debris,30,30,40,40\n"
)


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(MARKS, encoding="utf-8")
    return file


@pytest.fixture
def decisions(study, tmp_path, monkeypatch):
    """Two decisions made here, of which the share, which was away, has the first alone."""
    monkeypatch.setattr(lock_module, "_others_can_write", lambda lock: "share" in lock.parts)
    monkeypatch.setattr(mirror_module, "kept_folder", lambda: tmp_path / "here")
    (tmp_path / "share").mkdir()
    place = tmp_path / "share" / "marks.decisions.sqlite"
    log = open_log(place)
    review = Review(reach_consensus(read(study).annotations), log, adjudicator="senior")
    first, second = review.consensus.shapes.id.tolist()
    review.accept(first)
    log.mirror.copy()
    review.reject(second)
    log.mirror = None
    log.close()
    return place


def test_what_is_not_copied_yet_is_read_too(run, study, decisions, tmp_path):
    assert len(DecisionLog.read(decisions).decisions) == 1
    assert len(run("export-log", decisions)[1].splitlines()) == 2
    found = json.loads(run("queue", study, "--decisions", decisions, "--json", "--quiet")[1])
    assert found["open"] == 0
    out = tmp_path / "gold.csv"
    made = run("apply", study, "--decisions", decisions, "-o", out, "--json", "--quiet")[1]
    assert json.loads(made)["settled"] == 2


def test_a_signature_is_kept_here_and_copied_there(run, study, decisions):
    signed = ("sign", study, "--decisions", decisions, "--basis", "panel", "--adjudicator")
    code, _, err = run(*signed, "head")
    local = Mirror(decisions).local
    assert code == 0
    assert f"note: decisions are kept in {local}, copied to {decisions}" in err
    assert len(versions_of(DecisionLog.read(decisions))) == 1
    decisions.parent.rename(decisions.parent.with_name("gone"))
    code, _, err = run(*signed, "second")
    assert (code, "not copied yet" in err) == (0, True)
    assert len(versions_of(DecisionLog.read(local))) == 2
