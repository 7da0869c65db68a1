"""One trial after the other on one tenant, which goes from one version of its source to the other.

Every trial begins where the last one left the tenant, and every end is compared with a control
tenant that was loaded once, from the source as it is then, undisturbed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from tests.campaign import starter
from tests.campaign.faults import strike, thaw
from tests.campaign.front import Front
from tests.campaign.judge import Known, Verdict, is_at_rest, judge
from tests.campaign.plan import Trial
from tests.campaign.reader import Eye, Look, Reader, look_once, read_page
from tests.campaign.scene import Scene
from tests.campaign.source import FIRST, LAST, SPLIT_FROM, STATES
from tests.campaign.stack import Stack
from tests.jobs.bench import wait_until
from tests.jobs.workers import children, is_going

_REST_LIMIT_S = 180.0
_ATTEMPTS = 4
_PROCESSES = 4  # three workers and a scheduler


@dataclass(frozen=True)
class Result:
    """A trial, and what was wrong with it."""

    trial: Trial
    seed: int
    is_struck: bool
    struck_after_s: float
    seconds: float
    old: str
    new: str
    ended_after_s: float
    course: list[tuple[float, list[tuple[str, int]]]]
    verdict: Verdict

    def line(self) -> dict[str, Any]:
        """As it stands in a file of results."""
        return {"name": self.trial.name} | asdict(self)


class Campaign:
    """Control tenants, and the one that suffers."""

    def __init__(self, stack: Stack, seed: int, front: Front | None = None) -> None:
        self._stack = stack
        self._front = front
        self._seed = seed
        self._tenants = 0
        self._state = ""
        self._lasts_s = {False: 6.0, True: 8.0}
        self.known = self._controls()
        self._renew()

    def run(self, trial: Trial) -> Result:
        """Harm one load of the tenant; once more where the job ended before its moment came."""
        for attempt in range(_ATTEMPTS):
            result = self._attempt(trial, attempt)
            if result.is_struck or not result.verdict.is_clean:
                break
        return result

    def _attempt(self, trial: Trial, attempt: int) -> Result:
        """Harm one load, and judge what was seen meanwhile."""
        began_at = time.monotonic()
        self._settle()
        old, new = self._state, "BB" if self._state == "AA" else "AA"
        scene = self._scene(trial, attempt)
        through_http = Verdict()
        with self._beside(through_http), self._watch(scene, new) as reader:
            struck_at = strike(scene)
            self._rest(reader)
        looks = reader.looks
        self._learn(trial, looks)
        verdict = judge(self.known, looks, old, new, struck_at or began_at)
        verdict.add(through_http)
        if scene.frozen:
            verdict.add(self._outlive(scene, struck_at or began_at, new, old))
        return Result(
            trial,
            self._seed,
            struck_at is not None,
            struck_after_s=round((struck_at or began_at) - began_at, 2),
            seconds=round(time.monotonic() - began_at, 2),
            old=old,
            new=new,
            ended_after_s=_ended_after(looks, struck_at or began_at),
            course=course(looks, began_at),
            verdict=verdict,
        )

    @contextmanager
    def _beside(self, verdict: Verdict) -> Iterator[None]:
        """Where there is a front, somebody asks through nginx, and reports are on their way."""
        if self._front is None:
            yield
            return
        self._front.plan_mail()
        with self._front.asking(self._tenant_id, verdict):
            yield

    def _outlive(self, scene: Scene, struck_at: float, old: str, new: str) -> Verdict:
        """The source changes again and is loaded; only then what was frozen wakes, with what it
        fetched long ago. None of that may be seen."""
        began_at = time.monotonic()
        with self._watch(scene, new) as reader:
            starter.start(self._tenant_id, FIRST, LAST)
            self._rest(reader)
            thaw(scene, struck_at)
            self._rest(reader)
        return judge(self.known, reader.looks, old, new, began_at)

    @contextmanager
    def _watch(self, scene: Scene, new: str) -> Iterator[Reader]:
        """Publish a version, and look at the tenant and its later jobs for the block."""
        self._stack.source.publish(new)
        eye = Eye(self._stack.urls.web, self._tenant_id)
        since = eye.now()
        eye.close()
        with Reader(self._stack.urls.web, self._tenant_id, since, self._count_live_runs) as reader:
            scene.is_over = lambda: _is_over(reader)
            yield reader
        last = reader.last
        self._state = (last and last.prints and self.known.state_of(last.prints)) or ""

    def _scene(self, trial: Trial, attempt: int) -> Scene:
        first = SPLIT_FROM if trial.is_split else FIRST
        return Scene(
            self._stack,
            trial,
            trial.dice(self._seed, attempt),
            job_lasts_s=self._lasts_s[trial.is_split],
            start=lambda: _ignore(starter.start(self._tenant_id, first, LAST)),
            start_arguments=(str(self._tenant_id), str(first), str(LAST)),
        )

    def _rest(self, reader: Reader) -> None:
        """Keep the services up until all is over and the reader has looked once more.

        Also where the job had its end before: the mail beside it needs somebody to send it.
        """
        give_up_at = time.monotonic() + _REST_LIMIT_S
        while not _is_over(reader) and time.monotonic() < give_up_at:
            self._keep_workers()
            time.sleep(0.02)
        looked = len(reader.looks)
        while len(reader.looks) < looked + 2 and time.monotonic() < give_up_at:
            self._keep_workers()
            time.sleep(0.02)

    def _keep_workers(self) -> None:
        """Start the tree again when its root is gone, as a service manager does."""
        workers = self._stack.workers
        if workers is None or not workers.is_running():
            self._stack.start_workers()

    def _settle(self) -> None:
        """Before a trial: every process up, nothing armed, the tenant at one of the versions."""
        self._keep_workers()
        workers = self._stack.workers
        assert workers is not None
        wait_until(
            lambda: len(children(workers.supervisor)) == _PROCESSES and not workers.job_processes(),
            lambda: "idle workers",
            limit_s=_REST_LIMIT_S,
        )
        self._stack.signals.clear()
        if self._state not in ("AA", "BB"):
            self._renew()

    def _renew(self) -> None:
        """Another tenant, loaded with the first version."""
        self._tenants += 1
        self._tenant_id: UUID = self._stack.make_tenant(f"trial-{self._tenants}")
        self._stack.load(self._tenant_id, "AA")
        self._state = "AA"

    def _learn(self, trial: Trial, looks: Sequence[Look]) -> None:
        """How long a job lasts that nothing disturbed: the shortest counts."""
        if all(job.fence == 1 for job in looks[-1].jobs) and all(look.prints for look in looks):
            first = next(look.at for look in looks if look.jobs)
            end = next((look.at for look in looks if is_at_rest(look)), looks[-1].at)
            self._lasts_s[trial.is_split] = min(self._lasts_s[trial.is_split], end - first)

    def _controls(self) -> Known:
        """For each state a tenant that never saw another one."""
        prints, pages, controls = {}, {}, []
        for state in STATES:
            tenant_id = self._stack.make_tenant(f"control-{state.lower()}")
            controls.append(tenant_id)
            self._stack.load(tenant_id, state)
            prints[state] = look_once(self._stack.urls.web, tenant_id)
            empty = [table for table, (rows, _) in prints[state].items() if not rows]
            assert not empty, f"a control without rows of {empty} proves nothing"
            pages[state] = read_page(tenant_id)
        if self._front is not None:
            self._front.learn(controls)
        return Known(prints, pages)

    def _count_live_runs(self) -> int:
        return sum(map(is_going, self._stack.signals.claimants()))


def _is_over(reader: Reader) -> bool:
    last = reader.last
    return last is not None and last.prints is not None and is_at_rest(last)


def course(looks: Sequence[Look], began_at: float) -> list[tuple[float, list[tuple[str, int]]]]:
    """How the statuses and fences went, and when: only the changes."""
    told: list[tuple[float, list[tuple[str, int]]]] = []
    for look in looks:
        now = [("away", 0)] if look.prints is None else [(j.status, j.fence) for j in look.jobs]
        if not told or told[-1][1] != now:
            told.append((round(look.at - began_at, 2), now))
    return told


def _ended_after(looks: Sequence[Look], harmed_at: float) -> float:
    """Seconds from the harm to the end of the job."""
    ends = (look.at for look in looks if look.prints is not None and is_at_rest(look))
    return round(max(0.0, next(ends, looks[-1].at) - harmed_at), 2)


def _ignore(_: UUID) -> None:
    """The campaign finds its job by the time it was made."""
