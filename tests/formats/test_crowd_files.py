"""Answers to tasks: read, written, and refused with one clear line."""

import json
from pathlib import Path

import numpy as np
import pytest

import napari_consensus as nc
from napari_consensus.data.raters import RaterKind
from napari_consensus.errors import ReadError, RefusedError, WriteError
from napari_consensus.formats import read, write, write_crowd

ANSWERS = {"0": {"0": 1, "2": 0}, "1": {"2": 2}, "3": {"0": 0}}
TABLE = "task,worker,label\nt1,ann,cat\nt1,bob,dog\nt2,bob,cat\n"


def crowd(put, answers=ANSWERS, metadata=None, truth=None):
    if metadata is not None:
        put(metadata, "crowd/metadata.json")
    if truth is not None:
        put(truth, "crowd/ground_truth.json")
    return put(answers, "crowd/answers.json").parent


@pytest.fixture(scope="module")
def stored():
    folder = Path(__file__).parents[3] / "shared" / "peers" / "peerannot"
    if not folder.is_dir():
        pytest.skip("the simulated crowds are not beside the project's folder")
    return folder


def test_a_task_is_an_image_and_an_answer_a_unit_box_of_who_gave_it(put):
    table = read(crowd(put)).annotations
    assert table.images == ("0", "1", "3")
    assert table.raters.names == ("0", "2")
    assert table.categories == ("0", "1", "2")
    assert (table.bounds == [0, 0, 1, 1]).all()
    assert table.raters.read.tolist() == [[True, True], [False, True], [True, False]]
    assert nc.group(table).n_objects == 3


def test_what_metadata_declare_is_there_even_where_nobody_named_it(put):
    study = read(crowd(put, metadata={"n_task": 5, "n_workers": 3, "n_classes": 4}))
    assert study.annotations.images == ("0", "1", "2", "3", "4")
    assert study.annotations.categories == ("0", "1", "2", "3")
    assert any("2 of 5 tasks have no answer" in note for note in study.notes)


@pytest.mark.parametrize("truth", [[1, 2, 0, 0], {"0": 1, "1": 2, "3": 0}])
def test_a_ground_truth_beside_the_answers_is_the_reference(put, truth):
    study = read(crowd(put, truth=truth))
    assert study.reference.raters.kinds == (RaterKind.REFERENCE,)
    assert study.reference.category.tolist() == [1, 2, 0]
    assert nc.evaluate(nc.reach_consensus(study.annotations), study.reference).tp == 3


def test_a_task_without_a_known_class_has_no_reference(put):
    study = read(crowd(put, truth=[1, -1, 0, 0]))
    assert len(study.reference) == 2
    assert any("no class for 1 of 3 tasks" in note for note in study.notes)


def test_tasks_workers_and_labels_may_be_names(put):
    table = read(crowd(put, {"a.b": {"ann": "cat", "bob": "dog"}})).annotations
    assert (table.images, table.raters.names) == (("a.b",), ("ann", "bob"))
    assert table.categories == ("cat", "dog")


SIZE = {"n_task": 4, "n_workers": 3, "n_classes": 3}
BAD = [
    ({"0": {"7": 1}}, "worker '7': task '0': metadata.json says that workers are 0 to 2"),
    ({"0": {"ann": 1}}, "worker 'ann': task '0': metadata.json says that workers are 0 to 2"),
    ({"0": {"1": 3}}, "label '3': task '0': metadata.json says that labels are 0 to 2"),
    ({"0": {"1": -1}}, "label '-1': task '0': a label must be a class, from 0"),
    ({"0": {"1": None}}, "label 'null': task '0': a label must be a class, from 0"),
    ({"0": {"1": [1]}}, "task '0': a label must be a class, from 0"),
    ({"9": {"1": 1}}, "task '9': metadata.json says that tasks are 0 to 3"),
    ({"0": {"1": 1}, "1": 4}, "row 2, task '1': the answers to a task must be a JSON object"),
    ('{"0": {"1": 1, "1": 2}}', "worker '1': task '0': the worker answers this task twice"),
    ('{"0": {"1": 1}, "0": {"2": 2}}', "row 2, task '0': the task is there twice"),
]


@pytest.mark.parametrize(("answers", "why"), BAD, ids=lambda x: x if isinstance(x, str) else "")
def test_an_answer_that_breaks_a_rule_is_refused_in_one_line(put, answers, why):
    folder = crowd(put, answers, metadata=SIZE)
    with pytest.raises(RefusedError) as refused:
        read(folder)
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(read(folder, skip_refused=True).refused) == 1


def test_a_task_without_answers_is_an_image_nobody_read(put):
    study = read(crowd(put, {"0": {"0": 1}, "1": {}}))
    assert study.annotations.images == ("0", "1")
    assert study.annotations.raters.read.tolist() == [[True], [False]]
    assert any("1 of 2 tasks have no answer" in note for note in study.notes)


def test_a_reference_label_out_of_range_is_refused(put):
    with pytest.raises(RefusedError, match="labels are 0 to 2"):
        read(crowd(put, metadata=SIZE, truth=[0, 5, 0, 0]))


