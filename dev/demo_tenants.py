"""The demo's tenants: who belongs to them, where their exports lie, and loading these."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import psycopg
from psycopg import sql

from app import crypto, jobs
from app.config import Config
from app.database import engine as db
from app.database.engine import maint_transaction, tenant_transaction
from app.database.migrate import SQL, migrate
from app.database.tenancy import Role, Scope
from app.dates import MAX_DAYS, DateRange, today
from app.email.recipients.queries import RecipientEntry, add_recipient, list_recipients
from app.email.sending.switch import turn_on
from app.ingest.jobs import IngestRequest, start_ingestion
from app.ingest.queries import Job, find_job
from app.ingest.store.kept_days import get_kept_days
from app.settings import provision as provisioning
from app.settings.forms import LEAST_MONTHS, MOST_MONTHS
from app.settings.jobs import list_set_up, start_check
from dev.bigquery import LoadReport
from dev.demo_settings import DATABASE, ROLES, Settings
from dev.generate import acme, globex, write_tenant
from dev.oidc import Member
from dev.process import StackError

PROFILES = {"acme": acme, "globex": globex}
ADMIN = "admin@acme.test"
STRANGER = "admin@globex.test"
GA4_ZONE = "UTC"  # of Google's public sample shop: its event dates are UTC days
Say = Callable[[str], None]
_SHOWN_REFUSED = 5
_SPARE_MONTHS = 12  # so that a demo taken up later does not lose its first days overnight

MEMBERS = [
    Member(ADMIN, "Ada Moreno", "Acme Industrial Supply", "Admin"),
    Member("manager@acme.test", "Miles Okafor", "Acme Industrial Supply", "Manager"),
    Member("rep.one@acme.test", "Rosa Lind", "Acme Industrial Supply", "Rep, D01 and D02"),
    Member("rep.two@acme.test", "Theo Park", "Acme Industrial Supply", "Rep, D03 and D04"),
    Member("viewer@acme.test", "Vera Stone", "Acme Industrial Supply", "Viewer"),
    Member(STRANGER, "Gitta Brandt", "Globex Handel", "Admin"),
    Member("nobody@example.test", "Noel Nobody", "Nowhere", "In no tenant"),
]
ACME_MEMBERS: list[tuple[str, Role, tuple[str, ...] | None]] = [
    ("manager@acme.test", "manager", None),
    ("rep.one@acme.test", "rep", ("D01", "D02")),
    ("rep.two@acme.test", "rep", ("D03", "D04")),
    ("viewer@acme.test", "viewer", None),
]


def generate(settings: Settings, say: Say) -> None:
    """Write the tenants' export files and customer files, unless an earlier start did."""
    for slug, profile in PROFILES.items():
        folder = settings.state / "tenants" / slug
        done = folder / "generated"
        if done.exists():
            continue
        say(f"Generating the shop data of {slug} …")
        made = profile()
        here = datetime.now(ZoneInfo(made.zone))
        write_tenant(folder, made, here.date(), intraday_hour=max(here.hour - 4, 0) or None)
        done.write_text(f"{here:%Y-%m-%d}\n")


def prepare_database(settings: Settings) -> None:
    """The database with its roles, migrated to this version."""
    with psycopg.connect(settings.superuser_url, autocommit=True) as connection:
        exists = "select 1 from pg_database where datname = %s"
        if connection.execute(exists, (DATABASE,)).fetchone() is None:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(settings.superuser_url, dbname=DATABASE, autocommit=True) as connection:
        connection.execute((SQL / "bootstrap.sql").read_bytes())
        for role in ROLES.values():
            alter = sql.SQL("alter role {} password {}")
            password = sql.Literal(settings.values["DATABASE_PASSWORD"])
            connection.execute(alter.format(sql.Identifier(role), password))
    migrate(settings.values["MAINT_DATABASE_URL"])


