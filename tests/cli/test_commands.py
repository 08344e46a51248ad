"""The command line keeps its contract: keys, counts, exit codes, one line for what is refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from napari_consensus import samples
from napari_consensus.cli import desktop

HEADER = "image,rater,category,xmin,ymin,xmax,ymax\n"
GOOD = (
    "i.png,a,mitosis,0,0,10,10\n"
    "i.png,b,mitosis,0,0,10,8\n"
    "i.png,c,debris,0,0,10,9\n"
    "j.png,a,debris,50,50,60,60\n"
    "j.png,b,,,,,\n"
    "i.png,reference,mitosis,0,0,10,10\n"
)


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + GOOD, encoding="utf-8")
    return file


def test_agreement_counts_the_raters_and_keeps_the_reference_apart(document, study):
    found = document("agreement", study)
    assert (found["images"], found["annotations"], found["reference"]) == (2, 4, 1)
    assert (found["matched"], found["objects"]) == (3, 2)
    assert found["raters_per_object"] == {"1": 1, "2": 0, "3": 1}
    assert (found["minimum_iou"], found["grouping_iou"]) == (0.5, 0.3)
    pair = found["pairs"][0]
    assert (pair["a"], pair["b"]) == ("a", "b")
    assert (pair["matched"], pair["only_a"], pair["only_b"]) == (1, 1, 0)
    assert pair["mean_iou"] == pytest.approx(0.8)
    assert {"f1", "category_agreement"} <= pair.keys()
    assert {"mean_iou", "f1_macro", "f1_micro", "notes"} <= found.keys()


def test_who_found_nothing_read_the_image_and_who_has_no_row_did_not(document, study):
    pairs = {(p["a"], p["b"]): p for p in document("agreement", study)["pairs"]}
    assert pairs["a", "b"]["only_a"] == 1
    assert pairs["a", "c"]["only_a"] == 0


def test_a_number_without_a_value_is_null_with_a_reason(document, study):
    found = document("agreement", study, "--iou", "0.99")
    assert found["matched"] == 0
    assert found["mean_iou"] is None
    assert any("mean_iou is undefined" in note for note in found["notes"])


@pytest.mark.parametrize("name", ["c.geojson", "c.csv", "c.coco.json"])
def test_consensus_writes_the_format_of_the_suffix_and_provenance_beside_it(
    document, study, tmp_path, name
):
    out = tmp_path / "out" / name
    out.parent.mkdir()
    made = document("consensus", study, "-o", out, "-m", "dawid-skene", "-p", "smoothing=0.1")
    assert (made["objects"], made["method"], made["tied"]) == (2, "dawid-skene", 0)
    assert made["converged"] is True
    assert made["raters_per_object"] == {"1": 1, "2": 0, "3": 1}
    assert made["written"][0] == name
    provenance = out.parent / next(n for n in made["written"] if "provenance" in n)
    kept = json.loads(provenance.read_text(encoding="utf-8"))
    text = json.dumps(kept)
    assert '"smoothing": 0.1' in text
    assert "marks.csv" in text
    assert str(tmp_path) not in text


def test_a_written_consensus_is_evaluated_as_the_one_reached_now(document, study, tmp_path):
    out = tmp_path / "c.geojson"
    document("consensus", study, "-o", out)
    now = document("evaluate", study)
    written = document("evaluate", study, "--consensus", out)
    names = ("tp", "fp", "fn", "precision", "recall", "f1", "f1_macro", "accuracy")
    more = ("covered", "class_f1", "class_f1_macro", "macro_recall")
    assert {n: now[n] for n in names + more} == {n: written[n] for n in names + more}
    assert (now["tp"], now["fp"], now["fn"], now["accuracy"]) == (1, 0, 0, 1.0)


def test_a_rater_can_be_the_reference_and_then_does_not_vote(document, study):
    found = document("evaluate", study, "--reference", "c")
    assert (found["tp"], found["fn"]) == (1, 0)
    assert found["accuracy"] == 0.0


def test_a_study_without_reference_is_told_what_to_do(run, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + GOOD.splitlines()[0] + "\n", encoding="utf-8")
    code, out, err = run("evaluate", file)
    assert (code, out) == (1, "")
    assert "--reference" in err


def test_convert_writes_what_reads_back_alike(document, study, tmp_path):
    out = tmp_path / "marks.geojson"
    document("convert", study, out)
    one, other = document("agreement", study), document("agreement", out)
    assert one["pairs"] == other["pairs"]
    assert one["reference"] == other["reference"]


def test_an_existing_file_is_replaced_only_when_asked(run, study, tmp_path):
    out = tmp_path / "c.csv"
    out.write_text("mine", encoding="utf-8")
    code, _, err = run("consensus", study, "-o", out)
    assert code == 1
    assert "c.csv" in err
    assert out.read_text(encoding="utf-8") == "mine"
    assert run("consensus", study, "-o", out, "--overwrite")[0] == 0
    assert out.read_text(encoding="utf-8") != "mine"


def test_an_output_that_cannot_be_written_is_refused_before_work_starts(run, tmp_path):
    code, _, err = run("consensus", tmp_path / "not there.csv", "-o", tmp_path / "no" / "c.csv")
    assert code == 1
    assert "no" in err
    assert "not there" not in err


BROKEN = {
    "a missing column": ("image,rater,category,xmin,ymin,xmax\ni,a,c,1,2,3\n", ("marks.csv",)),
    "letters": (HEADER + "i,a,c,1,2,3,four\n", ("row 2", "ymax", "four")),
    "no number": (HEADER + "i,a,c,1,2,nan,4\n", ("row 2", "xmax", "nan")),
    "inverted corners": (HEADER + GOOD + "i,a,c,9,2,3,4\n", ("row 8", "x")),
    "no area": (HEADER + "i,a,c,1,2,1,4\n", ("row 2",)),
    "no image": (HEADER + ",a,c,1,2,3,4\n", ("row 2", "image")),
    "nothing at all": ("", ("marks.csv", "empty")),
    "a row cut short": (HEADER + "i,a,c,1,2,3,4\ni,a,c,1\n", ("row 3",)),
    "an open quote": (HEADER + 'i,a,"c,1,2,3,4\ni,a,c,1,2,3,4\n', ("marks.csv",)),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("command", ["agreement", "consensus", "evaluate", "convert"])
def test_what_is_broken_is_refused_in_one_line(run, tmp_path, what, command):
    text, said = BROKEN[what]
    file = tmp_path / "marks.csv"
    file.write_text(text, encoding="utf-8")
    out = tmp_path / "out.csv"
    more = {"consensus": ["-o", out], "convert": [out]}.get(command, [])
    code, stdout, err = run(command, file, *more)
    assert (code, stdout) == (1, "")
    assert len(err.splitlines()) == 1
    for word in said:
        assert word in err
    assert not out.exists()


def test_a_binary_file_named_csv_is_refused_in_one_line(run, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_bytes(bytes(range(256)) * 20)
    code, _, err = run("agreement", file)
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "marks.csv" in err


def test_a_path_that_is_not_there_is_refused_in_one_line(run, tmp_path):
    code, _, err = run("agreement", tmp_path / "nowhere")
    assert code == 1
    assert len(err.splitlines()) == 1
    assert "nowhere" in err


def test_skip_refused_counts_the_good_rows_and_lists_the_bad(document, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + GOOD + "i.png,c,debris,7,7,3,9\n", encoding="utf-8")
    found = document("agreement", file, "--skip-refused")
    assert found["annotations"] == 4
    (refused,) = found["refused"]
    assert (Path(refused["file"]).name, refused["row"]) == ("marks.csv", 8)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["agreement"], "PATH"),
        (["agreement", "x", "--iou", "3"], "--iou"),
        (["frobnicate"], "frobnicate"),
        (["evaluate", "x", "--method", "oracle"], "oracle"),
        (["evaluate", "x", "--method", "majority", "-p", "smoothing=1"], "smoothing"),
        (["evaluate", "x", "-p", "smoothing"], "KEY=VALUE"),
        (["evaluate", "x", "--fusion", "melt"], "melt"),
        (["evaluate", "x", "--ties", "coin"], "coin"),
    ],
)
def test_wrong_usage_is_told_from_what_is_refused(run, arguments, said):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_formats_and_methods_are_listed(document):
    assert {"geojson", "coco", "csv"} <= {f["name"] for f in document_of(document, "formats")}
    methods = document("methods")
    assert {"majority", "dawid-skene"} <= {a["name"] for a in methods["aggregators"]}
    assert {"mean", "median", "medoid", "weighted"} <= {f["name"] for f in methods["fusions"]}
    assert "prior" in methods["ties"]


def document_of(document, command):
    return document(command)[command]


def test_people_get_tables_with_thresholds(run, study, tmp_path):
    for arguments in (
        ["agreement", study],
        ["consensus", study, "-o", tmp_path / "c.csv"],
        ["evaluate", study],
        ["methods"],
        ["formats"],
    ):
        code, out, _ = run(*arguments)
        assert code == 0
        assert out
    code, out, _ = run("agreement", study)
    assert "IoU >= 0.50" in out


@pytest.fixture
def made(sample, monkeypatch):
    """Let commands find the study made, which takes seconds."""
    monkeypatch.setattr(samples, "cytology_study", lambda: sample)


@pytest.mark.usefixtures("made")
def test_the_demo_leaves_three_formats_and_a_summary(run, tmp_path, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if sys.platform in {"win32", "darwin"}:
        pytest.skip("a window always opens here")
    code, out, _ = run("demo", "--out", tmp_path / "demo")
    assert code == 0
    written = {file.name for file in (tmp_path / "demo").iterdir()}
    assert {"consensus.geojson", "consensus.coco.json", "consensus.csv", "summary.md"} <= written
    assert "Against the reference" in out


@pytest.mark.usefixtures("made")
def test_the_demo_without_a_window_says_its_counts_as_json(document, monkeypatch):
    monkeypatch.setattr(desktop, "_has_display", lambda: False)
    found = document("demo")
    assert (found["images"], found["written"]) == (4, [])
    assert min(found["objects"], found["matched"], found["reference"]) > 0


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("command", [["view", "."], ["demo", "--screenshot", "x.png"]])
def test_a_window_without_napari_is_refused_in_one_line(run, monkeypatch, command):
    monkeypatch.setattr(desktop, "find_spec", lambda name: None)
    code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert "napari-consensus[all]" in err


def test_the_command_is_a_module_too():
    ran = subprocess.run(
        [sys.executable, "-m", "napari_consensus"],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 2
    assert "agreement" in ran.stdout + ran.stderr


# Independently computed from the release's own files; see the README there.
@pytest.mark.parametrize(
    ("iou", "matched", "mean_iou", "f1_macro"),
    [(0.5, 5273, 0.7061, 0.4347), (0.3, 6336, 0.6572, 0.5446)],
)
def test_cytocrowd_agrees_as_computed_independently(
    document, cytocrowd, iou, matched, mean_iou, f1_macro
):
    found = document("agreement", cytocrowd, "--iou", iou)
    assert found["matched"] == matched
    assert found["mean_iou"] == pytest.approx(mean_iou, abs=1e-4)
    assert found["f1_macro"] == pytest.approx(f1_macro, abs=1e-4)
    shares = [found["raters_per_object"][str(k)] / found["objects"] for k in range(1, 5)]
    assert found["objects"] == pytest.approx(3537, abs=5)
    assert shares == pytest.approx([0.3596, 0.2578, 0.2728, 0.1097], abs=0.005)


def test_cytocrowd_pairs_are_those_computed_independently(document, cytocrowd):
    pairs = {(p["a"], p["b"]): p for p in document("agreement", cytocrowd)["pairs"]}
    p = pairs["3", "5"]
    assert (p["matched"], p["only_a"], p["only_b"]) == (1452, 781, 990)
    assert p["mean_iou"] == pytest.approx(0.7517, abs=1e-4)
    assert p["category_agreement"] == pytest.approx(0.8264, abs=1e-4)
    p = pairs["4", "7"]
    assert (p["matched"], p["only_a"], p["only_b"]) == (393, 416, 1666)


def test_cytocrowd_is_won_by_the_best_known_margin(document, cytocrowd):
    majority = document("evaluate", cytocrowd, "--method", "majority", "--fusion", "mean")
    for name, value in (("f1", 0.9161), ("accuracy", 0.9263), ("class_f1", 0.8486)):
        assert majority[name] == pytest.approx(value, abs=0.002)
    weighted = document(
        *("evaluate", cytocrowd, "--method", "dawid-skene", "-p", "smoothing=0.1"),
        *("--fusion", "weighted"),
    )
    assert weighted["f1"] >= 0.918
    assert weighted["accuracy"] >= 0.934
    assert weighted["class_f1"] >= 0.857
