"""Real workers that are killed, frozen and stopped."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from tests.jobs.bench import Bench, wait_until
from tests.jobs.workers import Workers, freeze, is_alive, kill, parent, wake

Start = Callable[..., Workers]


def test_job_survives_the_death_of_worker_and_job_process(
    bench: Bench, start_workers: Start
) -> None:
    job_id = bench.start("hold")
    start_workers()
    running = bench.wait_said("working", job_id)
    kill(parent(running), running)

    bench.wait_said("working", job_id, fence=2)
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")
    assert bench.row(job_id, "attempt") == (2,)
    assert bench.stored(job_id) == 1


def test_job_process_whose_worker_is_killed_gives_its_job_back(
    bench: Bench, start_workers: Start
) -> None:
    job_id = bench.start("hold")
    start_workers()
    running = bench.wait_said("working", job_id)
    kill(parent(running))

    bench.wait_said("working", job_id, fence=2)
    wait_until(lambda: not is_alive(running), lambda: "the end of the orphan")
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")
    assert bench.row(job_id, "attempt") == (1,), "a worker's death is not the job's fault"
    assert bench.stored(job_id) == 1


def test_job_process_that_is_killed_alone_is_replaced(bench: Bench, start_workers: Start) -> None:
    job_id = bench.start("hold")
    start_workers()
    kill(bench.wait_said("working", job_id))

    bench.wait_said("working", job_id, fence=2)
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")


def test_frozen_run_loses_its_job_and_stores_nothing_when_it_wakes(
    bench: Bench, start_workers: Start
) -> None:
    job_id = bench.start("swap")
    start_workers("--scheduler", "--workers", "2")
    frozen = bench.wait_said("swapping", job_id)
    freeze(frozen)

    bench.wait_said("swapping", job_id, fence=2)
    bench.wait_status(job_id, "completed")
    bench.allow(job_id)
    wake(frozen)
    wait_until(lambda: not is_alive(frozen), lambda: "the end of the woken run")

    assert bench.row(job_id, "status, fence, attempt") == ("completed", 2, 2)
    assert bench.stored(job_id) == 1


def test_frozen_job_process_without_a_transaction_is_refused_by_the_fence(
    bench: Bench, start_workers: Start
) -> None:
    job_id = bench.start("deaf")
    start_workers("--scheduler", "--workers", "2")
    frozen = bench.wait_said("working", job_id)
    freeze(frozen)

    bench.wait_said("working", job_id, fence=2)
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")
    wake(frozen)
    wait_until(lambda: not is_alive(frozen), lambda: "the end of the woken run")

    assert bench.row(job_id, "status, fence") == ("completed", 2)
    assert bench.stored(job_id) == 1


def test_stopped_workers_give_their_job_back_quickly(bench: Bench, start_workers: Start) -> None:
    job_id = bench.start("hold")
    workers = start_workers()
    bench.wait_said("working", job_id)

    began = time.monotonic()
    os.kill(workers.supervisor, signal.SIGTERM)
    workers.wait_ended()

    assert time.monotonic() - began < 10
    assert bench.row(job_id, "status, attempt, leased_until") == ("queued", 0, None)
    start_workers()
    bench.wait_said("working", job_id, fence=2)
    bench.allow(job_id)
    bench.wait_status(job_id, "completed")


def test_stopped_worker_gives_back_even_a_job_that_hangs(
    bench: Bench, start_workers: Start
) -> None:
    job_id = bench.start("deaf")
    workers = start_workers()
    running = bench.wait_said("working", job_id)

    os.kill(workers.supervisor, signal.SIGTERM)
    workers.wait_ended()

    assert bench.row(job_id, "status, attempt") == ("queued", 0)
    assert not is_alive(running)
