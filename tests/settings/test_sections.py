"""The sections of the settings: saved, refused, kept apart from each other, and never telling."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
import requests

from tests.ingest.conftest import private_key
from tests.ingest.file_world import key_file
from tests.page import Html, check_page
from tests.running import ADA, Browser, Site, port, provider, site
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "private_key", "provider", "site"]
Superuser = psycopg.Connection[tuple[object, ...]]
SFTP = {
    "host": "files.example.com",
    "port": "22",
    "username": "acme",
    "users_path": "/u.csv",
    "locations_path": "/l.csv",
}
SMTP = {
    "host": "mail.example.com",
    "port": "587",
    "security": "starttls",
    "username": "reports",
    "from_address": "reports@acme.example",
    "from_name": "Acme",
}


@pytest.fixture(autouse=True)
def fresh(site: Site, superuser: Superuser) -> Iterator[None]:
    """Acme's settings as they were made."""
    for table in ("setting_save", "connection_check", "processing_jobs", "derivation"):
        superuser.execute(f"delete from {table}")
    superuser.execute(
        "update tenant_config set sftp = '{}', smtp = '{}', bigquery = '{}', rules = '{}',"
        " sftp_credentials = null, smtp_credentials = null, bigquery_credentials = null"
    )
    yield


def stored(superuser: Superuser, column: str) -> object:
    row = superuser.execute(
        f"select {column} from tenant_config c inner join tenant t using (tenant_id)"
        " where t.slug = 'acme'"
    ).fetchone()
    assert row is not None
    return row[0]


def path(section: str) -> str:
    return f"/auth/settings/{section}"


def version(html: Html) -> str:
    (found,) = [e for e in html.all("input") if e.get("name") == "version"]
    return found.get("value") or ""


def test_a_section_is_saved_with_who_and_when(ada: Browser, superuser: Superuser) -> None:
    page = check_page(ada.open(path("retention")))
    assert "Not changed here yet" in page.text()
    page = check_page(ada.submit(path("retention"), retention_months="36", version=version(page)))
    assert "Retention saved." in page.text() and f"by {ADA.email}" in page.text()
    assert stored(superuser, "retention_months") == 36
    entry = superuser.execute(
        "select detail from audit_entry where action = 'settings.changed' order by entry_id desc"
    ).fetchone()
    assert entry is not None
    assert entry[0] == {
        "before": {"retention_months": 24},
        "after": {"retention_months": 36},
        "key_replaced": False,
    }


def test_who_was_quicker_is_said_and_nothing_is_lost(ada: Browser, superuser: Superuser) -> None:
    seen = version(check_page(ada.open(path("retention"))))
    ada.submit(path("retention"), retention_months="36", version=seen)
    answer = ada.submit(path("retention"), retention_months="48", version=seen)
    assert answer.status_code == 409
    page = check_page(answer)
    assert f"{ADA.email} saved this section" in page.text()
    assert page.by_id("settings_retention_months").get("value") == "48"
    assert stored(superuser, "retention_months") == 36
    ada.submit(path("retention"), retention_months="48", version=version(page))
    assert stored(superuser, "retention_months") == 48


