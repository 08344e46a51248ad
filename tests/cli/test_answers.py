"""Answers to tasks, without any box, through every command that takes annotations."""

import json

import pytest

ANSWERS = {f"{task}": {f"{who}": (task + (who == 2)) % 3 for who in range(4)} for task in range(7)}
METADATA = {"n_task": 7, "n_workers": 4, "n_classes": 3}
# No task 3, and ids that are no numbers.
TABLE = "".join(
    f"task-{task},worker {who},{'abc'[(task + (who == 2)) % 3]}\n"
    for task in (0, 1, 2, 4, 5, 6)
    for who in range(4)
)
TRUTH = "task,label\n" + "".join(f"{task},{task % 3}\n" for task in range(7))
COMMANDS = {
    "agreement": (),
    "consensus": ("-o", "{out}/made.labels.csv"),
    "raters": (),
    "compare": ("--replicates", "5", "-m", "majority", "-m", "wawa"),
    "queue": (),
    "simulate-mix": ("--mix", "{who}=2", "--repetitions", "2"),
}


def write(folder, answers, metadata=METADATA):
    folder.mkdir()
    text = answers if isinstance(answers, str) else json.dumps(answers)
    (folder / "answers.json").write_text(text, encoding="utf-8")
    if metadata:
        (folder / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    return folder


def changed(task, given):
    return {**ANSWERS, task: given}


REFUSED = {
    "an unknown worker": (changed("0", {"9": 1}), "worker '9'", "workers are 0 to 3"),
    "a label out of range": (changed("0", {"1": 7}), "label '7'", "labels are 0 to 2"),
    "a label below 0": (changed("0", {"1": -1}), "label '-1'", "from 0"),
    "a worker who answers twice": (
        '{"0": {"1": 0, "1": 2}, "1": {"0": 1}}',
        "worker '1'",
        "answers this task twice",
    ),
    "a task that is there twice": (
        '{"0": {"1": 0}, "0": {"2": 1}}',
        "task '0'",
        "there twice",
    ),
    "a task beyond the last": (changed("11", {"0": 1}), "task '11'", "tasks are 0 to 6"),
}


@pytest.mark.parametrize("command", [*COMMANDS, "evaluate", "convert"])
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_wrong_is_refused_in_one_line_by_every_command(run, tmp_path, what, command):
    answers, where, rule = REFUSED[what]
    folder = write(tmp_path / "crowd", answers)
    more = COMMANDS.get(command, ())
    if command == "convert":
        more = (tmp_path / "out.labels.csv",)
    more = [str(m).format(out=tmp_path, who=0) for m in more]
    code, out, err = run(command, folder, *more, "--quiet")
    assert (code, out, len(err.splitlines())) == (1, "", 1)
    assert where in err
    assert rule in err
    assert not list(tmp_path.glob("*.csv"))


@pytest.mark.parametrize("command", COMMANDS)
def test_gaps_text_ids_and_tasks_without_answers_are_worked_with(run, tmp_path, command):
    table = tmp_path / "votes.csv"
    table.write_text("task,worker,label\n" + TABLE, encoding="utf-8")
    # Task 5 has no answer, task 6 is not even named.
    empty = {task: given for task, given in ANSWERS.items() if task != "6"} | {"5": {}}
    for subject, who in ((table, "worker 2"), (write(tmp_path / "crowd", empty), "2")):
        more = [m.format(out=tmp_path, who=who) for m in COMMANDS[command]]
        code, out, err = run(command, subject, *more, "--json", "--quiet")
        assert (code, err) == (0, "")
        notes = " ".join(json.loads(out)["notes"])
        assert "no places" in notes
        assert ("2 of 7 tasks have no answer" in notes) is (subject is not table)
        for file in tmp_path.glob("made*"):
            file.unlink()


def test_methods_on_answers_have_an_accuracy_and_no_f1(run, tmp_path):
    folder = write(tmp_path / "crowd", ANSWERS)
    truth = tmp_path / "truth.csv"
    truth.write_text(TRUTH, encoding="utf-8")
    asked = ("--reference", truth, "--json", "--quiet")
    compared = json.loads(run("compare", folder, *asked, "-m", "majority", "--sensitivity")[1])
    evaluated = json.loads(run("evaluate", folder, *asked)[1])
    for found in (*compared["methods"], evaluated):
        assert found["f1"] is None
        assert found["accuracy"] == found["covered"] == found["class_f1"] == 1
    assert {s["f1"] for s in compared["sensitivity"]["settings"]} == {None}
    for document in (compared, evaluated):
        assert any("answers to tasks have no place," in note for note in document["notes"])
    code, shown, _ = run("compare", folder, "--reference", truth, "-m", "majority")
    assert code == 0
    assert "F1 " not in shown.splitlines()[0]


def test_a_table_without_a_row_is_no_answer_but_no_error_either(run, tmp_path):
    table = tmp_path / "votes.csv"
    table.write_text("task,worker,label\n", encoding="utf-8")
    for command in ("agreement", "compare", "raters", "queue"):
        code, out, err = run(command, table, "--json", "--quiet")
        assert (code, err) == (0, "")
        assert json.loads(out)["notes"]
