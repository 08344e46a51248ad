"""How categories are decided, in names: by probability or risk, ties by a rule."""

import numpy as np
import pytest

from napari_consensus import pipeline
from napari_consensus.errors import ParameterError
from napari_consensus.formats import read
from napari_consensus.pipeline.deciding import decision_rule


def test_a_rule_for_risk_reads_names():
    severities = {"x": 1.0, "y": 3.0}
    rule = decision_rule(("x", "y"), "risk", severities=severities)
    np.testing.assert_array_equal(rule.costs, [[0, 1], [3, 0]])
    assert rule.ties == "severe"
    assert rule.parameters["costs"] == '{"x": 1.0, "y": 3.0}'
    costs = {"x": {"x": 0.0, "y": 2.0}, "y": {"x": 7.0, "y": 0.0}, "unused": {}}
    table_of = decision_rule(("x", "y"), "risk", costs=costs)
    np.testing.assert_array_equal(table_of.costs, [[0, 2], [7, 0]])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"by": "chance"}, "'chance'; there are probable, risk"),
        ({"by": "risk"}, "severity of every category, and 'x' has none"),
        ({"by": "risk", "severities": {"x": 1, "y": -2}}, "'y' has severity -2"),
        ({"by": "risk", "costs": {"x": {"x": 0, "y": 1}}}, "calling 'y' by the name 'x'"),
        ({"by": "risk", "costs": {"x": {"x": 0, "y": -1}}}, "costs -1; it must be >= 0"),
        ({"costs": {}}, "the decision asked for is 'probable'"),
    ],
)
def test_a_decision_that_lacks_what_it_needs_is_refused(arguments, says):
    with pytest.raises(ParameterError, match=says):
        decision_rule(("x", "y"), **arguments)


# Bethesda's abnormal squamous cells in the release; the figures were computed independently.
ABNORMAL = ("ASC-H", "ASC-US", "HSIL", "LSIL", "SCC")


def kept_abnormal(study, **rule):
    found = pipeline.evaluate(
        pipeline.reach_consensus(study.annotations, **rule), study.reference
    ).counts
    at = [found.categories.index(name) for name in ABNORMAL]
    return int(found.confusion[at].sum()), int(found.confusion[np.ix_(at, at)].sum())


def test_ties_towards_the_severe_keep_abnormal_cells_that_the_commonest_loses(cytocrowd):
    cyto = read(cytocrowd)
    severities = dict.fromkeys(ABNORMAL, 1.0)
    assert kept_abnormal(cyto) == (94, 53)
    assert kept_abnormal(cyto, severities=severities) == (94, 80)
    # Least risk where missing such a cell is three times as bad as missing another.
    grave = {name: 3.0 if name in ABNORMAL else 1.0 for name in cyto.annotations.categories}
    assert kept_abnormal(cyto, severities=grave, decide="risk")[1] >= 80
