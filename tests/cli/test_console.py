"""What is printed where the console knows few letters, and where the system refuses."""

import io
import json
import sys
from pathlib import Path

import pytest
import rich.progress

from napari_consensus.adjudication import DecisionLog
from napari_consensus.cli import main

NAMES = ["肿瘤", "Fußnote é", "cell 😀"]


@pytest.fixture
def study(tmp_path):
    rows = [f"a,{rater},{name},0,0,9,{8 + k}" for k, name in enumerate(NAMES) for rater in "AB"]
    path = tmp_path / "study.csv"
    text = "\n".join(["image,rater,category,x0,y0,x1,y1", *rows])
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def printed(monkeypatch):
    """Bytes that a command prints where the console has another encoding."""

    def printed(encoding, *arguments):
        stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
        monkeypatch.setattr(sys, "stdout", stream)
        assert main([str(a) for a in arguments]) == 0
        stream.flush()
        return stream.buffer.getvalue()

    return printed


def categories(document):
    return {entry["category"] for entry in json.loads(document)["queue"]}


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "gbk", "ascii"])
def test_json_is_whole_on_a_console_that_knows_few_letters(printed, study, encoding):
    said = printed(encoding, "queue", study, "--json").decode("ascii")
    assert categories(said) == categories(printed("utf-8", "queue", study, "--json")) == set(NAMES)


def test_json_is_letters_where_the_console_knows_all(printed, study):
    assert "肿瘤" in printed("utf-8", "queue", study, "--json").decode("utf-8")


def test_a_table_shows_letters_that_the_console_lacks_by_their_number(printed, study):
    said = printed("cp1252", "queue", study).decode("cp1252")
    assert "Fußnote é" in said
    assert r"\u80bf\u7624" in said


def test_a_place_nobody_may_look_into_is_told_in_one_line(run, study, monkeypatch):
    def away(self):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "is_file", away)
    code, out, err = run("agreement", study)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "Permission denied" in err


@pytest.mark.parametrize(
    "command",
    [
        ("evaluate", "--reference", "A", "--calibration"),
        ("apply", "--decisions", "none", "-o", "gold.csv"),
    ],
)
def test_no_bar_goes_back(run, study, tmp_path, monkeypatch, command):
    DecisionLog(tmp_path / "none").close()
    monkeypatch.chdir(tmp_path)
    shown = {}

    def update(self, _task, *, completed, total):
        shown.setdefault(self, []).append(completed / total)

    monkeypatch.setattr(rich.progress.Progress, "update", update)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    name, *options = command
    assert run(name, study, *options)[0] == 0
    assert len(shown) > 1
    assert all(shares == sorted(shares) for shares in shown.values())
    assert all(0 <= share <= 1 for shares in shown.values() for share in shares)
