"""Elements of a page: escaped, explained, well formed."""

import math

import pytest

from napari_consensus.report.markup import (
    Html,
    Undefined,
    estimate,
    interval,
    mark,
    number,
    share,
    table,
    tag,
)
from napari_consensus.resampling import Estimate


def test_text_is_escaped_and_markup_is_not():
    assert tag("p", "<b> & co", tag("b", "x")) == "<p>&lt;b&gt; &amp; co<b>x</b></p>"
    assert tag("p", title='"a" < b') == '<p title="&quot;a&quot; &lt; b"></p>'


def test_names_of_attributes_become_those_of_html():
    assert tag("td", class_="n", aria_label="x", scope=None) == '<td class="n" aria-label="x"></td>'


def test_what_no_page_may_hold_is_replaced():
    assert tag("p", "a\x00b\ud800c\nd") == "<p>a\ufffdb\ufffdc\nd</p>"
    # Spaces that do not break, and letters of any script, stay.
    assert tag("p", "a\u202fb 细胞") == "<p>a\u202fb 细胞</p>"


def test_a_number_without_a_value_needs_a_reason():
    assert number(math.nan, "nothing there") == Undefined("nothing there")
    with pytest.raises(ValueError, match="needs a reason"):
        table("x", ("a", "b"), [("row", math.nan)])


def test_reasons_stand_once_below_their_table():
    html = table(
        "x", ("a", "b", "c"), [("r", Undefined("no"), Undefined("none")), ("s", Undefined("no"), 1)]
    )
    assert html.count('<p class="why">') == 2
    assert html.count("<sup>a</sup>") == 3
    assert '<p class="why"><sup>b</sup> none</p>' in html


def test_an_estimate_gives_its_value_and_its_interval():
    assert estimate(Estimate(0.5, 0.25, 0.75), "w", "n") == ("0.500", "0.250 to 0.750")
    assert estimate(Estimate(0.5), "w", "none drawn") == ("0.500", Undefined("none drawn"))
    assert estimate(Estimate(math.nan), "w", "n") == (Undefined("w"), Undefined("w"))


def test_an_interval_of_one_point_is_none():
    value, span = estimate(Estimate(0.0, 0.0, 0.0), "w", "n")
    assert value == "0.000"
    assert "same in every draw" in span.why
    assert interval(0.1, 0.1, "w", 1) == "0.1 to 0.1"


def test_small_shares_are_not_nothing():
    assert [share(0, 9), share(1, 1000), share(1, 3), share(0, 0), share(2000, 4000)] == [
        *("0", "1 (<1%)", "1 (33%)", "0", "2,000 (50%)")
    ]


def test_columns_of_numbers_stand_to_the_right():
    html = table("x", ("a", "b", "c"), [("r", 1, "word"), ("s", Undefined("no"), Html("<b>1</b>"))])
    assert '<th scope="col" class="n">b</th><th scope="col">c</th>' in html


def test_letters_of_footnotes_do_not_end():
    assert [mark(0), mark(25), mark(26), mark(27)] == ["a", "z", "aa", "ab"]
