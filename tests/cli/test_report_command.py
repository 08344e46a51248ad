"""The command report: one page of a study, and what it says it wrote."""

import json

import pytest

from napari_consensus.report import pictures

ROWS = """image,rater,category,x0,y0,x1,y1
S23-10001,Anna Miller,HSIL,0,0,100,100
S23-10001,Bert,HSIL,0,0,100,80
S23-10002,Anna Miller,LSIL,0,0,100,100
S23-10002,Bert,HSIL,0,0,100,100
"""


@pytest.fixture
def marks(tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text(ROWS, encoding="utf-8")
    return path


@pytest.fixture
def no_figures(monkeypatch):
    """Leave figures undrawn where only what is said of them matters."""
    monkeypatch.setattr(pictures, "svg", lambda drawing: "<svg></svg>")


@pytest.fixture
def page(tmp_path):
    return tmp_path / "page.html"


def test_it_says_what_it_wrote(run, marks, page):
    code, out, err = run("report", marks, "-o", page, "--bootstrap", 20, "--json")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["written"] == ["page.html"]
    assert document["sections"][:3] == ["summary", "limits", "study"]
    assert document["names"] == "hidden"
    assert document["refused"] == []
    assert any(said.startswith("Research use only") for said in document["warnings"])
    text = page.read_text(encoding="utf-8")
    assert "Anna" not in text
    assert "S23" not in text


@pytest.mark.usefixtures("no_figures")
def test_the_options_of_a_consensus_and_of_intervals_are_taken(run, marks, page, tmp_path):
    clusters = tmp_path / "clusters.csv"
    clusters.write_text("image,patient\nS23-10001,p\nS23-10002,q\n", encoding="utf-8")
    code, _, err = run(
        *("report", marks, "-o", page, "--iou", "0.7", "--grouping-iou", "0.4", "--hardest", 0),
        *("--method", "dawid-skene", "-p", "smoothing=0.5", "--fusion", "median", "--seed", 3),
        *("--reference", "Bert", "--basis", "one expert", "--clusters", clusters),
        *("--bootstrap", 10, "--keep-names", "--quiet"),
    )
    assert (code, err) == (0, "")
    text = page.read_text(encoding="utf-8")
    assert "smoothing = 0.5" in text
    assert "10 bootstrap replicates over 2 clusters" in text
    assert "Basis of the reference: one expert. It holds 2 objects by Bert." in text
    assert "IoU ≥ 0.70" in text
    assert "annotations joined at IoU ≥ 0.40" in text


def test_a_page_that_stands_is_refused_before_any_work(run, page):
    page.write_text("kept")
    code, _, err = run("report", "no-such-file.csv", "-o", page)
    assert code == 1
    assert "stands already" in err
    assert page.read_text() == "kept"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "page.pdf"), "end its name in .html"),
        (("--method", "no-such"), "no-such"),
        (("--fusion", "no-such"), "--fusion 'no-such' is unknown"),
        (("--bootstrap", "-1"), "--bootstrap"),
        (("--iou", "1.5"), "--iou"),
    ],
)
def test_wrong_usage_is_told_before_any_work(run, marks, page, words, said):
    code, _, err = run("report", marks, "-o", page, *words)
    assert code == 2
    assert said in err
    assert not page.exists()


@pytest.mark.usefixtures("no_figures")
def test_a_broken_row_is_refused_or_left_out(run, marks, page):
    marks.write_text(ROWS + "S23-10002,Bert,HSIL,0,0,0,0\n", encoding="utf-8")
    code, _, err = run("report", marks, "-o", page)
    assert code == 1
    assert "row 6" in err
    assert not page.exists()
    code, out, err = run("report", marks, "-o", page, "--skip-refused", "--bootstrap", 0)
    assert (code, out) == (0, f"wrote {page}\n")
    assert "warning: No intervals" in err
    assert "warning: Rows were left out: Left out because a rule was broken: 1 row" in err
    assert "1 row of the files" in page.read_text(encoding="utf-8")
