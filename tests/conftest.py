"""What tests of several folders share."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from napari_consensus.samples import SampleStudy

# No test asserts seconds: a machine with other work must not fail a property.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# The package works without napari, and so do its tests; only the plugin's are left out.
collect_ignore = [] if find_spec("napari") else ["_napari"]


@pytest.fixture(scope="session")
def sample() -> SampleStudy:
    """Return the generated study; making it takes a second, and no test can change it."""
    from napari_consensus.samples import cytology_study

    return cytology_study()


@pytest.fixture(scope="session")
def cytocrowd() -> Path:
    """Return the folder of the CytoCrowd release, which is not part of the project."""
    folder = Path(__file__).parents[2] / "shared" / "cytocrowd"
    if not folder.is_dir():
        pytest.skip("the CytoCrowd release is not beside the project's folder")
    return folder
