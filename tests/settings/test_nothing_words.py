"""A tenant's own words for nothing: entered, refused, offered by a warning, read by programs."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import requests

from tests.page import check_page
from tests.running import Browser, Site, port, provider, site
from tests.settings.test_sections import stored, version
from tests.tasks.queue_page import ada

__all__ = ["ada", "port", "provider", "site"]
Superuser = psycopg.Connection[tuple[object, ...]]
PATH = "/auth/settings/nothing-words"


@pytest.fixture(autouse=True)
def fresh(site: Site, superuser: Superuser) -> Iterator[None]:
    """Acme without words of its own, and without jobs."""
    for table in ("setting_save", "processing_jobs", "derivation"):
        superuser.execute(f"delete from {table}")
    superuser.execute("update tenant_config set nothing_words = '{}'")
    yield


def test_words_are_stored_in_lower_case_once_each_and_loaded_days_follow(
    ada: Browser, superuser: Superuser, site: Site
) -> None:
    superuser.execute(
        "insert into derivation (tenant_id, version, rules, nothing_words)"
        " values (%s, 1, '{}', _nothing_words(null))",
        (site.acme,),
    )
    lines = " Kiosk \r\nHOUSE account\n\nkiosk"
    answer = ada.submit(PATH, nothing_words=lines, version="0")
    assert "Words for nothing saved. Loaded days update within minutes." in answer.text
    assert stored(superuser, "nothing_words") == ["house account", "kiosk"]
    assert superuser.execute("select kind from processing_jobs").fetchall() == [("rederive",)]
    page = check_page(ada.open(PATH))
    assert "house account" in page.text() and "[object object]" in page.text()
    entry = superuser.execute(
        "select detail from audit_entry where action = 'settings.changed' order by entry_id desc"
    ).fetchone()
    assert entry is not None and isinstance(entry[0], dict)
    assert entry[0]["after"] == {"nothing_words": ["house account", "kiosk"]}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("\n".join(f"w{n}" for n in range(201)), "These are 201 words. At most 200 are possible."),
        ("x" * 101, "is longer than 100 characters."),
        ("a\tb", "characters that cannot be shown"),
    ],
)
def test_what_is_no_list_of_words_is_refused_and_says_why(
    ada: Browser, superuser: Superuser, lines: str, said: str
) -> None:
    answer = ada.submit(PATH, nothing_words=lines, version="0")
    assert answer.status_code == 422 and said in answer.text
    assert stored(superuser, "nothing_words") == []


def test_a_word_of_a_warning_is_filled_in_and_stored_by_saving_alone(
    ada: Browser, superuser: Superuser
) -> None:
    superuser.execute("update tenant_config set nothing_words = '{kiosk}'")
    page = check_page(ada.open(f"{PATH}?add=House%201"))
    assert "“house 1” is added below." in page.text()
    (area,) = page.all("textarea")
    assert (area.text or "").split("\n") == ["house 1", "kiosk"]
    assert stored(superuser, "nothing_words") == ["kiosk"]
    ada.submit(PATH, nothing_words="house 1\nkiosk", version=version(page))
    assert stored(superuser, "nothing_words") == ["house 1", "kiosk"]
    assert "is added below" not in ada.open(f"{PATH}?add=kiosk").text


def test_programs_send_a_list_or_lines(site: Site, superuser: Superuser) -> None:
    url, headers = site.url("/auth/api/v1/tenant"), site.headers()
    for sent in (["Kiosk", "house"], "house\nkiosk"):
        ask = {"sections": {"nothing-words": {"nothing_words": sent}}}
        answer = requests.put(url, json=ask, headers=headers)
        assert answer.status_code == 200, answer.text
        fields = answer.json()["sections"]["nothing-words"]["fields"]
        assert fields == {"nothing_words": ["house", "kiosk"]}
    ask = {"sections": {"nothing-words": {"nothing_words": ["x" * 101]}}}
    assert requests.put(url, json=ask, headers=headers).status_code == 422
    assert stored(superuser, "nothing_words") == ["house", "kiosk"]
