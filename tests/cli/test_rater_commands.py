"""The commands about raters and simulated crowds."""

import pytest

MARKS = (
    "image,rater,category,xmin,ymin,xmax,ymax\n"
    "i,a,x,0,0,10,10\ni,b,x,0,0,10,8\ni,c,y,0,0,10,10\ni,a,y,50,50,60,60\ni,c,y,50,50,60,60\n"
    "i,reference,x,0,0,10,10\n"
)


@pytest.fixture
def study(tmp_path):
    (tmp_path / "marks.csv").write_text(MARKS, encoding="utf-8")
    (tmp_path / "raters.csv").write_text("rater,years\na,12\n", encoding="utf-8")
    return tmp_path


def test_raters_are_described_with_who_they_are(document, study):
    found = document("raters", study)
    first = found["raters"][0]
    assert (first["rater"], first["statement"]) == ("a", {"years": 12.0})
    assert (first["marked"], first["found"], first["accuracy"]) == (2, 1, 1.0)
    assert first["hit_rate"] is None
    assert (first["best_rank"], first["worst_rank"]) == (1, 3)
    assert len(first["confusion"]) == len(found["categories"]) == 2
    assert found["errors"]["known_by"] == "reference"
    assert found["objects_by_answers"] == {"0": 0, "1": 0, "2": 1, "3": 1}
    assert found["hardest"][0]["votes"] == {"x": 2, "y": 1}
    assert any("at least 4 raters" in note for note in found["notes"])


def test_raters_are_shown_in_tables(run, study):
    code, out, _ = run("raters", study)
    assert code == 0
    assert "years: 12" in out
    assert "1-3" in out


def test_numbers_of_raters_have_intervals_where_images_are_drawn_again(document, run, tmp_path):
    path = tmp_path / "marks.csv"
    path.write_text(MARKS + "j,a,x,0,0,10,10\nj,b,x,0,0,10,5\n", encoding="utf-8")
    found = document("raters", path, "--bootstrap", 40, "--drop", "c")
    assert (found["bootstrap"], found["refits"]) == (40, 40)
    first = found["raters"][0]
    # On i the two overlap by .8, on j by .5: a draw may hold one of them twice.
    assert first["mean_iou"] == pytest.approx(0.65)
    assert first["mean_iou_interval"] == [pytest.approx(0.5), pytest.approx(0.8)]
    assert first["trace_interval"][0] < first["trace"] < first["trace_interval"][1]
    assert any("drawn one by one" in note for note in found["notes"])
    without = document("raters", path, "--drop", "c")["raters"][0]
    assert without["mean_iou_interval"] == without["spam_score_interval"] == [None, None]
    code, out, _ = run("raters", path, "--bootstrap", 4)
    assert code == 0
    assert "4 draws of images" in out


def test_a_rater_is_left_out_and_a_category_looked_at(document, study):
    found = document("raters", study, "--drop", "b", "--category", "y", "--hardest", "1")
    assert [rater["rater"] for rater in found["raters"]] == ["a", "c"]
    assert [held["category"] for held in found["hardest"]] == ["y"]


@pytest.mark.parametrize(
    ("options", "code", "why"),
    [
        (("--category", "z"), 2, "no category is named 'z'"),
        (("--drop", "z"), 1, "no rater is named 'z'"),
        (("--method", "z"), 2, "no method is named 'z'"),
    ],
)
def test_what_is_not_there_is_refused_in_one_line(run, study, options, code, why):
    got, out, err = run("raters", study, *options)
    assert (got, out, err.count("\n")) == (code, "", 1)
    assert why in err


def test_a_simulated_crowd_is_a_study(document, tmp_path):
    out = tmp_path / "crowd"
    made = document("simulate", "hammer-spammer", "-o", out, "-p", "tasks=40", "-p", "raters=9",
                    "-p", "answers=5", "-p", "ratio=0.3", "--seed", "4")  # fmt: skip
    assert made["written"] == ["answers.json", "metadata.json", "ground_truth.npy"]
    assert (made["tasks"], made["answers"], made["parameters"]["ratio"]) == (40, 200, 0.3)
    assert document("agreement", out)["annotations"] == 200
    assert document("evaluate", out, "--method", "one-coin")["accuracy"] >= 0.95


def test_a_simulated_table_has_its_truth_beside_it(document, tmp_path):
    out = tmp_path / "crowd.csv"
    made = document("simulate", "student-teacher", "-o", out, "-p", "tasks=12")
    assert made["written"] == ["crowd.csv", "crowd.truth.csv"]
    assert document("evaluate", out, "--reference", tmp_path / "crowd.truth.csv")["tp"] == 12
    assert document("compare", tmp_path, "-m", "majority")["methods"][0]["covered"] == 1.0


def test_simulated_boxes_are_a_study(document, tmp_path):
    out = tmp_path / "boxes.geojson"
    made = document("simulate", "boxes", "-o", out, "-p", "images=3", "-p", "raters=2")
    assert (made["images"], made["objects"], made["raters"]) == (3, 120, 2)
    found = document("agreement", out)
    assert (found["reference"], found["annotations"]) == (120, made["annotations"])


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("nobody", "-o", "x"), "no kind of crowd is named 'nobody'"),
        (("boxes", "-o", "x.csv", "-p", "tasks=3"), "boxes has no parameter 'tasks'"),
        (("boxes", "-o", "x.csv", "-p", "miss=often"), "'often' must be a number"),
        (("hammer-spammer", "-o", "x", "-p", "tasks=1.5"), "'1.5' must be a whole number"),
        (("hammer-spammer", "-o", "x", "-p", "ratio=2"), "ratio is 2.0"),
        (("hammer-spammer", "-o", "x.geojson"), "answers are written to a folder"),
    ],
)
def test_a_crowd_that_cannot_be_is_refused_in_one_line(run, tmp_path, monkeypatch, arguments, why):
    monkeypatch.chdir(tmp_path)
    code, out, err = run("simulate", *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert why in err
    assert not list(tmp_path.iterdir())


def test_a_crowd_that_stands_is_not_replaced_unasked(run, tmp_path):
    first = ("simulate", "hammer-spammer", "-o", tmp_path / "crowd", "-p", "tasks=3")
    assert run(*first)[0] == 0
    code, _, err = run(*first)
    assert (code, "stands already" in err) == (1, True)
    assert run(*first, "--overwrite")[0] == 0


def test_mixes_say_what_more_raters_cost_and_give(document, run, tmp_path):
    out = tmp_path / "crowd"
    document("simulate", "hammer-spammer", "-o", out, "-p", "tasks=60", "-p", "raters=5",
             "-p", "ratio=0.4")  # fmt: skip
    mix = ("simulate-mix", out, "--mix", "0=1,4=1", "--mix", "4=5", "--cost", "0=7",
           "--objects", "80", "--repetitions", "5")  # fmt: skip
    with_expert, novices = document(*mix)["mixes"]
    assert (with_expert["cost"], novices["cost"]) == (8.0, 5.0)
    assert with_expert["accuracy"] > novices["accuracy"]
    assert with_expert["low"] <= with_expert["accuracy"] <= with_expert["high"]
    assert novices["recall"] == 1.0
    # All objects are marked: what is right among the marked is right among all.
    assert novices["class_recall"] == pytest.approx(novices["accuracy"])
    assert 0 < novices["macro_recall"] < with_expert["macro_recall"] <= 1
    assert "5 x 4" in run(*mix, "-q")[1]
    code, _, err = run("simulate-mix", out, "--mix", "z=1")
    assert (code, "no rater is named 'z'" in err) == (2, True)
