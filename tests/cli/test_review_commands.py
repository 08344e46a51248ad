"""The commands about review: an order with reasons, a gold standard, a log."""

import csv
import json
from pathlib import Path

import pytest

from napari_consensus import reach_consensus, read
from napari_consensus.adjudication import DecisionLog, Review, versions_of


def test_the_queue_lists_what_to_look_at_first_and_why(document, run, study):
    found = document("queue", study)
    assert (found["objects"], found["open"], found["look_again"]) == (3, 3, 0)
    first, second, last = found["queue"]
    assert (first["place"], first["image"], first["reasons"]) == (
        1,
        "j.png",
        ["tie: debris 1, mitosis 1"],
    )
    assert second["reasons"] == ["1 of 2 raters marked it"]
    assert last["reasons"] == ["all raters agree"]
    assert first["gain"] > second["gain"] > last["gain"]
    code, out, _ = run("queue", study)
    assert code == 0
    assert "3 of 3 objects to review" in out


def test_what_is_settled_leaves_the_queue(document, study, decisions):
    found = document("queue", study, "--decisions", decisions)
    assert [line["category"] for line in found["queue"]] == ["mitosis"]
    unsure = document("queue", study, "--decisions", decisions, "--unsure")
    assert [line["reasons"] for line in unsure["queue"]] == [["1 of 2 raters marked it"]]


@pytest.mark.parametrize(
    ("options", "left"),
    [
        (["--support", "1"], 1),
        (["--support", "1-2"], 3),
        (["--category", "debris", "--image", "j.png"], 1),
        (["--rater", "b"], 2),
        (["--region", "25,25,55,55"], 2),
    ],
)
def test_filters_narrow_the_queue(document, study, options, left):
    assert document("queue", study, *options)["open"] == left


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--support", "few"], "--support 'few' must be a number, or two with a dash"),
        (["--region", "1,2"], "--region '1,2' must be four numbers"),
        (["--category", "mitose"], "no category is named 'mitose'"),
        (["--changes-diagnosis"], "no severity of a category is declared"),
    ],
)
def test_a_wrong_filter_is_named_in_one_line(run, study, options, message):
    code, out, err = run("queue", study, *options)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert message in err


def test_the_queue_is_written_as_a_table(document, study, tmp_path):
    out = tmp_path / "queue.csv"
    found = document("queue", study, "-o", out)
    with out.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == [line["id"] for line in found["queue"]]
    assert lines[0]["reasons"] == "tie: debris 1, mitosis 1"


def test_apply_writes_the_gold_standard_on_the_consensus_that_was_reviewed(
    document, study, decisions, tmp_path
):
    out, card = tmp_path / "gold.csv", tmp_path / "card.md"
    made = document("apply", study, "--decisions", decisions, "-o", out, "--card", card)
    assert (made["objects"], made["settled"], made["unsure"], made["not_reviewed"]) == (4, 2, 1, 1)
    assert (made["version"], made["look_again"]) == (1, [])
    assert made["written"] == ["gold.csv", "gold.csv.provenance.json", "card.md"]
    steps = json.loads((tmp_path / "gold.csv.provenance.json").read_text(encoding="utf-8"))["steps"]
    assert [s["parameters"]["method"] for s in steps if s["action"] == "fuse"] == ["medoid"]
    assert "# Data card" in card.read_text(encoding="utf-8")
    again = document("evaluate", study, "--consensus", out)
    assert (again["tp"], again["fp"], again["fn"], again["accuracy"]) == (2, 2, 0, 1.0)


def test_apply_can_leave_out_what_nobody_settled(document, study, decisions, tmp_path):
    out = tmp_path / "gold.geojson"
    made = document("apply", study, "--decisions", decisions, "-o", out, "--leave-out-open")
    assert made["objects"] == 2


def test_apply_says_which_decisions_to_look_at_again(document, study, decisions, tmp_path):
    with study.open("a", encoding="utf-8") as file:
        file.write("j.png,c,debris,50,50,60,61\n")
    made = document("apply", study, "--decisions", decisions, "-o", tmp_path / "gold.csv")
    (again,) = made["look_again"]
    assert (again["image"], again["why"]) == (
        "j.png",
        "its annotations are gone, have changed, or form other objects now",
    )
    assert made["version"] == 1


def test_the_log_is_exported_one_decision_a_line(run, decisions, tmp_path):
    code, out, _ = run("export-log", decisions)
    actions = [json.loads(line)["action"] for line in out.splitlines()]
    assert (code, actions) == (0, ["relabel", "reject", "undo", "unsure", "add"])
    target = tmp_path / "log.jsonl"
    assert run("export-log", decisions, "-o", target)[0] == 0
    assert target.read_text(encoding="utf-8") == out


def test_what_is_no_decisions_file_is_refused_in_one_line(run, study, tmp_path):
    for command in (
        ("queue", study, "--decisions", study),
        ("apply", study, "--decisions", tmp_path / "none.sqlite", "-o", tmp_path / "gold.csv"),
        ("export-log", study),
    ):
        code, out, err = run(*command)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "decisions file" in err


