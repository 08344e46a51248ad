"""What README and docs show is so: links lead somewhere, examples run, nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import napari_consensus
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.aggregation.decision import TIE_RULES
from napari_consensus.aggregation.existence import EXISTENCE_RULES
from napari_consensus.fusion import FUSIONS
from napari_consensus.samples import write_sample

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files_that_are_there(page):
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("name", ["README.md", "docs/how-to.md"])
def test_the_python_of_a_page_runs(name, sample, tmp_path, monkeypatch):
    write_sample(sample, tmp_path / "study")
    monkeypatch.chdir(tmp_path)
    blocks = PYTHON.findall((ROOT / name).read_text(encoding="utf-8"))
    assert blocks
    scope = {}
    for block in blocks:
        exec(compile(block, name, "exec"), scope)  # noqa: S102


def test_every_public_name_is_in_the_reference():
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    assert [name for name in napari_consensus.__all__ if f"nc.{name}" not in page] == []


@pytest.mark.parametrize("name", [*FUSIONS, *TIE_RULES, *EXISTENCE_RULES])
def test_every_fusion_and_rule_is_in_the_methods(name):
    assert f"`{name}`" in (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", AGGREGATORS)
def test_every_aggregator_is_in_the_methods(name):
    page = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8").casefold()
    assert re.search(rf"\*\*{name.replace('-', '[- ]')}", page)
