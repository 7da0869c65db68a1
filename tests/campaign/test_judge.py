"""Every detector goes red when it is fed what it is there for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.campaign.judge import Known, judge
from tests.campaign.reader import JobSeen, Look, Prints
from tests.campaign.source import FIRST, LAST, STATES

TABLES = ("page_view", "session", "users")
PRINTS: dict[str, Prints] = {
    state: {table: (5, f"{table} {state}") for table in TABLES} for state in STATES
}
KNOWN = Known(PRINTS, {state: (f"figures {state}", f"chart {state}") for state in STATES})
JOB = JobSeen("j", None, "queued", 0, False, FIRST, LAST)
RUNNING = replace(JOB, status="processing", fence=1, has_lease=True)
DONE = replace(JOB, status="completed", fence=1)
MARCH = (date(2025, 3, 1), date(2025, 3, 31))
APRIL = (date(2025, 4, 1), LAST)


def look(at: float, state: str, *jobs: JobSeen, live_runs: int = 1) -> Look:
    return Look(at, PRINTS[state], jobs, KNOWN.pages[state], live_runs)


def part(name: str, days: tuple[date, date], status: str) -> JobSeen:
    return JobSeen(name, "j", status, 1, status == "processing", *days)


WAITING = replace(JOB, status="processing", fence=1)
CLEAN = [look(0, "AA", JOB), look(1, "AA", RUNNING), look(2, "BB", DONE)]


def test_a_clean_trial_is_clean() -> None:
    verdict = judge(KNOWN, CLEAN, "AA", "BB", 0.5)
    assert verdict.is_clean
    assert (verdict.reads, verdict.longest_untrue_s, verdict.examples) == (3, 1, [])


def test_a_mix_of_old_and_new_rows_is_a_torn_read() -> None:
    mixed = PRINTS["AA"] | {"session": PRINTS["BB"]["session"]}
    torn = replace(CLEAN[1], prints=mixed)
    verdict = judge(KNOWN, [CLEAN[0], torn, CLEAN[2]], "AA", "BB", 0)
    assert verdict.torn_reads == 1
    assert verdict.examples == ["torn_reads: rows like AA but for ['session']"]


def test_a_page_that_shows_neither_version_is_a_torn_read() -> None:
    torn = replace(CLEAN[1], page=("figures AA", "chart of something else"))
    assert judge(KNOWN, [CLEAN[0], torn, CLEAN[2]], "AA", "BB", 0).torn_reads == 1


def test_rows_that_differ_from_the_source_at_the_end_are_wrong() -> None:
    wrong = replace(CLEAN[2], prints=PRINTS["BB"] | {"users": (4, "one is missing")})
    verdict = judge(KNOWN, [*CLEAN[:2], wrong], "AA", "BB", 0)
    assert (verdict.wrong_rows, verdict.torn_reads) == (1, 1)
    assert "wrong_rows: ['users'] differ from the source" in verdict.examples


def test_a_completed_job_whose_rows_are_the_old_ones_is_a_false_status() -> None:
    verdict = judge(KNOWN, [*CLEAN[:2], look(2, "AA", DONE), CLEAN[2]], "AA", "BB", 0)
    assert (verdict.false_statuses, verdict.torn_reads, verdict.wrong_rows) == (1, 0, 0)


def test_new_rows_of_a_job_that_is_not_completed_are_a_false_status() -> None:
    verdict = judge(KNOWN, [CLEAN[0], look(1, "BB", RUNNING), CLEAN[2]], "AA", "BB", 0)
    assert verdict.false_statuses == 1


def test_one_month_of_two_is_new_exactly_when_its_part_has_ended() -> None:
    half = [WAITING, part("m", MARCH, "completed"), part("a", APRIL, "processing")]
    end = [DONE, part("m", MARCH, "completed"), part("a", APRIL, "completed")]
    looks = [CLEAN[0], look(1, "BA", *half), look(2, "BB", *end)]
    assert judge(KNOWN, looks, "AA", "BB", 0).is_clean

    early = [CLEAN[0], look(1, "AB", *half), look(2, "BB", *end)]
    assert judge(KNOWN, early, "AA", "BB", 0).false_statuses == 1


def test_processing_while_nobody_works_is_untrue_and_false_after_a_minute() -> None:
    abandoned = [look(at, "AA", RUNNING, live_runs=0) for at in range(1, 50)]
    end = look(50, "BB", DONE)
    verdict = judge(KNOWN, [CLEAN[0], *abandoned, end], "AA", "BB", 0.5)
    assert (verdict.false_statuses, verdict.longest_untrue_s) == (0, 49.5)

    longer = [look(at, "AA", RUNNING, live_runs=0) for at in range(1, 70)]
    assert judge(KNOWN, [*longer, look(70, "BB", DONE)], "AA", "BB", 0.5).false_statuses == 1


def test_two_jobs_that_are_processing_need_two_runs() -> None:
    parts = [part("m", MARCH, "processing"), part("a", APRIL, "processing")]
    looks = [CLEAN[0], look(3, "AA", WAITING, *parts, live_runs=1), CLEAN[2]]
    assert judge(KNOWN, looks, "AA", "BB", 0).longest_untrue_s == 3


def test_a_parent_that_waits_for_parts_which_have_all_ended_is_untrue() -> None:
    parts = [part("m", MARCH, "completed"), part("a", APRIL, "completed")]
    looks = [look(0, "AA", JOB), look(3, "BB", WAITING, *parts), look(9, "BB", DONE, *parts)]
    assert judge(KNOWN, looks, "AA", "BB", 0).longest_untrue_s == 9


def test_time_in_which_nobody_answers_counts_as_untrue() -> None:
    looks = [CLEAN[0], *(Look(at, None) for at in range(1, 8)), replace(CLEAN[2], at=8)]
    assert judge(KNOWN, looks, "AA", "BB", 0).longest_untrue_s == 8


def test_a_job_that_never_ends_is_a_false_status() -> None:
    assert judge(KNOWN, CLEAN[:2], "AA", "BB", 0).false_statuses == 1
    assert judge(KNOWN, [look(0, "AA")], "AA", "BB", 0).false_statuses == 1


def test_a_job_that_failed_needs_a_person() -> None:
    failed = look(2, "AA", replace(JOB, status="failed"))
    verdict = judge(KNOWN, [*CLEAN[:2], failed], "AA", "BB", 0)
    assert (verdict.needs_a_person, verdict.false_statuses) == (1, 0)