def provision(settings: Settings, *, with_ga4: bool) -> dict[str, str]:
    """Tenants, members and credentials as the settings forms would store them.

    Answers what `.demo/env` says of them.
    """
    config = read_config(settings)
    db.configure(config, role="worker")
    jobs.configure(config)
    crypto.configure(config.credential_keys)
    found = {
        "DEMO_MEMBER": ADMIN,
        "DEMO_STRANGER": STRANGER,
        "TENANT_ACME": str(_acme(settings)),
        "TENANT_GLOBEX": str(_globex(settings)),
    }
    if with_ga4 or (settings.state / "loaded-ga4").exists():
        found["TENANT_GA4"] = str(_ga4(settings))
    return found


def read_config(settings: Settings) -> Config:
    """The application's settings of this demo."""
    fields = {key.lower(): value for key, value in settings.values.items()}
    return Config(**{k: v for k, v in fields.items() if k in Config.model_fields})  # type: ignore[arg-type]  # validated there


def _acme(settings: Settings) -> UUID:
    tenant_id = provisioning.create_tenant(
        "acme", "Acme Industrial Supply", "USD", "America/New_York", "America/New_York", "en-US"
    )
    _connect(settings, tenant_id, "acme", ".xlsx")
    provisioning.add_member(tenant_id, ADMIN, "admin", None, _name(ADMIN))
    for email, role, branches in ACME_MEMBERS:
        provisioning.add_member(tenant_id, email, role, branches, _name(email))
        if role == "rep":
            _name_recipient(tenant_id, email, branches or ())
    return tenant_id


def _globex(settings: Settings) -> UUID:
    tenant_id = provisioning.create_tenant(
        "globex", "Globex Handel", "EUR", "Europe/Berlin", "Europe/Berlin", "de-DE"
    )
    _connect(settings, tenant_id, "globex", ".csv")
    for email in (ADMIN, STRANGER):
        provisioning.add_member(tenant_id, email, "admin", None, _name(email))
    return tenant_id


def _name_recipient(tenant_id: UUID, email: str, branches: Sequence[str]) -> None:
    """Have the reports of these branches go to somebody."""
    with tenant_transaction(tenant_id) as conn:
        everybody = list_recipients(conn, tenant_id, Scope(None))
        present = {(one.branch_id, one.email) for one in everybody}
        for branch_id in branches:
            if (branch_id, email) not in present:
                add_recipient(conn, tenant_id, RecipientEntry(branch_id, email, _name(email)))


def _ga4(settings: Settings) -> UUID:
    tenant_id = provisioning.create_tenant("ga4", "GA4 export", "USD", GA4_ZONE, GA4_ZONE, "en-US")
    _connect_bigquery(settings, tenant_id, "ga4")
    provisioning.add_member(tenant_id, ADMIN, "admin", None, _name(ADMIN))
    return tenant_id


def _name(email: str) -> str:
    return next(member.name for member in MEMBERS if member.email == email)


def project(slug: str) -> str:
    """The BigQuery project of a demo tenant."""
    return f"demo-{slug}-shop"


def _connect_bigquery(settings: Settings, tenant_id: UUID, slug: str) -> None:
    account = json.dumps(settings.oidc.service_account(project(slug)))
    provisioning.set_bigquery(tenant_id, project(slug), "analytics_1", "US", account)


def _connect(settings: Settings, tenant_id: UUID, slug: str, suffix: str) -> None:
    _connect_bigquery(settings, tenant_id, slug)
    server = settings.sftp
    provisioning.set_sftp(
        tenant_id,
        server.host,
        server.port,
        slug,
        settings.values["SFTP_PASSWORD"],
        server.host_key,
        f"/users{suffix}",
        f"/locations{suffix}",
    )
    post = settings.smtp
    provisioning.set_smtp(
        tenant_id,
        post.host,
        post.port,
        post.user,
        post.password,
        f"reports@{slug}.test",
        f"{slug.capitalize()} reports",
    )
    with maint_transaction() as conn:
        turn_on(conn, tenant_id, ADMIN)


