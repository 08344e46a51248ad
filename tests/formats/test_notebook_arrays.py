"""What notebooks get: numpy arrays and, where pyarrow is there, a Parquet table."""

from __future__ import annotations

import numpy as np
import pytest

from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.study import Study
from napari_consensus.errors import ParameterError
from napari_consensus.formats import FORMATS, _writing, write
from napari_consensus.pipeline import reach_consensus


@pytest.fixture
def table():
    return annotations_from_boxes(
        [[0, 0, 10, 10], [1, 1, 11, 11], [0, 0, 10, 12], [50, 50, 61, 60], [5, 6, 7, 8]],
        image=["a.png", "a.png", "a.png", "a.png", "b.png"],
        rater=["Ada", "Bo", "Cy", "Cy", "Ada"],
        category=["x", "x", None, "y", "x"],
        score=[0.1, np.nan, 0.3, 0.4, 0.5],
    )


@pytest.fixture
def consensus(table):
    return reach_consensus(table, AGGREGATORS["dawid-skene"]())


def loaded(path):
    with np.load(path, allow_pickle=False) as file:
        return dict(file)


def test_arrays_hold_every_vote_by_the_rows_of_the_consensus(consensus, tmp_path):
    arrays = loaded(write(consensus, tmp_path / "c.npz")[0])
    votes = zip(
        *(arrays[f"vote_{n}"].tolist() for n in ("object", "rater", "category")), strict=True
    )
    said = [
        (
            arrays["bounds"][k].tolist(),
            str(arrays["raters"][r]),
            c if c < 0 else str(arrays["categories"][c]),
        )
        for k, r, c in votes
    ]
    first = consensus.shapes.bounds[0].tolist()
    assert sorted(said, key=str) == sorted(
        [(first, "Ada", "x"), (first, "Bo", "x"), (first, "Cy", -1), ([50, 50, 61, 60], "Cy", "y"),
         ([5, 6, 7, 8], "Ada", "x")], key=str,
    )  # fmt: skip


def test_arrays_hold_the_whole_posterior_and_the_parameters_of_raters(consensus, tmp_path):
    arrays = loaded(write(consensus, tmp_path / "c.npz")[0])
    assert np.array_equal(arrays["probability"], consensus.probability)
    for name, values in consensus.posterior.raters.items():
        assert np.array_equal(arrays[f"rater_{name}"], values, equal_nan=True)
    assert arrays["read"].tolist() == [[True] * 3, [True] * 3, [True, False, False]]
    assert not any(values.dtype.hasobject for values in arrays.values())


def test_arrays_hold_only_votes_on_objects_that_were_kept(table, tmp_path):
    consensus = reach_consensus(table, AGGREGATORS["majority"](), minimum_support=2)
    arrays = loaded(write(consensus, tmp_path / "c.npz")[0])
    assert len(consensus) == 1
    assert arrays["vote_object"].tolist() == [0, 0, 0]


def test_arrays_of_a_study_hold_its_columns_and_the_reference_behind_them(table, tmp_path):
    study = Study(table, reference=table.of_raters(np.array([True, False, False])))
    arrays = loaded(write(study, tmp_path / "s.npz")[0])
    assert arrays["bounds"].tolist() == [*table.bounds.tolist(), *study.reference.bounds.tolist()]
    assert arrays["raters"].tolist() == ["Ada", "Bo", "Cy", "Ada"]
    assert arrays["rater"].tolist() == [*table.rater.tolist(), 3, 3]
    assert arrays["parts"].tolist() == list(range(8))
    assert arrays["rings"].tolist() == list(range(0, 15, 2))


def test_arrays_name_nobody_where_names_are_hidden(table, consensus, tmp_path):
    for k, subject in enumerate((table, consensus)):
        arrays = loaded(write(subject, tmp_path / f"{k}.npz", pseudonyms=True)[0])
        assert arrays["raters"].tolist() == ["rater-1", "rater-2", "rater-3"]


def test_the_same_arrays_make_the_same_file(table, tmp_path):
    files = [write(table, tmp_path / name)[0].read_bytes() for name in ("a.npz", "b.npz")]
    assert files[0] == files[1]


def test_without_its_library_parquet_is_refused_in_one_line(table, tmp_path, monkeypatch):
    there = {name: kind for name, kind in _writing._WRITABLE.items() if name != "parquet"}
    monkeypatch.setattr(_writing, "_WRITABLE", there)
    for asked in (
        {"path": tmp_path / "t.parquet"},
        {"path": tmp_path / "t.x", "format": "parquet"},
    ):
        with pytest.raises(ParameterError, match="pip install pyarrow") as error:
            write(table, **asked)
        assert "\n" not in str(error.value)


def test_a_parquet_table_has_a_row_an_object_with_votes_and_posterior(consensus, table, tmp_path):
    pytest.importorskip("pyarrow", reason="Parquet is written with pyarrow, which is optional")
    import pandas as pd

    frame = pd.read_parquet(write(consensus, tmp_path / "c.parquet")[0])
    assert frame["probability: x"].tolist() == consensus.probability[:, 0].tolist()
    assert frame["vote: Ada"].tolist() == ["x", "not marked", "x"]
    assert frame["vote: Cy"].tolist() == ["no category", "y", "not read"]
    assert pd.read_parquet(write(table, tmp_path / "t.parquet")[0])["x0"].tolist() == (
        table.bounds[:, 0].tolist()
    )


def test_parquet_is_offered_where_it_can_be_written():
    from importlib.util import find_spec

    assert ("parquet" in FORMATS) == (find_spec("pyarrow") is not None)
