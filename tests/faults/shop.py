"""A tenant that suffers, beside the models of what it may look like; on the campaign's stack."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import psycopg

from dev.process import StackError
from tests.campaign import starter
from tests.campaign.judge import SUCCESSES
from tests.campaign.reader import Prints, look_once
from tests.campaign.source import FIRST, LAST
from tests.campaign.stack import Stack
from tests.jobs.bench import wait_until

MENDED_LIMIT_S = 150.0


@dataclass
class Shop:
    """A tenant that goes from one version of its source to the other, and its two models."""

    stack: Stack
    tenant_id: UUID
    known: dict[str, Prints]
    state: str = "AA"

    def look(self) -> Prints | None:
        """Every row as the web sees it; None when PostgreSQL does not answer."""
        with suppress(psycopg.OperationalError):
            return look_once(self.stack.urls.web, self.tenant_id)
        return None

    def state_seen(self) -> str | None:
        """Which version is seen; `mix` when it is neither, None when nobody answers."""
        found = self.look()
        known = (state for state, prints in self.known.items() if prints == found)
        return None if found is None else next(known, "mix")

    def tell(self, job_id: UUID) -> tuple[str, str | None]:
        """Status and message of a job."""
        told = "select status, message from processing_jobs where job_id = %s"
        status, message = self.stack.query(told, job_id)[0]
        return status, message

    def start(self) -> UUID:
        """Publish the other version, and begin to load it."""
        self.state = "BB" if self.state == "AA" else "AA"
        self.stack.source.publish(self.state)
        return starter.start(self.tenant_id, FIRST, LAST)

    def wait_loaded(self, job_id: UUID, limit_s: float = MENDED_LIMIT_S) -> None:
        """The job ends well, and all rows are the new ones. PostgreSQL is kept running."""
        wait_until(lambda: self._is_loaded(job_id), lambda: str(self.tell(job_id)), limit_s)
        assert self.look() == self.known[self.state]

    def _is_loaded(self, job_id: UUID) -> bool:
        keep_running(self.stack)
        with suppress(psycopg.OperationalError):
            return self.tell(job_id)[0] in SUCCESSES
        return False


def keep_running(stack: Stack) -> None:
    """What a service manager does."""
    if not stack.postgres.is_running():
        with suppress(StackError):
            stack.restart_postgres()


def open_shop(stack: Stack) -> Shop:
    """The models and the tenant, all loaded."""
    known = {}
    for state in ("AA", "BB"):
        model = stack.make_tenant(f"model-{state.lower()}")
        stack.load(model, state)
        known[state] = look_once(stack.urls.web, model)
    tenant_id = stack.make_tenant("sufferer")
    stack.load(tenant_id, "AA")
    return Shop(stack, tenant_id, known)
