"""What commands never harm: files they read, devices, versions once signed, a caller's peace."""

import json
import os
import stat
import subprocess
import sys

import pytest

from napari_consensus import cli, pipeline
from napari_consensus.adjudication import DecisionLog, versions_of

WHO = ("--adjudicator", "head", "--basis", "panel")


def test_what_is_read_is_not_written_over(refused, study, decisions, tmp_path):
    apply = ("apply", study, "--decisions", decisions, "-o", tmp_path / "gold.csv")
    linked = tmp_path / "linked.csv"
    os.link(study, linked)
    for command, target, name in (
        (("export-log", decisions), ("-o", decisions), "--decisions"),
        (("queue", study), ("-o", linked), "PATH"),
        (("consensus", study), ("-o", study), "PATH"),
        (("figures", tmp_path), ("-o", tmp_path), "PATH"),
        (apply, ("-o", study), "PATH"),
        (apply, ("--card", decisions), "--decisions"),
    ):
        said = refused(*command, *target, "--overwrite")
        assert f"{target[1]}: this is what is read ({name}); name another place" in said


def test_two_files_to_write_are_not_one(refused, study, decisions, tmp_path):
    out = tmp_path / "gold.csv"
    command = ("apply", study, "--decisions", decisions, "-o", out, "--overwrite", "--card")
    assert "OUT and --card are the same file; name two" in refused(*command, out)
    beside = tmp_path / "gold.csv.provenance.json"
    assert "beside OUT are the same file" in refused(*command, beside)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names here")
def test_a_pipe_or_device_is_not_replaced_by_a_file(refused, study, tmp_path):
    pipe = tmp_path / "queue.csv"
    os.mkfifo(pipe)
    assert "this is no file" in refused("queue", study, "-o", pipe, "--overwrite")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_nothing_is_signed_where_the_card_cannot_be_written(refused, study, decisions, tmp_path):
    card = tmp_path / "card.md"
    card.write_text("mine", encoding="utf-8")
    for command in ("apply", "sign"):
        who = WHO if command == "sign" else ()
        out = ("-o", tmp_path / "gold.csv", "--card", card)
        assert "card.md: the file stands" in refused(
            command, study, "--decisions", decisions, *who, *out
        )
    assert len(versions_of(DecisionLog.read(decisions))) == 1


def test_a_version_that_is_signed_and_not_written_is_told(
    run, study, decisions, tmp_path, tiny_disk
):
    with (tiny_disk / "full").open("wb") as file:
        file.write(b"0" * 60 * 1024)
    command = ("sign", study, "--decisions", decisions, *WHO, "-o", tiny_disk / "gold.csv")
    code, out, err = run(*command, "--statement", "x" * 10_000)
    assert (code, out) == (1, "")
    assert "version 2 is signed, but" in err
    assert "`apply` writes it elsewhere" in err
    assert len(versions_of(DecisionLog.read(decisions))) == 2


@pytest.mark.parametrize("option", ["--adjudicator", "--basis"])
def test_a_signature_without_a_word_is_refused_by_its_option(refused, study, decisions, option):
    err = refused("sign", study, "--decisions", decisions, *WHO, option, " ", code=2)
    assert f"{option} is empty" in err


def test_decisions_on_another_study_are_refused(refused, study, decisions, tmp_path):
    other = tmp_path / "other.csv"
    marks = study.read_text(encoding="utf-8").replace("i.png", "k.png").replace("j.png", "l.png")
    other.write_text(marks, encoding="utf-8")
    out = ("-o", tmp_path / "gold.csv")
    for command in (("queue",), ("apply", *out), ("report", "-o", tmp_path / "page.html")):
        err = refused(*command, other, "--decisions", decisions)
        assert f"{decisions}: decided on another study, for this one has no image 'i.png'" in err


def test_a_folder_or_an_empty_file_is_no_decisions_file(refused, study, tmp_path):
    empty = tmp_path / "empty.sqlite"
    empty.touch()
    for place, said in ((tmp_path, "this is a folder"), (empty, "the file is empty")):
        assert said in refused("export-log", place)
        assert said in refused("sign", study, "--decisions", place, *WHO)


def test_apply_again_writes_the_same(run, study, decisions, tmp_path):
    written = []
    for _ in range(2):
        out = ("-o", tmp_path / "gold.geojson", "--overwrite")
        assert run("apply", study, "--decisions", decisions, *out)[0] == 0
        written.append((tmp_path / "gold.geojson").read_bytes())
    assert written[0] == written[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--support", "5-2"), "--support '5-2' must be 1 or more, the smaller number first"),
        (("--support", "0"), "--support '0' must be 1 or more"),
        (("--region", "nan,0,1,1"), "--region 'nan,0,1,1' must have X0 <= X1 and Y0 <= Y1"),
        (("--region", "5,5,1,1"), "--region '5,5,1,1' must have X0 <= X1 and Y0 <= Y1"),
    ],
)
def test_a_filter_that_nothing_can_meet_is_refused(refused, study, options, said):
    assert said in refused("queue", study, *options, code=2)


def test_an_empty_name_is_no_reference(refused, study, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "--reference '' is neither a rater" in refused("evaluate", study, "--reference", "")


def test_a_command_without_a_place_to_write_to_does_its_work(study, tmp_path):
    out = tmp_path / "queue.csv"
    script = (
        "import os, sys\n"
        "from napari_consensus.cli import main\n"
        "sys.stdout = sys.stderr = None\n"
        "os._exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, "queue", str(study), "-o", str(out)]
    assert subprocess.run(command, check=False).returncode == 0
    assert out.read_text(encoding="utf-8").startswith("place,id,image")


def test_stopping_while_the_program_is_loaded_is_no_fault(monkeypatch, capsys):
    def stopped(_arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli.app, "run", stopped)
    assert cli.main(["formats"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_recipe_that_leads_nowhere_is_refused_not_wrong_usage(run, study, decisions, tmp_path):
    log = DecisionLog(decisions)
    steps = json.loads(json.dumps(log.statements("recipe")[0].content["steps"]))
    kept = [step for step in steps if step["action"] != "fuse"]
    log.state("recipe", "x", {"steps": kept})
    log.close()
    code, out, err = run("queue", study, "--decisions", decisions)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "not the steps of a consensus of these annotations: 'fuse' is missing" in err


def test_a_refused_signature_leaves_no_lock(refused, study, decisions, tmp_path):
    decisions.with_name(f"{decisions.name}.lock").unlink()
    other = tmp_path / "other.csv"
    marks = study.read_text(encoding="utf-8").replace(".png", ".tif")
    other.write_text(marks, encoding="utf-8")
    who = ("--adjudicator", "senior", "--basis", "one expert")
    command = ("--decisions", decisions, *who)
    assert "decided on another study" in refused("sign", other, *command)
    assert "senior has signed this already" in refused("sign", study, *command, code=2)


def test_what_is_decided_while_a_signature_is_prepared_is_not_signed_unseen(
    run, study, decisions, monkeypatch
):
    def meanwhile(*arguments, **options):
        log = DecisionLog(decisions)
        log.state("recipe", "second", log.statements("recipe")[0].content)
        log.close()
        return reach_again(*arguments, **options)

    reach_again = pipeline.reach_again
    monkeypatch.setattr(pipeline, "reach_again", meanwhile)
    code, out, err = run("sign", study, "--decisions", decisions, *WHO)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert f"{decisions}: was written meanwhile" in err
    assert len(versions_of(DecisionLog.read(decisions))) == 1
