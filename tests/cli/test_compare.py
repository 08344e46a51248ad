"""The command that compares methods; risk, existence and fusion on the command line."""

import pytest

HEADER = "image,rater,category,xmin,ymin,xmax,ymax,score\n"
MARKS = (
    "i.png,a,mitosis,0,0,10,10,0.9\n"
    "i.png,b,mitosis,0,0,10,8,0.6\n"
    "i.png,c,debris,0,0,10,9,0.3\n"
    "j.png,a,debris,50,50,60,60,0.5\n"
    "j.png,b,mitosis,50,50,60,58,0.5\n"
)
GOLD = "i.png,reference,mitosis,0,0,10,10,\nj.png,reference,debris,50,50,60,60,\n"
KEYS = {"method", "f1", "accuracy", "class_f1", "macro_recall", "seconds", "tied", "n_iter"}


@pytest.fixture
def study(tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + MARKS + GOLD, encoding="utf-8")
    return file


@pytest.fixture
def costs(tmp_path):
    file = tmp_path / "costs.csv"
    file.write_text("true,debris,mitosis\ndebris,0,9\nmitosis,1,0\n", encoding="utf-8")
    return file


def test_every_method_is_scored_and_held_against_the_baseline(document, study):
    found = document("compare", study, "-m", "majority", "-m", "dawid-skene", "--replicates", "20")
    assert [m["method"] for m in found["methods"]] == ["majority", "dawid-skene"]
    for entry in found["methods"]:
        assert KEYS | {"converged", "covered", "recall", "difference"} <= entry.keys()
        assert entry["recall"].keys() == {"debris", "mitosis"}
        assert entry["held_out"] is None
    assert found["methods"][0]["difference"]["accuracy"] == {
        "value": 0,
        "low": 0,
        "high": 0,
        "p": 1,
    }
    assert found["alike"]["methods"] == ["majority", "dawid-skene"]
    assert found["alike"]["shares"][0][0] == 1


def test_all_methods_run_where_none_are_named(document, study):
    names = {m["name"] for m in document("methods")["aggregators"]}
    found = document("compare", study, "--replicates", "0")
    assert {m["method"] for m in found["methods"]} | found["left_out"].keys() == names


def test_without_a_reference_raters_left_out_rank_the_methods(document, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + MARKS, encoding="utf-8")
    found = document("compare", file, "-m", "majority")
    (entry,) = found["methods"]
    assert entry["f1"] is entry["accuracy"] is None
    assert entry["held_out_by_rater"].keys() == {"a", "b", "c"}
    assert any("raters share is rewarded" in note for note in found["notes"])
    assert any("no reference" in note for note in found["notes"])


def test_the_best_method_and_what_cannot_be_told_from_it_are_named(document, study):
    asked = ("compare", study, "-m", "majority", "-m", "naive-soft", "-m", "two-third")
    found = document(*asked, "--replicates", "20")
    best = found["best"]
    assert best.keys() == {"accuracy", "class_f1", "macro_recall"}
    assert best["class_f1"] == {
        "method": "majority",
        "value": 0.5,
        "not_separable": ["naive-soft"],
    }
    majority, soft, few = found["methods"]
    assert (majority["decided"], few["decided"]) == (1, 0.5)
    assert soft["behind_best"]["class_f1"] == {"value": 0, "low": 0, "high": 0, "separable": False}
    # Without intervals nobody can say who is apart.
    found = document(*asked, "--replicates", "0")
    assert found["best"]["class_f1"]["not_separable"] is None
    assert found["methods"][1]["behind_best"]["class_f1"]["separable"] is None


def test_images_of_one_patient_are_drawn_together(document, study, tmp_path, run):
    asked = ("compare", study, "-m", "majority", "-m", "dawid-skene", "--replicates", "20")
    assert any("drawn one by one" in note for note in document(*asked)["notes"])
    patients = tmp_path / "patients.csv"
    patients.write_text("image,patient\ni.png,p\nj.png,q\n", encoding="utf-8")
    assert not any("one by one" in n for n in document(*asked, "--clusters", patients)["notes"])
    patients.write_text("image,patient\ni.png,p\nj.png,p\n", encoding="utf-8")
    found = document(*asked, "--clusters", patients)
    assert any("no intervals" in note for note in found["notes"])
    assert found["methods"][1]["difference"]["accuracy"]["low"] is None
    patients.write_text("image,patient\ni.png\n", encoding="utf-8")
    code, out, err = run(*asked, "--clusters", patients)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert "patients.csv, row 2" in err


