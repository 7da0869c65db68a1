"""Whose fault a refusal for good is: the address's, the mail server's, or this one message's.

An enhanced status code (RFC 3463) decides. Without one the words do, and where they are unclear,
whether other recipients are refused alike: see `app/email/sending/stops.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Fault = Literal["address", "server", "message", "unclear"]

RELAY = (
    "The mail server does not pass on mail for this user. Let the user send to other addresses "
    "there, or enter the server that sends your company's mail under Settings, Mail server."
)
POLICY = (
    "The rules of the mail server refuse this mail. Have its operator allow the sender address, "
    "and check SPF, DKIM and DMARC of its domain."
)
SENDER = (
    "The mail server does not take mail from the sender address. Enter one that it knows under "
    "Settings, Mail server."
)
SYSTEM = "The mail server has a fault of its own. Its operator has to fix it."
PROTOCOL = (
    "The mail server does not take mail this way. Check port, encryption and sign-in under "
    "Settings, Mail server."
)
REPEATED = (
    "The mail server refuses one recipient after the other with the same words. Ask its operator "
    "what they mean."
)


@dataclass(frozen=True)
class Verdict:
    """A fault; `advice` is what an admin mends. `is_certain`: an enhanced code said so."""

    fault: Fault
    advice: str = ""
    is_certain: bool = True


def judge(code: int, words: str) -> Verdict:
    """Whose fault it is that a server answered with this code (500 or more) and these words."""
    if found := _ENHANCED.search(words):
        for pattern, verdict in _BY_ENHANCED:
            if re.fullmatch(pattern, found[1]):
                is_relay = verdict.advice == POLICY and _RELAY_WORDS.search(words)
                return Verdict("server", RELAY) if is_relay else verdict
    if code in _PROTOCOL_CODES:
        return Verdict("server", PROTOCOL)
    for said, verdict in _BY_WORDS:
        if said.search(words):
            return verdict
    return Verdict("unclear", is_certain=False)


def gist(words: str) -> str:
    """The words without what differs from one recipient to the next: addresses and numbers."""
    kept = (word for word in words.lower().split() if not re.search(r"[@0-9]", word))
    return " ".join(kept)


def without_addresses(words: str) -> str:
    """The words without addresses, to be shown to people who may not see every recipient."""
    return re.sub(r"\S*@\S*", "…", words)


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# Not part of a longer number: an IP address may hold 5.1.1.
_ENHANCED = re.compile(r"(?<![\d.])(5\.\d{1,3}\.\d{1,3})(?!\.?\d)")
_RELAY_WORDS = _words(r"relay|rcpthosts")
_BY_ENHANCED = [
    (r"5\.1\.[78]", Verdict("server", SENDER)),
    (r"5\.1\.\d+|5\.2\.1", Verdict("address")),
    (r"5\.[26]\.\d+", Verdict("message")),
    (r"5\.3\.\d+", Verdict("server", SYSTEM)),
    (r"5\.5\.\d+", Verdict("server", PROTOCOL)),
    (r"5\.7\.\d+", Verdict("server", POLICY)),
]
_PROTOCOL_CODES = frozenset({500, 502, 503, 504, 521, 523, 530, 534, 535, 538})
_BY_WORDS = [
    (
        _words(
            r"(user|recipient|mailbox|account) (is )?(unknown|not found|disabled|inactive|closed)"
            r"|unknown (user|recipient|mailbox|account|local)"
            r"|no such (user|recipient|mailbox|account|address|person)"
            r"|(does not|doesn.t) exist|mailbox name"
        ),
        Verdict("address", is_certain=False),
    ),
    (_RELAY_WORDS, Verdict("server", RELAY)),
    (_words(r"sender|mail from|from address"), Verdict("server", SENDER)),
    (
        _words(r"authenti|sign.?in|log.?in|tls|encrypt|command|sequence"),
        Verdict("server", PROTOCOL),
    ),
    (_words(r"\bfull\b|over quota|quota exceeded|too (large|big|long)"), Verdict("message")),
    (_words(r"disk|storage|local error|internal error|configur"), Verdict("server", SYSTEM)),
    (
        _words(
            r"spam|spf|dkim|dmarc|policy|polic|block|black.?list|reputation|banned|prohibit"
            r"|not permitted|not allowed|not authori|denied|too many|rate limit"
        ),
        Verdict("server", POLICY),
    ),
    (
        _words(
            r"nobody|(recipient|address|mailbox) (address )?(rejected|refused|unavailable|invalid)"
            r"|(invalid|bad) (recipient|mailbox|address)|unrout|not local"
        ),
        Verdict("address", is_certain=False),
    ),
]
