"""What tests of several folders share."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_consensus.samples import SampleStudy

# No test asserts seconds: a machine with other work must not fail a property.
# Every run draws other examples, so that a few in each are many in the end.
settings.register_profile(
    "untimed", max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("untimed")

# The package works without napari, and so do its tests; only the plugin's are left out.
collect_ignore = [] if find_spec("napari") else ["_napari"]


@pytest.fixture(scope="session")
def sample() -> SampleStudy:
    """Return the generated study; making it takes a second, and no test can change it."""
    from napari_consensus.samples import cytology_study

    return cytology_study()


@pytest.fixture(scope="session")
def sample_folder(sample: SampleStudy, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that study was written to, which tests read and leave as it is.

    The fields are white but the second, for pixels of noise take seconds to pack.
    """
    from napari_consensus.samples import write_sample

    pixels = {
        name: values if name == "field-2.png" else np.full_like(values, 255)
        for name, values in sample.pixels.items()
    }
    folder = tmp_path_factory.mktemp("sample") / "study"
    return write_sample(replace(sample, pixels=pixels), folder)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 kB, which is soon full."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can mount a disk that is soon full")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = [
        shutil.which("mount") or "mount",
        "-t",
        "tmpfs",
        "-o",
        "size=64k",
        "tmpfs",
        str(folder),
    ]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run([shutil.which("umount") or "umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def shut(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bool], Path]]:
    """Return a folder that a call with True makes read-only, and one with False writable.

    Root may write anywhere; so as root the test goes on as nobody as long as it is read-only.
    """
    if not hasattr(os, "geteuid"):
        pytest.skip("a folder cannot be made read-only by its mode here")
    root, nobody = os.geteuid() == 0, 65534
    folder = Path(tempfile.mkdtemp()) if root else tmp_path_factory.mktemp("shut")

    def set_read_only(read_only: bool) -> Path:
        if root:
            os.seteuid(0)
        folder.chmod(0o555 if read_only else 0o755)
        if root and read_only:
            os.seteuid(nobody)
        return folder

    yield set_read_only
    set_read_only(False)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cytocrowd() -> Path:
    """Return the folder of the CytoCrowd release, which is not part of the project."""
    folder = Path(__file__).parents[2] / "shared" / "cytocrowd"
    if not folder.is_dir():
        pytest.skip("the CytoCrowd release is not beside the project's folder")
    return folder
