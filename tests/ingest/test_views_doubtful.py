"""A warning about an implausible id leads an admin to the words for nothing."""

from __future__ import annotations

from urllib.parse import quote

from tests.ingest.data_page import Superuser, ada, loaded, settle, start
from tests.page import check_page
from tests.running import GUS, Browser, Site, browser, port, provider, site

__all__ = ["ada", "browser", "loaded", "port", "provider", "site"]
WORD = 'kiosk "7" & <b>'


def test_the_word_is_offered_filled_in_and_saved_by_the_form_alone(
    ada: Browser, superuser: Superuser
) -> None:
    job_id = start(ada)
    settle(superuser, job_id, "completed_with_warnings", "Loaded 2 events of 3 days.")
    superuser.execute(
        "update processing_jobs set warnings = %s, doubtful_words = %s where job_id = %s",
        (["The contact stands for 60 devices."], [WORD], job_id),
    )
    page = check_page(ada.open(f"/data/jobs/{job_id}"))
    (link,) = [e for e in page.all("a") if "words for nothing" in page.text(e)]
    assert f"Add “{WORD}” to the words for nothing" in page.text(link)
    assert link.get("href") == f"/auth/settings/nothing-words?add={quote(WORD)}".replace("%20", "+")
    form = check_page(ada.open(link.get("href") or ""))
    (area,) = form.all("textarea")
    assert (area.text or "").strip() == WORD
    found = "select nothing_words from tenant_config c join tenant t using (tenant_id)"
    assert superuser.execute(f"{found} where t.slug = 'acme'").fetchone() == ([],)


def test_globex_sees_neither_the_warning_nor_the_offer(
    site: Site, ada: Browser, superuser: Superuser
) -> None:
    job_id = start(ada)
    superuser.execute(
        "update processing_jobs set warnings = '{Look}', doubtful_words = '{kiosk}'"
        " where job_id = %s",
        (job_id,),
    )
    with Browser(site) as other:
        other.sign_in(GUS)
        answer = other.open(f"/data/jobs/{job_id}")
        assert answer.status_code == 404 and "kiosk" not in answer.text
