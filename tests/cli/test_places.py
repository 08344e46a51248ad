"""No command writes over a file in the folder of a study that it read that study from."""

import pytest

HEADER = "image,rater,category,xmin,ymin,xmax,ymax\n"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "study"
    files = {
        "a.csv": HEADER + "i.png,a,mitosis,0,0,10,10\n",
        "anna/b.csv": HEADER + "i.png,b,mitosis,0,0,10,8\n",
        "study.json": '{"version": 1}',
        "images/i.png": "no pixels are looked at here",
    }
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("command", "target", "said"),
    [
        (("convert", "--overwrite"), "a.csv", "this file"),
        (("convert",), "a.csv", "this file"),
        (("convert", "--overwrite"), "anna", "b.csv in it"),
        (("consensus", "--overwrite", "-o"), "anna/b.csv", "this file"),
        (("queue", "--overwrite", "-o"), "study.json", "this file"),
        (("contact-sheet", "--overwrite", "-o"), "images/i.png", "this file"),
    ],
)
def test_a_file_that_the_study_is_read_from_is_refused(refused, folder, command, target, said):
    name, *options = command
    where = folder / target
    err = refused(name, folder, *options, where)
    assert f"{where}: the study is read from {said} (PATH); name another place to write to" in err


def test_an_image_of_a_file_beside_it_is_refused_too(refused, folder):
    where = folder / "images" / "i.png"
    err = refused("contact-sheet", folder / "a.csv", "-o", where, "--overwrite")
    assert f"{where}: the study is read from this file" in err


def test_what_was_made_of_a_study_is_made_anew_in_its_folder(run, folder):
    for _ in range(2):
        assert run("consensus", folder, "-o", folder / "c.geojson", "--overwrite")[0] == 0
    file = folder / "study.json"
    assert run("inspect", folder, "--save", file, "--overwrite")[0] == 0


def test_of_a_release_only_what_is_read_of_it_is_refused(refused, run, tmp_path):
    release = tmp_path / "release"
    release.mkdir()
    workers = release / "WorkerData.csv"
    rows = "[1 2 30 40],7,i.png,mitosis\n[1 2 30 41],8,i.png,mitosis\n"
    workers.write_text(f"worker_bbox,author_id,img_name,category\n{rows}", encoding="utf-8")
    assert "the study is read from this file" in refused("convert", release, workers, "--overwrite")
    for _ in range(2):
        assert run("consensus", release, "-o", release / "c.csv", "--overwrite")[0] == 0
