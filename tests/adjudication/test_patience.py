"""What hangs is waited for only so long."""

from threading import Event, get_ident

import pytest

from napari_consensus.adjudication.patience import within
from napari_consensus.errors import Cancelled, WriteError


@pytest.fixture
def hanging():
    """A function that hangs until the test is over."""
    over = Event()
    yield over.wait
    over.set()


def test_what_ends_in_time_gives_its_result_or_its_error():
    assert within(30, lambda: 7) == 7

    def refuse():
        msg = "no"
        raise WriteError(msg)

    with pytest.raises(WriteError, match="no"):
        within(30, refuse)


def test_what_hangs_is_waited_for_no_longer_than_said(hanging):
    with pytest.raises(TimeoutError):
        within(0.05, hanging)


def test_waiting_stops_where_somebody_asks_for_it(hanging):
    asked = []

    def stop(done, total):
        asked.append((done, total, get_ident()))
        if len(asked) == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        within(30, hanging, progress=stop)
    assert asked == [(0, 1, get_ident())] * 2
