"""Lists of tasks for everybody: axe finds nothing, nothing is wider than the screen."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.conftest import OpenPage
from tests.e2e.test_tasks import open_row, tasks
from tests.tasks.task_rows import TaskRows, list_path

__all__ = ["tasks"]

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
@pytest.mark.parametrize("kind", ["purchase", "cart", "no_results", "repeat_visit", "bounce"])
def test_axe_finds_nothing(
    open_page: OpenPage, tasks: TaskRows, kind: str, scheme: str, width: int
) -> None:
    if kind != "cart":
        tasks.add(kind, "N00")
    size = {"width": width, "height": 900}
    page = open_page(list_path(kind), color_scheme=scheme, viewport=size)
    task_id = open_row(page, "N00")
    page.click(f"#task_{task_id} [data-act=done] > summary")
    page.check(f"#task_{task_id} [value=won]")
    page.check(f"#pick_{task_id} input")
    found = Axe().run(page).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
