"""A round of the mail campaign, and whether its judge notices what it is there for."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config import Config
from tests.campaign import report
from tests.email import campaign
from tests.email.campaign import Round, Row, Superuser, judge

SENT: list[Row] = [("<1>", "sent"), ("<2>", "failed"), ("<3>", "unknown")]


def test_no_duplicate_no_loss_no_false_sent(
    config: Config, superuser: Superuser, tmp_path: Path
) -> None:
    line = Round(seed=1, number=1, messages=40).run(config, superuser, tmp_path)
    assert campaign.is_clean([line]), line["wrong"]
    assert sum(line["states"].values()) == 40
    assert line["kills"] > 5 and line["states"]["sent"] > 15 and sum(line["faults"].values()) > 10


@pytest.mark.parametrize("taken", [["<1>"], ["<1>", "<3>"]])
def test_what_is_well_is_clean(taken: list[str]) -> None:
    assert not any(judge(SENT, taken, 3).values())


@pytest.mark.parametrize(
    ("rows", "taken", "what"),
    [
        (SENT, ["<1>", "<1>"], "twice"),
        (SENT, ["<1>", "<3>", "<3>"], "twice"),
        (SENT[:2], ["<1>"], "lost"),
        ([*SENT[:2], ("<3>", "sending")], ["<1>"], "lost"),
        ([*SENT, ("<4>", "unknown")], ["<1>"], "lost"),
        (SENT, [], "sent and not delivered"),
        (SENT, ["<1>", "<2>"], "not sent and delivered"),
        (SENT, ["<1>", "<4>"], "not sent and delivered"),
    ],
)
def test_the_judge_notices(rows: list[Row], taken: list[str], what: str) -> None:
    wrong = judge(rows, taken, 3)
    assert [name for name in wrong if wrong[name]] == [what]


def test_rounds_that_were_played_are_not_played_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "mail.jsonl"
    for number, messages in enumerate((100, 100, 50), 1):
        line = {
            "name": Round(7, number, messages).name,
            "seed": 7,
            "messages": messages,
            "kills": 2,
            "faults": {"dot": 3},
            "states": {"sent": messages},
            "wrong": judge([], [], 0),
        }
        report.append(out, line)
    monkeypatch.setattr(campaign, "_run", lambda *_: pytest.fail("played again"))
    assert campaign.main(["--seed", "7", "--messages", "250", "--out", str(out)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("| **all** | 250 | 6 | 0, 0, 0, 0, 0, 0, 0, 9, 0 | 250 |")
    spoiled = line | {"name": "round 1 of 100", "seed": 8, "wrong": {"twice": ["<1>"]}}
    assert not campaign.is_clean([line, spoiled])
