"""What was wrong with a trial: torn reads, wrong rows, false statuses. Judges, never looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.campaign.reader import JobSeen, Look, Page, Prints
from tests.campaign.source import MONTHS

STATUS_LIMIT_S = 60.0
SUCCESSES = ("completed", "completed_with_warnings")
_WRONGS = (
    "torn_reads",
    "wrong_rows",
    "false_statuses",
    "needs_a_person",
    "wrong_pages",
    "wrong_mails",
)
_COUNTS = ("reads", "pages", *_WRONGS)
FINAL = (*SUCCESSES, "failed", "cancelled")


@dataclass(frozen=True)
class Known:
    """How each state looks where nothing ever went wrong: its rows, and its page."""

    prints: Mapping[str, Prints]
    pages: Mapping[str, Page]

    def state_of(self, prints: Prints) -> str | None:
        """Which state these rows are; None when they are none, so a mix."""
        return next((state for state, known in self.prints.items() if known == prints), None)

    def is_page(self, page: Page) -> bool:
        """Whether every widget shows some state."""
        return all(
            any(shown == known[index] for known in self.pages.values())
            for index, shown in enumerate(page)
        )


@dataclass
class Verdict:
    """Counts of what must not be, with the first example of each in words."""

    reads: int = 0
    torn_reads: int = 0
    wrong_rows: int = 0
    false_statuses: int = 0
    needs_a_person: int = 0
    pages: int = 0
    wrong_pages: int = 0
    mails: int = 0
    wrong_mails: int = 0
    longest_untrue_s: float = 0.0
    examples: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was wrong."""
        return not any(getattr(self, name) for name in _WRONGS)

    def add(self, other: Verdict) -> None:
        """The verdict of a further part of the same trial."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.mails += other.mails
        self.longest_untrue_s = max(self.longest_untrue_s, other.longest_untrue_s)
        self.examples += other.examples

    def note(self, kind: str, example: str) -> None:
        """One more of that kind."""
        setattr(self, kind, getattr(self, kind) + 1)
        if not any(told.startswith(kind) for told in self.examples):
            self.examples.append(f"{kind}: {example}")


def judge(known: Known, looks: Sequence[Look], old: str, new: str, harmed_at: float) -> Verdict:
    """All looks of one trial that led from the state `old` to `new`, the last one at rest."""
    verdict = Verdict()
    for look in looks:
        if look.prints is not None:
            verdict.reads += 1
            _judge_look(verdict, known, look, old, new)
    _judge_waits(verdict, looks, harmed_at)
    _judge_end(verdict, known, looks, new)
    return verdict


def _judge_look(verdict: Verdict, known: Known, look: Look, old: str, new: str) -> None:
    assert look.prints is not None
    state = known.state_of(look.prints)
    if state is None:
        verdict.note("torn_reads", f"rows like {_nearest(known, look.prints)}")
    elif state != (told := told_by(look.jobs, old, new)):
        statuses = [(job.status, job.fence) for job in look.jobs]
        verdict.note("false_statuses", f"jobs {statuses} tell of {told}, the rows are {state}")
    if look.page is not None and not known.is_page(look.page):
        verdict.note("torn_reads", f"a page that shows no state: {look.page}")


def told_by(jobs: Sequence[JobSeen], old: str, new: str) -> str:
    """The state that the jobs' statuses speak of: each month is new once its job succeeded."""
    parents = {job.parent_job_id for job in jobs}
    loaded = {
        month
        for job in jobs
        if job.status in SUCCESSES and job.job_id not in parents
        for month in MONTHS
        if job.first.month <= month <= job.last.month
    }
    return "".join(
        new[index] if month in loaded else old[index] for index, month in enumerate(MONTHS)
    )


def is_true(look: Look) -> bool:
    """Whether the statuses are so: who is processing is being worked on, a parent has parts."""
    if look.prints is None:
        return False
    leased = [job for job in look.jobs if job.status == "processing" and job.has_lease]
    return len(leased) <= look.live_runs and all(_is_true(job, look) for job in look.jobs)


def _is_true(job: JobSeen, look: Look) -> bool:
    parts = [part for part in look.jobs if part.parent_job_id == job.job_id]
    if job.status in SUCCESSES:
        return all(part.status in FINAL for part in parts)
    if job.status != "processing" or job.has_lease:
        return True
    return any(part.status not in FINAL for part in parts)


def _judge_waits(verdict: Verdict, looks: Sequence[Look], harmed_at: float) -> None:
    """The longest time, from the harm on, that passed between two true statuses."""
    last_true_at = harmed_at
    for look in looks:
        if look.at < harmed_at:
            continue
        verdict.longest_untrue_s = max(verdict.longest_untrue_s, look.at - last_true_at)
        if is_true(look):
            last_true_at = look.at
    if verdict.longest_untrue_s > STATUS_LIMIT_S:
        verdict.note("false_statuses", f"untrue for {verdict.longest_untrue_s:.1f} s")


def _judge_end(verdict: Verdict, known: Known, looks: Sequence[Look], new: str) -> None:
    last = looks[-1] if looks else None
    if last is None or last.prints is None or not is_at_rest(last):
        verdict.note("false_statuses", "the job never ended")
        return
    if any(job.status not in SUCCESSES for job in last.jobs):
        verdict.note("needs_a_person", f"ended {[job.status for job in last.jobs]}")
    elif last.prints != known.prints[new]:
        different = [name for name in last.prints if last.prints[name] != known.prints[new][name]]
        verdict.note("wrong_rows", f"{different} differ from the source")


def is_at_rest(look: Look) -> bool:
    """Whether there is a job, and all of it has ended."""
    return bool(look.jobs) and all(job.status in FINAL for job in look.jobs)


def _nearest(known: Known, prints: Prints) -> str:
    """The state with the most tables in common, and the tables that differ from it."""
    state = max(known.prints, key=lambda s: sum(known.prints[s][n] == prints[n] for n in prints))
    different = [name for name in prints if known.prints[state][name] != prints[name]]
    return f"{state} but for {different}"