def test_a_card_is_not_written_under_pseudonyms(run, study, decisions, tmp_path):
    out = ("-o", tmp_path / "gold.csv", "--card", tmp_path / "card.md", "--pseudonyms")
    code, _, err = run("apply", study, "--decisions", decisions, *out)
    assert code == 2
    assert "--card names raters" in err
    assert not Path(tmp_path / "gold.csv").exists()


def test_simulate_review_prints_curves_and_how_soon_they_get_there(document, run, study):
    found = document("simulate-review", study)
    assert set(found["curves"]) == {"ours", "entropy", "support", "random"}
    # The tie goes to mitosis, which is right; what only one rater saw is not there.
    assert found["curves"]["ours"] == [[0, 0.8], [1, 0.8], [2, 1.0], [3, 1.0]]
    assert found["decisions_to"]["80"]["ours"] == 2
    assert set(found["decisions_to"]["90"]) == set(found["curves"])
    assert any("a real reviewer errs" in note for note in found["notes"])
    code, out, _ = run("simulate-review", study)
    assert code == 0
    assert "class_f1 0.800 to 1.000" in out


def test_simulate_review_without_a_reference_is_refused_in_one_line(run, study):
    marks = study.read_text(encoding="utf-8").splitlines(keepends=True)[:6]
    study.write_text("".join(marks), encoding="utf-8")
    code, out, err = run("simulate-review", study)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "--reference" in err


def test_sign_freezes_a_version_and_writes_it(document, run, study, decisions, tmp_path):
    out, card = tmp_path / "gold.csv", tmp_path / "card.md"
    who = ("--adjudicator", "head", "--basis", "panel", "--statement", "Two readings")
    made = document(
        "sign", study, "--decisions", decisions, *who, "-o", out, "--card", card, "--leave-out-open"
    )
    assert (made["version"], made["signed_by"], made["basis"]) == (2, "head", "panel")
    assert (made["objects"], made["decided_by"], made["open_items"]) == (4, {"senior": 2}, 2)
    assert (made["unsure"], made["not_reviewed"]) == (1, 1)
    assert made["written"] == ["gold.csv", "gold.csv.provenance.json", "card.md"]
    assert versions_of(DecisionLog.read(decisions))[1].sha256 == made["sha256"]
    assert len(read(out).reference) == 2
    assert "Statement of version 2: Two readings." in card.read_text(encoding="utf-8")
    code, _, err = run("sign", study, "--decisions", decisions, *who)
    assert (code, err.count("\n")) == (2, 1)
    assert "head has signed this already, as version 2" in err


def test_later_decisions_are_signed_as_a_new_version(run, study, decisions):
    log = DecisionLog(decisions)
    review = Review(reach_consensus(read(study).annotations, fusion="medoid"), log, adjudicator="x")
    review.accept(review.consensus.shapes.id.tolist()[0])
    log.close()
    who = ("--adjudicator", "senior", "--basis", "one expert")
    code, out, err = run("sign", study, "--decisions", decisions, *who, "--quiet")
    assert (code, err) == (0, "")
    assert out == (
        "version 2, signed by senior (one expert): 4 objects, settled by senior 50%, x 25%; "
        "1 open\n"
    )


def test_sign_refuses_in_one_line(run, study, decisions, tmp_path):
    log = DecisionLog(decisions)
    who = ("--adjudicator", "head", "--basis", "panel")
    for where, code, message in (
        (decisions, 1, "open in another window"),
        (tmp_path / "none.sqlite", 1, "there is no such decisions file"),
    ):
        done, out, err = run("sign", study, "--decisions", where, *who)
        assert (done, out, err.count("\n")) == (code, "", 1)
        assert message in err
    log.close()
    assert len(versions_of(DecisionLog.read(decisions))) == 1
    assert run("sign", study, "--decisions", decisions, "--adjudicator", "", "--basis", "x")[0] == 2


def test_the_log_says_what_was_dismissed(run, document, study, decisions, tmp_path):
    marks = study.read_text(encoding="utf-8").replace("i.png,a,debris,30,30,40,40\n", "")
    study.write_text(marks, encoding="utf-8")
    consensus = reach_consensus(read(study).annotations, fusion="medoid")
    log = DecisionLog(decisions)
    review = Review(consensus, log, adjudicator="head")
    gone = next(held for held in review.affected if not held.objects)
    review.dismiss(gone.decision.number)
    log.close()
    lines = [json.loads(line) for line in run("export-log", decisions)[1].splitlines()]
    assert [line["number"] for line in lines if line.get("dismissed")] == [gone.decision.number]
    made = document("apply", study, "--decisions", decisions, "-o", tmp_path / "gold.csv")
    assert (made["dismissed"], made["look_again"]) == (1, [])
