"""What README and docs show is so: links lead somewhere, examples run, nothing is left out."""

from __future__ import annotations

import re
import shlex
import shutil
from functools import cache
from pathlib import Path

import pytest
import typer

import napari_consensus
from napari_consensus.aggregation import AGGREGATORS
from napari_consensus.aggregation.decision import TIE_RULES
from napari_consensus.aggregation.existence import EXISTENCE_RULES
from napari_consensus.cli import main
from napari_consensus.cli.app import app
from napari_consensus.fusion import FUSIONS
from napari_consensus.report import pictures

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
OPTION = re.compile(r"(?<![\w-])--?[a-z][a-z-]*")
COMMAND = re.compile(r"`napari-consensus\s+([^`]+)`")
PYTHON = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def named(page):
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_to_files_that_are_there(page):
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def python_of(name):
    return PYTHON.findall((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["README.md", "docs/how-to.md", "docs/studies.md"])
def test_the_python_of_a_page_runs(name, sample_folder, tmp_path, monkeypatch):
    shutil.copytree(sample_folder, tmp_path / "study")
    monkeypatch.chdir(tmp_path)
    # A report is made with all that stands in it; how its figures look is tested elsewhere.
    monkeypatch.setattr(pictures, "svg", lambda drawing: "<svg></svg>")
    run_blocks(name)


def test_the_arrays_of_the_formats_page_are_in_the_file(sample, tmp_path, monkeypatch):
    consensus = napari_consensus.reach_consensus(sample.study.annotations)
    napari_consensus.write(consensus, tmp_path / "consensus.npz")
    monkeypatch.chdir(tmp_path)
    run_blocks("docs/formats.md")


def test_the_python_of_the_slides_page_reads_a_slide(tmp_path, monkeypatch):
    slide = ROOT.parent / "shared" / "slides" / "CMU-1-Small-Region.svs"
    if not slide.is_file():
        pytest.skip("the slide is not beside the project's folder")
    shutil.copy(slide, tmp_path / "slide.svs")
    monkeypatch.chdir(tmp_path)
    run_blocks("docs/slides.md")


def run_blocks(name):
    scope = {}
    assert python_of(name)
    for block in python_of(name):
        exec(compile(block, name, "exec"), scope)  # noqa: S102


def test_no_page_has_python_that_is_not_run():
    run = {"README.md", *(f"docs/{name}.md" for name in ("how-to", "studies", "formats", "slides"))}
    assert {named(page) for page in PAGES if python_of(named(page))} == run


@cache
def options_by_command():
    """Every spelling of each option, by command."""
    commands = typer.main.get_command(app).commands
    return {
        name: [set(each.opts) for each in command.params if each.opts[0].startswith("-")]
        for name, command in commands.items()
    }


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_commands_and_options_that_a_page_names_exist(page):
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    told = [*re.findall(r"^napari-consensus (.*)$", text, re.MULTILINE), *COMMAND.findall(text)]
    for line in told:
        name, *words = shlex.split(line.partition("|")[0], comments=True)
        if name == "COMMAND":
            continue
        given = {word for word in words if word.startswith("-")} - {"--help"}
        assert given <= set().union(*options_by_command()[name]), line


def test_the_reference_names_every_command_with_every_option():
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    sections = {
        name: section
        for section in page.partition("## Python")[0].split("\n### ")[1:]
        for name in re.findall(r"`([a-z-]+)", section.partition("\n")[0])
    }
    assert set(sections) == set(options_by_command())
    general = {"--json", "--quiet", "--skip-refused"}
    named = {name: set(OPTION.findall(section)) | general for name, section in sections.items()}
    for name, options in options_by_command().items():
        if "the options of consensus" in sections[name]:
            named[name] |= named["consensus"]
        assert [spellings for spellings in options if not spellings & named[name]] == [], name


def test_the_tutorial_shows_what_the_commands_print(sample_folder, capsys):
    page = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"^```\n(\d[^`]*)^```$", page, re.MULTILINE)
    assert main(["agreement", str(sample_folder)]) == 0
    assert capsys.readouterr().out.startswith(shown)
    assert main(["evaluate", str(sample_folder), "--method", "majority"]) == 0
    numbers = capsys.readouterr().out
    for told in ("tp             │   136", "fp             │    20", "accuracy       │ 0.897"):
        assert told in numbers
    weighted = ["--method", "dawid-skene", "--fusion", "weighted"]
    assert main(["evaluate", str(sample_folder), *weighted]) == 0
    assert "accuracy       │ 0.934" in capsys.readouterr().out


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