@pytest.mark.parametrize(
    ("file", "content", "why"),
    [
        ("metadata.json", [], "metadata are a JSON object"),
        ("metadata.json", {"n_task": 10**9}, "n_task 1000000000: must be a whole number, 0 to"),
        ("metadata.json", {"n_classes": "x"}, "n_classes"),
        ("ground_truth.npy", b"nonsense", "no array of numpy"),
        ("ground_truth.json", 3, "a ground truth is a JSON list"),
        ("ground_truth.json", '{"0": 1, "0": 2}', "it is there twice"),
    ],
)
def test_a_broken_file_beside_the_answers_is_refused(put, file, content, why):
    folder = crowd(put)
    put(json.dumps(content) if content == 3 else content, f"crowd/{file}")
    with pytest.raises(ReadError, match=why):
        read(folder)


def test_a_ground_truth_of_another_shape_is_refused(put):
    folder = crowd(put)
    np.save(folder / "ground_truth.npy", np.zeros((3, 2)))
    with pytest.raises(ReadError, match="one class a task"):
        read(folder)


def test_a_table_of_answers_and_one_of_truth_are_a_study(put):
    put(TABLE, "crowd/crowd_labels.csv")
    folder = put("task,label\nt1,cat\nt2,cat\n", "crowd/gt.csv").parent
    study = read(folder)
    assert study.annotations.images == ("t1", "t2")
    assert study.annotations.raters.names == ("ann", "bob")
    assert study.reference.category.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("t1,ann,dog", "row 5, label 'dog': row 2 gives task 't1' another label; keep one"),
        (",ann,dog", "row 5, task '': an answer needs a task"),
        ("t3,,dog", "row 5, worker '': an answer needs a worker"),
        ("t3,ann,", "row 5, label '': an answer needs a label"),
        ("t3,ann", "row 5"),
    ],
)
def test_a_row_that_breaks_a_rule_is_refused_in_one_line(put, row, why):
    path = put(f"{TABLE}{row}\n", "labels.csv")
    with pytest.raises(RefusedError) as refused:
        read(path)
    assert why in str(refused.value)
    assert len(read(path, skip_refused=True).annotations) == 3


def test_an_answer_given_again_counts_once(put):
    study = read(put(f"{TABLE}t1,ann,cat\n", "labels.csv"))
    assert len(study.annotations) == 3
    assert any("1 rows repeat an answer" in note for note in study.notes)


@pytest.mark.parametrize("name", ["answers.json", "labels.csv"])
def test_what_is_written_is_read_back(put, tmp_path, name):
    before = read(put(TABLE, "in.csv")).annotations
    write(before, tmp_path / name)
    after = read(tmp_path / name).annotations
    for column in ("images", "categories"):
        assert getattr(after, column) == getattr(before, column)
    assert after.raters.names == before.raters.names
    assert np.array_equal(after.raters.read, before.raters.read)
    assert np.array_equal(after.category, before.category)


def test_a_reference_alone_is_written_as_truth(put, tmp_path):
    study = read(crowd(put, truth=[1, 2, 0, 0]))
    write(study.reference, tmp_path / "truth.labels.csv")
    assert (tmp_path / "truth.labels.csv").read_text() == "task,label\n0,1\n1,2\n3,0\n"


@pytest.mark.parametrize("name", ["answers.json", "labels.csv"])
def test_annotations_with_places_are_no_answers(tmp_path, name):
    table = nc.annotations_from_boxes([[0, 0, 2, 2]], image=["i"], rater=["a"], category=["x"])
    with pytest.raises(WriteError, match="have places in images"):
        write(table, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_crowd_that_is_written_is_what_peerannot_wrote(stored, tmp_path):
    study = read(stored / "independent")
    truth = np.load(stored / "independent" / "ground_truth.npy")
    write_crowd(tmp_path, study.annotations, truth, {"seed": 0})
    for name in ("answers.json",):
        ours, theirs = (
            json.loads((d / name).read_text()) for d in (tmp_path, stored / "independent")
        )
        assert ours == theirs
    assert np.array_equal(np.load(tmp_path / "ground_truth.npy"), truth)
    metadata = json.loads((tmp_path / "metadata.json").read_text())
    assert metadata == {"seed": 0, "n_task": 200, "n_workers": 30, "n_classes": 5}


@pytest.mark.parametrize(
    ("name", "method", "accuracy"),
    [
        ("independent", "dawid-skene", 0.890),
        ("imbalanced", "dawid-skene", 0.895),
        ("student_teacher", "dawid-skene", 0.755),
        ("discrete_difficulty", "dawid-skene", 0.810),
        ("independent", "naive-soft", 0.760),
    ],
)
def test_label_only_data_reach_the_published_accuracies(stored, name, method, accuracy):
    study = read(stored / name)
    plain = {"smoothing": 0.0} if method == "dawid-skene" else {}
    ties = "first" if method == "naive-soft" else None
    consensus = nc.reach_consensus(study.annotations, nc.AGGREGATORS[method](**plain), ties=ties)
    found = nc.evaluate(consensus, study.reference)
    assert (found.tp, found.accuracy) == (200, pytest.approx(accuracy))