def test_sensitivity_lists_a_rank_for_every_setting(document, study):
    found = document("compare", study, "-m", "majority", "--replicates", "0", "--sensitivity")
    best = found["sensitivity"]["best"]
    assert {(b["fusion"], b["by"]) for b in best} >= {("mean", "accuracy"), ("wbf", "class_f1")}
    assert all(b["f1"] == 1 and b["strict"] and b["method"] == "majority" for b in best)
    settings = found["sensitivity"]["settings"]
    assert {s["grouping_iou"] for s in settings} == {0.2, 0.3, 0.4, 0.5}
    assert all(s["rank"] == [1] for s in settings)


def test_people_get_tables(run, study):
    code, out, _ = run(
        *("compare", study, "--held-out", "--sensitivity", "--replicates", "5"),
        *("-m", "majority", "-m", "dawid-skene"),
    )
    assert code == 0
    for said in (
        *("IoU >= 0.30", "95 % interval", "left out", "as majority", "Ranks by class_f1"),
        *("Recall of each category", "best class_f1: ", "Best setting of each fusion"),
    ):
        assert said in out


def test_sensitivity_without_a_reference_is_refused(run, tmp_path):
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + MARKS, encoding="utf-8")
    code, out, err = run("compare", file, "--sensitivity", "-m", "majority")
    assert (code, out) == (1, "")
    assert "--sensitivity" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-m", "oracle"], "oracle"),
        (["--fusion", "melt"], "melt"),
        (["--decide", "chance"], "chance"),
        (["--baseline", "oracle"], "oracle"),
    ],
)
def test_wrong_usage_of_compare_is_told(run, study, arguments, said):
    code, out, err = run("compare", study, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_costs_from_a_file_decide_by_risk(document, study, costs):
    # Object i: 2/3 mitosis. Calling it debris costs 2/3, calling it mitosis 9/3.
    probable = document("evaluate", study)
    risk = document("evaluate", study, "--decide", "risk", "--costs", costs)
    assert (probable["accuracy"], risk["accuracy"]) == (0.5, 0.5)
    recall = {c["category"]: c["recall"] for c in risk["categories"]}
    assert recall == {"debris": 1, "mitosis": 0}
    recall = {c["category"]: c["recall"] for c in probable["categories"]}
    assert recall == {"debris": 0, "mitosis": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("true,debris\ndebris,-1\n", "row 2, debris '-1'"),
        ("true,debris\ndebris,x\n", "row 2, debris 'x'"),
        ("true,debris\ndebris,0\ndebris,0\n", "row 3, category 'debris'"),
        ("true,debris\ndebris,0,0\n", "row 2, category"),
        ("", "needs a row of names"),
    ],
)
def test_a_broken_table_of_costs_is_refused_in_one_line(run, study, tmp_path, text, said):
    file = tmp_path / "costs.csv"
    file.write_text(text, encoding="utf-8")
    code, out, err = run("evaluate", study, "--decide", "risk", "--costs", file)
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert said in err


def test_costs_without_risk_are_wrong_usage(run, study, costs):
    code, _, err = run("evaluate", study, "--costs", costs)
    assert code == 2
    assert "probable" in err


def test_existence_is_chosen_and_cut_on_the_command_line(document, run, study, tmp_path):
    out = tmp_path / "c.csv"
    # Scores of object i: 1.8 of three readers; of object j: 1 of two.
    made = document("consensus", study, "-o", out, "--exists", "score", "--minimum-exists", "0.55")
    assert made["objects"] == 1
    assert made["raters"] == []
    code, _, err = run("evaluate", study, "--exists", "em")
    assert code == 1
    assert "at least 4 raters" in err


def test_rates_of_marks_are_reported_by_rater(document, tmp_path):
    rows = [
        f"{k}.png,{r},x,0,0,10,{9 + ord(r) % 2},\n"
        for k in range(8)
        for r in "abcd"
        if k % 4 >= "abcd".index(r)
    ]
    silent = [f"{k}.png,{r},,,,,,\n" for k in range(8) for r in "abcd"[1 + k % 4 :]]
    file = tmp_path / "marks.csv"
    file.write_text(HEADER + "".join(rows + silent), encoding="utf-8")
    made = document("consensus", file, "-o", tmp_path / "c.csv", "--exists", "em")
    assert [r["rater"] for r in made["raters"]] == list("abcd")
    assert all(0 < r["hit_rate"] < 1 for r in made["raters"])
    assert made["raters"][0]["hit_rate"] > made["raters"][3]["hit_rate"]


def test_assisted_boxes_and_scores_that_are_not_there_are_refused(run, study, document):
    code, _, err = run("evaluate", study, "--fusion", "assisted")
    assert code == 1
    assert "assisted" in err
    assert document("evaluate", study, "--fusion", "wbf")["tp"] == 2
