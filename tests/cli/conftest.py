"""What tests of commands share: how one is run, and a study with decisions on it."""

import json

import pytest

from napari_consensus import reach_consensus, read
from napari_consensus.adjudication import DecisionLog, Review, box, freeze
from napari_consensus.cli import main

MARKS = (
    "image,rater,category,xmin,ymin,xmax,ymax\n"
    "i.png,a,mitosis,0,0,10,10\n"
    "i.png,b,mitosis,0,0,10,8\n"
    "i.png,a,debris,30,30,40,40\n"
    "j.png,a,debris,50,50,60,60\n"
    "j.png,b,mitosis,50,50,60,60\n"
    "i.png,reference,mitosis,0,0,10,10\n"
    "j.png,reference,mitosis,50,50,60,60\n"
)


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = main([str(a) for a in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def document(run):
    def document(*arguments):
        code, out, err = run(*arguments, "--json", "--quiet")
        assert (code, err) == (0, "")
        return json.loads(out)

    return document


@pytest.fixture
def refused(run, tmp_path):
    """Run a command that is refused in one line, and leaves every file as it was."""

    def refused(*arguments, code=1):
        before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
        done, out, err = run(*arguments)
        assert (done, out, err.count("\n")) == (code, "", 1)
        assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before
        return err

    return refused


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(MARKS, encoding="utf-8")
    return file


@pytest.fixture
def decisions(study, tmp_path):
    path = tmp_path / "marks.decisions.sqlite"
    consensus = reach_consensus(read(study).annotations, fusion="medoid")
    review = Review(consensus, DecisionLog(path), adjudicator="senior")
    _, lone, torn = consensus.shapes.id.tolist()
    review.relabel(torn, "mitosis", text="=clear")
    review.reject(lone)
    review.undo()
    review.unsure(lone)
    review.add("j.png", box(5, 5, 9, 9, "debris"))
    freeze(review, signed_by="senior", basis="one expert", statement="")
    review.log.close()
    return path