def load(settings: Settings, tenants: Mapping[str, str], ga4: Path | None, say: Say) -> None:
    """Put the exports into BigQuery, and ingest what was not ingested before, by real jobs."""
    folders = {slug: settings.state / "tenants" / slug / "ga4" for slug in PROFILES}
    if ga4 is not None:
        folders["ga4"] = ga4
    started: dict[str, tuple[UUID, list[UUID], Path]] = {}
    for slug, folder in folders.items():
        mark = settings.state / f"loaded-{slug}"
        report = settings.bigquery.load_directory(project(slug), "analytics_1", folder)
        tenant_id, days = UUID(tenants[f"TENANT_{slug.upper()}"]), _days(folder)
        if slug == "ga4":
            days = _keep(tenant_id, days, say)
        _say_refused(slug, report, say)
        if mark.exists() and not report.loaded:
            continue
        say(f"Ingesting {slug}: {len(report.loaded)} days …")
        started[slug] = (tenant_id, _start(tenant_id, slug, days), mark)
    for slug, (tenant_id, job_ids, mark) in started.items():
        for job_id in job_ids:
            _finish(tenant_id, slug, job_id, say)
        mark.touch()
    for tenant_id, _, _ in started.values():
        _check_connections(tenant_id)


def _say_refused(slug: str, report: LoadReport, say: Say) -> None:
    """Name the rows of the files that cannot be read; the others are loaded."""
    for table, refused in report.refused.items():
        shown = "; ".join(refused[:_SHOWN_REFUSED])
        rest = len(refused) - _SHOWN_REFUSED
        more = f"; and {rest} more" if rest > 0 else ""
        say(f"  {slug}: {len(refused)} unreadable in {table}, left out: {shown}{more}.")


def _keep(tenant_id: UUID, days: tuple[date, date], say: Say) -> tuple[date, date]:
    """Have the tenant keep its days, however old; the days from the oldest that can be kept."""
    now = today(GA4_ZONE)
    months = (now.year - days[0].year) * 12 + now.month - days[0].month + _SPARE_MONTHS
    provisioning.set_retention(tenant_id, min(max(months, LEAST_MONTHS), MOST_MONTHS))
    with tenant_transaction(tenant_id) as conn:
        kept = get_kept_days(conn, tenant_id)
    within = kept.within(DateRange(*days))
    if within is None:
        raise StackError(f"GA4: {kept.refusal(DateRange(*days))}")
    if refusal := kept.refusal(DateRange(*days)):
        say(f"  ga4: {refusal}")
    return within.start, within.end


def _check_connections(tenant_id: UUID) -> None:
    """Test them again: the daily test ran before there was anything to find.

    Not while days are loaded: beside that the demo's BigQuery answers too late on a slow machine.
    """
    with tenant_transaction(tenant_id) as conn:
        started = [
            start_check(conn, tenant_id, section, "schedule")
            for section in list_set_up(conn, tenant_id)
        ]
    for job_id in started:
        jobs.publish(job_id)


def _days(folder: Path) -> tuple[date, date]:
    names = sorted(p.name.split(".")[0][-8:] for p in folder.glob("events_*.json.gz"))
    if not names:
        raise StackError(f"{folder} has no files events_YYYYMMDD.json.gz.")
    return date.fromisoformat(names[0]), date.fromisoformat(names[-1])


def _start(tenant_id: UUID, slug: str, days: tuple[date, date]) -> list[UUID]:
    types = ("events",) if slug == "ga4" else ("events", "users", "locations")
    first, last = days
    started = []
    while first <= last:
        end = min(last, first + timedelta(days=MAX_DAYS - 1))
        with tenant_transaction(tenant_id) as conn:
            request = IngestRequest(first, end, types)
            started.append(start_ingestion(conn, tenant_id, request, "demo"))
        jobs.publish(started[-1])
        first = end + timedelta(days=1)
    return started


def _finish(tenant_id: UUID, slug: str, job_id: UUID, say: Say) -> None:
    job = _wait(tenant_id, job_id)
    say(f"  {slug}: {job.message or job.status}")
    if job.status not in ("completed", "completed_with_warnings"):
        raise StackError(f"Ingesting {slug} ended as {job.status}: {job.message}\n{job.detail}")


def _wait(tenant_id: UUID, job_id: UUID) -> Job:
    while True:
        with tenant_transaction(tenant_id) as conn:
            job = find_job(conn, tenant_id, job_id)
        if job is not None and job.finished_at is not None:
            return job
        time.sleep(0.3)
