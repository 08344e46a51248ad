"""What is installed is whole: names, version, manifest, command, cost of an import."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from importlib.metadata import distribution
from pathlib import Path

import pytest

import napari_consensus

ROOT = Path(__file__).parents[1]
HEAVY = ("imagecodecs", "matplotlib", "napari", "openslide", "pandas", "qtpy", "scipy", "shapely")


def test_the_public_names_are_sorted_and_complete():
    constants_classes_functions = sorted(
        napari_consensus.__all__, key=lambda name: (not name.isupper(), name.islower(), name)
    )
    assert napari_consensus.__all__ == constants_classes_functions
    assert set(napari_consensus.__all__) == set(napari_consensus._HOME)


@pytest.mark.parametrize("name", napari_consensus.__all__)
def test_every_public_name_is_what_its_home_holds(name):
    home = import_module(f"napari_consensus.{napari_consensus._HOME[name]}")
    assert getattr(napari_consensus, name) is getattr(home, name)
    assert name in dir(napari_consensus)


def test_type_checkers_see_the_names_that_python_sees():
    tree = ast.parse(Path(napari_consensus.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {
        alias.name: statement.module.removeprefix("napari_consensus.")
        for statement in guarded.body
        for alias in statement.names
    }
    assert seen == napari_consensus._HOME


def test_a_name_that_is_not_public_is_refused():
    with pytest.raises(AttributeError, match="has no attribute 'agreements'"):
        napari_consensus.agreements  # noqa: B018


def test_tab_completion_offers_the_public_names_and_no_imports():
    assert dir(napari_consensus) == sorted([*napari_consensus.__all__, "__version__"])


def test_the_function_agreement_stays_one_after_the_folder_of_that_name_was_loaded():
    script = (
        "import napari_consensus.agreement.counts, napari_consensus as nc;"
        "from napari_consensus import agreement;"
        "assert callable(nc.agreement) and agreement is nc.agreement"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_importing_the_package_loads_no_heavy_library():
    script = (
        "import sys, napari_consensus;"
        f"print(*[name for name in {HEAVY} + ('numpy',) if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert run.stdout.split() == []


def test_the_version_installed_is_the_version_imported():
    assert distribution("napari-consensus").version == napari_consensus.__version__


def test_the_package_says_that_it_is_typed():
    assert (Path(napari_consensus.__file__).parent / "py.typed").is_file()


def test_napari_finds_the_manifest_of_the_installed_distribution():
    npe2 = pytest.importorskip("npe2", reason="npe2 is not installed")
    manifest = npe2.PluginManifest.from_distribution("napari-consensus")
    assert manifest.name == "napari-consensus"
    assert manifest.contributions.widgets
    assert manifest.contributions.readers
    assert manifest.contributions.sample_data


def test_every_command_of_the_manifest_exists():
    npe2 = pytest.importorskip("npe2", reason="npe2 is not installed")
    pytest.importorskip("napari", reason="the commands need napari")
    manifest = npe2.PluginManifest.from_distribution("napari-consensus")
    manifest.validate_imports()


def test_the_manifest_at_the_top_is_the_one_that_is_packaged():
    top = ROOT / "napari.yaml"
    real = ROOT / "src" / "napari_consensus" / "napari.yaml"
    if not top.is_symlink():
        pytest.skip("this checkout has no symbolic links")
    assert top.resolve() == real.resolve()


def test_the_command_is_installed():
    (script,) = distribution("napari-consensus").entry_points.select(group="console_scripts")
    assert script.name == "napari-consensus"
    assert callable(script.load())
