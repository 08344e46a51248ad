from __future__ import annotations

import gc
import threading
import weakref
from time import sleep

import pytest
from napari.utils.notifications import notification_manager
from qtpy.QtCore import QObject

from napari_consensus._napari import jobs
from napari_consensus.errors import ReadError


def test_the_result_arrives_on_the_gui_thread(qtbot):
    seen = []

    def work(a, *, b, progress):
        progress(1, 1)
        seen.append(threading.current_thread() is threading.main_thread())
        return a + b

    owner = QObject()
    jobs.start(
        owner,
        "Adding",
        work,
        2,
        b=3,
        then=lambda r: seen.append((r, threading.current_thread() is threading.main_thread())),
    )
    qtbot.waitUntil(lambda: len(seen) == 2, timeout=60_000)
    assert seen == [False, (5, True)]


def test_what_was_worked_on_is_let_go_of(qtbot):
    class Study:
        pass

    study, owner, done = Study(), QObject(), []
    held = weakref.ref(study)
    jobs.start(owner, "Looking", lambda _, progress: progress(1, 1), study, then=done.append)
    del study
    qtbot.waitUntil(lambda: bool(done), timeout=60_000)
    gc.collect()
    assert held() is None


def test_it_tells_how_far_it_is(qtbot):
    go = threading.Event()

    def work(*, progress):
        progress(3, 7)
        go.wait(10)

    owner, heard, done = QObject(), [], []
    job = jobs.start(owner, "Waiting", work, then=done.append)
    job.progressed.connect(lambda *numbers: heard.append(numbers))
    qtbot.waitUntil(lambda: heard == [(3, 7)], timeout=60_000)
    go.set()
    qtbot.waitUntil(lambda: bool(done), timeout=60_000)


def test_an_error_of_ours_is_one_line_and_no_result(qtbot):
    def work(*, progress):
        msg = "file.csv, row 3:\n  this is\n  wrong"
        raise ReadError(msg)

    owner, done, ended = QObject(), [], []
    job = jobs.start(owner, "Failing", work, then=done.append)
    job.ended.connect(lambda: ended.append(1))
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    assert notification_manager.records[-1].message == "file.csv, row 3: this is wrong"
    assert not done


def test_a_stopped_job_has_no_result_and_says_nothing(qtbot):
    def work(*, progress):
        while True:
            progress(0, 1)
            sleep(0.001)

    told = len(notification_manager.records)
    owner, done, ended = QObject(), [], []
    job = jobs.start(owner, "Endless", work, then=done.append)
    job.ended.connect(lambda: ended.append(1))
    job.stop()
    qtbot.waitUntil(lambda: bool(ended), timeout=60_000)
    assert not done
    assert len(notification_manager.records) == told


def test_an_owner_that_goes_stops_its_job(qtbot):
    stopped, done = [], []

    def work(*, progress):
        try:
            while True:
                progress(0, 1)
                sleep(0.001)
        finally:
            stopped.append(1)

    owner = QObject()
    jobs.start(owner, "Endless", work, then=done.append)
    owner.deleteLater()
    qtbot.waitUntil(lambda: bool(stopped), timeout=60_000)
    qtbot.wait(20)
    assert not done


def test_all_jobs_are_stopped_at_the_end(qtbot):
    stopped = []

    def work(*, progress):
        try:
            while True:
                progress(0, 1)
                sleep(0.001)
        finally:
            stopped.append(1)

    owner = QObject()
    for _ in range(2):
        jobs.start(owner, "Endless", work, then=stopped.append)
    assert jobs.stop_all()
    assert stopped == [1, 1]


@pytest.mark.filterwarnings("ignore")
def test_what_runs_is_called_by_its_title_and_not_by_its_tables():
    work = jobs._Work("Comparing raters", print, jobs._Ticket())
    assert repr(work) == "Comparing raters"
