"""Aggregators from names and text: what fits is typed, what does not is refused by name."""

import dataclasses

import pytest

from napari_consensus.aggregation import (
    AGGREGATORS,
    GLAD,
    DawidSkene,
    MajorityVote,
    make_aggregator,
)
from napari_consensus.errors import ParameterError


def test_text_becomes_the_type_of_the_field():
    made = make_aggregator("dawid-skene", {"smoothing": "0.1", "max_iterations": "20"})
    assert made == DawidSkene(smoothing=0.1, max_iterations=20)
    assert isinstance(made.max_iterations, int)


def test_numbers_pass_as_they_are_and_the_rest_keep_their_defaults():
    assert make_aggregator("dawid-skene", {"smoothing": 1}) == DawidSkene(smoothing=1)
    assert make_aggregator("majority") == MajorityVote()
    assert make_aggregator("glad", {"solver": "lbfgs"}) == GLAD(solver="lbfgs")


@pytest.mark.parametrize(
    ("name", "parameters", "says"),
    [
        ("oracle", {}, "'oracle'; there are majority, "),
        ("majority", {"smoothing": "1"}, "no parameter 'smoothing' .*'1'.*it has none"),
        ("dawid-skene", {"alpha": "1"}, "'alpha' .*'1'.*smoothing, max_iterations, tolerance"),
        ("dawid-skene", {"smoothing": "much"}, "'smoothing' .*'much'; it must be a number from 0"),
        ("dawid-skene", {"smoothing": "nan"}, "'smoothing' .*'nan'"),
        ("dawid-skene", {"smoothing": float("nan")}, "'smoothing' .* nan"),
        ("dawid-skene", {"smoothing": "-1"}, r"'smoothing' .* -1\.0"),
        ("dawid-skene", {"max_iterations": "1.5"}, "'max_iterations' .*'1.5'.* a whole number"),
        ("dawid-skene", {"max_iterations": 2.0}, "'max_iterations' .* a whole number"),
        ("dawid-skene", {"max_iterations": True}, "'max_iterations' .* True"),
        ("dawid-skene", {"max_iterations": 0}, "'max_iterations' .* 0; .* from 1"),
        ("dawid-skene", {"tolerance": "inf"}, "'tolerance' .* inf"),
        ("glad", {"solver": "newton"}, "'solver' .*'newton'; it must be one of cg, lbfgs"),
        ("glad", {"solver": 1}, "'solver' .* 1; it must be one of cg, lbfgs"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(name, parameters, says):
    with pytest.raises(ParameterError, match=says):
        make_aggregator(name, parameters)


@pytest.mark.parametrize("kind", AGGREGATORS.values(), ids=list(AGGREGATORS))
def test_every_parameter_declares_a_help_line_and_a_range_that_holds_its_default(kind):
    assert AGGREGATORS[kind.name] is kind
    for field in dataclasses.fields(kind):
        if isinstance(field.default, str):
            assert set(field.metadata) == {"help", "choices"}
            assert field.default in field.metadata["choices"]
        else:
            assert set(field.metadata) == {"help", "minimum", "maximum"}
            assert field.metadata["minimum"] <= field.default <= field.metadata["maximum"]