@pytest.mark.parametrize(
    ("section", "fields", "wrong"),
    [
        ("retention", {"retention_months": "12"}, "retention_months"),
        (
            "time-and-money",
            {
                "time_zone": "Mars/Base",
                "property_time_zone": "UTC",
                "reporting_currency": "USD",
                "locale": "en-US",
            },
            "time_zone",
        ),
        (
            "time-and-money",
            {
                "time_zone": "UTC",
                "property_time_zone": "UTC",
                "reporting_currency": "dollar",
                "locale": "en-US",
            },
            "reporting_currency",
        ),
        (
            "properties",
            {"contact_property": "a b", "company_property": "b", "branch_property": "c"},
            "contact_property",
        ),
        ("sftp", SFTP | {"host": "http://x/", "password": "p"}, "host"),
        ("sftp", SFTP | {"port": "99999", "password": "p"}, "port"),
        ("sftp", SFTP, "password"),
        ("smtp", SMTP | {"from_address": "reports", "password": "p"}, "from_address"),
        ("smtp", SMTP | {"from_name": "A\r\nBcc: x@y.example", "password": "p"}, "from_name"),
        (
            "bigquery",
            {
                "project_id": "p`; drop",
                "dataset_id": "d",
                "location": "EU",
                "service_account": "{}",
            },
            "project_id",
        ),
        (
            "bigquery",
            {"project_id": "p", "dataset_id": "d", "location": "EU", "service_account": "{}"},
            "service_account",
        ),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    ada: Browser, section: str, fields: dict[str, str], wrong: str
) -> None:
    answer = ada.submit(path(section), version="0", **fields)
    assert answer.status_code == 422
    page = check_page(answer)
    field = page.by_id(f"settings_{wrong}")
    assert field.get("aria-invalid") == "true"
    assert page.text(page.by_id(f"settings_{wrong}_error"))
    (alert,) = [e for e in page.root.iter() if "autofocus" in e.attrib]
    assert alert.get("role") == "alert" and f"#settings_{wrong}" in page.links(alert)
    secret = fields.get("password") or fields.get("service_account")
    assert secret is None or f'value="{secret}"' not in answer.text


def test_secrets_are_written_and_never_shown(
    ada: Browser, superuser: Superuser, private_key: str
) -> None:
    page = ada.submit(path("sftp"), version="0", password="pw-canary-7", **SFTP)
    assert "SFTP saved." in page.text and "pw-canary-7" not in page.text
    assert "pw-canary-7" not in ada.open(path("sftp")).text
    assert b"pw-canary-7" not in bytes(stored(superuser, "sftp_credentials"))  # type: ignore[arg-type]
    fields = {"project_id": "project-one", "dataset_id": "analytics_1", "location": "EU"}
    page = ada.submit(
        path("bigquery"), version="0", service_account=key_file(private_key), **fields
    )
    assert "BigQuery saved." in page.text and "reader@project-one.iam" in page.text
    assert "PRIVATE KEY" not in page.text
    entries = superuser.execute("select detail::text from audit_entry").fetchall()
    assert not [d for (d,) in entries if "canary" in str(d) or "PRIVATE" in str(d)]


def test_a_stored_secret_goes_to_its_own_host_alone(ada: Browser, superuser: Superuser) -> None:
    ada.submit(path("smtp"), version="0", password="pw", **SMTP)
    kept = stored(superuser, "smtp_credentials")
    answer = ada.submit(path("smtp"), version="1", **(SMTP | {"host": "evil.example.com"}))
    assert answer.status_code == 422 and "Enter it again" in answer.text
    answer = ada.submit(path("smtp"), version="1", **(SMTP | {"from_name": "Acme Inc"}))
    assert answer.status_code == 200 and stored(superuser, "smtp_credentials") == kept
    assert isinstance(found := stored(superuser, "smtp"), dict)
    assert found["from_name"] == "Acme Inc" and found["host"] == SMTP["host"]


def test_a_changed_host_loses_the_accepted_key(ada: Browser, superuser: Superuser) -> None:
    ada.submit(path("sftp"), version="0", password="pw", **SFTP)
    superuser.execute('update tenant_config set sftp = sftp || \'{"host_key": "kept"}\'')
    ada.submit(path("sftp"), version="1", **(SFTP | {"users_path": "/other.csv"}))
    assert isinstance(found := stored(superuser, "sftp"), dict) and found["host_key"] == "kept"
    ada.submit(path("sftp"), version="2", password="pw", **(SFTP | {"host": "b.example.com"}))
    assert isinstance(found := stored(superuser, "sftp"), dict) and found["host_key"] == ""


def test_rules_keep_the_others_and_have_tasks_follow(
    ada: Browser, superuser: Superuser, site: Site
) -> None:
    superuser.execute("update tenant_config set rules = '{\"exclude_from_figures\": true}'")
    superuser.execute("insert into derivation values (%s, 1, '{}', '{}')", (site.acme,))
    page = check_page(ada.open(path("rules")))
    values = {
        e.get("name") or "": e.get("value") or ""
        for e in page.by_id("settings_section").iter("input")
    }
    answer = ada.submit(path("rules"), **(values | {"visits": "5"}))
    assert "Loaded days update within minutes." in answer.text
    assert stored(superuser, "rules") == {"exclude_from_figures": True, "visits": 5}
    kinds = superuser.execute("select kind from processing_jobs").fetchall()
    assert kinds == [("rederive",)]


def test_programs_read_and_change_the_same(site: Site, superuser: Superuser) -> None:
    url, headers = site.url("/auth/api/v1/tenant"), site.headers()
    ask = {"sections": {"sftp": {**SFTP, "password": "pw-canary-8"}, "rules": {"visits": 4}}}
    answer = requests.put(url, json=ask, headers=headers)
    assert answer.status_code == 200, answer.text
    sections = answer.json()["sections"]
    assert sections["sftp"]["has_secret"] and sections["sftp"]["fields"]["host"] == SFTP["host"]
    assert sections["rules"]["fields"]["visits"] == 4 and "canary" not in answer.text
    for wrong in (
        {"sections": {"rules": {"visits": "many"}}},
        {"sections": {"nothing": {}}},
        {"sections": {"rules": {"nothing": 1}}},
        {"sections": {"sftp": {"host": "other.example"}}},
    ):
        refused = requests.put(url, json=wrong, headers=headers)
        assert refused.status_code == 422, (wrong, refused.text)
    ask = {"sections": {"rules": {"visits": 3, "version": 0}}}
    assert requests.put(url, json=ask, headers=headers).status_code == 409
    assert json.loads(requests.get(url, headers=headers).text) == answer.json()
