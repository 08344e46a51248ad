"""Names of images become names of files that Windows, macOS and Linux all hold."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_consensus.formats._file_names import file_names

# As Microsoft writes them: "Naming Files, Paths, and Namespaces".
FORBIDDEN = set('<>:"/\\|?*') | {chr(k) for k in range(32)}
NUMBERED = {f"{device}{k}" for device in ("COM", "LPT") for k in "0123456789¹²³"}
DEVICES = {"CON", "PRN", "AUX", "NUL"} | NUMBERED


def alike(name):
    return unicodedata.normalize("NFC", name).casefold()


@pytest.mark.parametrize(
    ("image", "stem"),
    [
        ("slide 1", "slide 1"),
        ("肿瘤.svs", "肿瘤.svs"),
        ("a/b:c", "a_b_c"),
        ("a\\b|c?", "a_b_c_"),
        ("..", "__"),
        ("ends.", "ends_"),
        ("ends ", "ends_"),
        (".hidden", "_hidden"),
        ("~$open", "_$open"),
        ("con", "_con"),
        ("Aux.svs", "_Aux.svs"),
        ("lpt¹", "_lpt¹"),
        ("nul .tif", "_nul .tif"),
        ("console", "console"),
        ("com10", "com10"),
        ("half \ud83d", "half _"),
        ("", "image"),
    ],
)
def test_a_name_keeps_what_every_system_holds(image, stem):
    assert file_names([image], ".geojson") == [f"{stem}.geojson"]


def test_names_that_differ_by_capitals_or_by_how_an_accent_is_written_stay_apart():
    held = file_names(["Müller", "MÜLLER", "Mu\u0308ller", "Müller (2)"], ".csv")
    assert held == ["Müller.csv", "MÜLLER (2).csv", "Müller (3).csv", "Müller (2) (2).csv"]


@given(st.lists(st.text(max_size=90) | st.just("肿" * 300) | st.sampled_from(sorted(DEVICES))))
@settings(max_examples=50)
def test_any_texts_are_as_many_names_that_windows_holds(images):
    held = file_names(images, ".geojson")
    assert len({alike(name) for name in held}) == len(images)
    for name in held:
        assert not FORBIDDEN & set(name)
        assert name[-1] not in ". "
        assert re.split(r" *\.", name.upper(), maxsplit=1)[0] not in DEVICES
        assert len(name.encode()) <= 200
