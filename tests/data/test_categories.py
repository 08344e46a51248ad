"""Category rules: synonyms, parents, severities, and what is only proposed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from napari_consensus.data.annotations import annotations_from_boxes
from napari_consensus.data.categories import (
    apply_category_rules,
    check_rules,
    propose_category_rules,
    renamed_categories,
)
from napari_consensus.data.study import CategoryRule, Study
from napari_consensus.errors import ParameterError

BOXES = [[0, 0, 2, 3], [5, 5, 8, 9], [1, 1, 4, 2], [7, 7, 9, 9]]
RULES = (
    CategoryRule("ASC-US", synonyms=("ascus", "asc us"), parent="squamous", severity=1.0),
    CategoryRule("HSIL", parent="squamous", severity=3.0),
    CategoryRule("squamous", parent="lesion"),
)


def table(*names):
    return annotations_from_boxes(
        BOXES[: len(names)], image=["i"] * len(names), rater=["a"] * len(names), category=names
    )


def given_names(annotations):
    names = [*annotations.categories, None]
    return sorted(str(names[code]) for code in annotations.category)


def test_synonyms_count_as_one_category_in_annotations_and_reference_alike():
    drawn = table("ascus", "HSIL", "ASC-US", None)
    study = apply_category_rules(Study(drawn, reference=drawn, category_rules=RULES))
    assert given_names(study.annotations) == ["ASC-US", "ASC-US", "HSIL", "None"]
    assert study.annotations.categories == study.reference.categories == ("ASC-US", "HSIL")


def test_parents_are_counted_only_when_asked_and_take_the_gravest_severity():
    study = Study(table("ascus", "HSIL", "debris"), category_rules=RULES)
    assert apply_category_rules(study).annotations.categories == ("ASC-US", "HSIL", "debris")
    above = apply_category_rules(study, parents=True)
    assert above.annotations.categories == ("debris", "lesion")
    assert above.severities["lesion"] == 3.0


def test_a_table_without_a_renamed_category_stays_itself():
    study = Study(table("HSIL"), category_rules=RULES)
    assert apply_category_rules(study).annotations is study.annotations


def test_a_parent_may_be_named_by_a_synonym():
    rules = (CategoryRule("lesion", synonyms=("les",)), CategoryRule("HSIL", parent="les"))
    assert renamed_categories(["HSIL"], rules, parents=True) == {"HSIL": "lesion"}


@pytest.mark.parametrize(
    "rules",
    [
        (CategoryRule("a"), CategoryRule("a")),
        (CategoryRule("a", synonyms=("a",)),),
        (CategoryRule("a", synonyms=("c",)), CategoryRule("b", synonyms=("c",))),
        (CategoryRule("a", synonyms=("b",)), CategoryRule("b")),
        (CategoryRule("a", parent="b"), CategoryRule("b", parent="a")),
        (CategoryRule("a", parent="a"),),
        (CategoryRule(""),),
    ],
)
def test_rules_that_contradict_one_another_are_refused(rules):
    with pytest.raises(ParameterError):
        check_rules(rules)


@pytest.mark.parametrize(
    "names",
    [("ASCUS", "ASC-US", "asc us"), ("Mitosis", "mitosis "), ("HSIL", "\uff28\uff33\uff29\uff2c"),
     ("T_cell", "T-Cell"), ("ASC\u2013US", "ASC-US"), ("CIN 2-3", "CIN 2 3")],
)  # fmt: skip
def test_near_equal_names_are_proposed_as_one(names):
    (rule,) = propose_category_rules(names)
    assert {rule.name, *rule.synonyms} == set(names)


@pytest.mark.parametrize(
    "names", [("HER2+", "HER2-"), ("HER2", "HER2-"), ("grade 1-2", "grade 12"), ("car", "cart")]
)
def test_names_that_mean_different_things_are_not(names):
    assert propose_category_rules(names) == ()


def test_the_commonest_spelling_is_proposed_as_the_name():
    (rule,) = propose_category_rules(["ASCUS", "ascus"], counts={"ASCUS": 1, "ascus": 9})
    assert rule == CategoryRule("ascus", synonyms=("ASCUS",))


def test_a_standing_rule_is_extended_and_what_it_settles_is_not_proposed_again():
    (rule,) = propose_category_rules(["ASC-US", "ascus", "Asc Us"], RULES)
    assert rule.name == "ASC-US"
    assert rule.synonyms == ("ascus", "asc us", "Asc Us")
    assert rule.severity == 1.0
    assert propose_category_rules(["ASC-US", "ascus", "asc us"], RULES) == ()


@given(st.lists(st.text("aAbB -_\uff21", min_size=1, max_size=6), max_size=8))
def test_proposals_never_contradict_one_another_and_ignore_order(names):
    proposed = propose_category_rules(names)
    check_rules(proposed)
    assert proposed == propose_category_rules(reversed(names))
    settled = renamed_categories(names, proposed)
    assert propose_category_rules(settled.values()) == ()
