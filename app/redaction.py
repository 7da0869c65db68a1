"""Takes addresses, tokens and credentials out of what is about to be logged."""

from __future__ import annotations

import re
from collections.abc import Mapping

_HIDDEN = "[redacted]"
_MAX_DEPTH = 6

# Fields whose name alone says that their value is nobody's business in a log.
_PRIVATE_FIELD = re.compile(
    r"pass(word|phrase|wd)?$|secret|token|authorization|cookie|credential|private_?key|api_?key"
    r"|e[-_]?mail|phone|recipient|nonce",
    re.IGNORECASE,
)
_SHAPES = (
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|\Z)", re.DOTALL), "[key]"),
    (re.compile(r"(://)[^/\s@:]*:[^/\s@]*@"), rf"\1{_HIDDEN}@"),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), rf"\1 {_HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+(\.[\w-]*)?"), "[token]"),
    (
        re.compile(
            r"\b((?:access_|refresh_|id_)?token|client_secret|secret|password|passwd"
            r"|code_verifier|nonce|private_key|assertion)"
            r"(['\"]?\s*[=:]\s*)(['\"]?)[^\s'\"&,;)}]+",
            re.IGNORECASE,
        ),
        rf"\1\2\3{_HIDDEN}",
    ),
    (re.compile(r"([?&](?:code|state)=)[^\s&'\"]+"), rf"\1{_HIDDEN}"),
    (re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+"), "[email]"),
)


def redact_text(text: str) -> str:
    """The text without what looks like an address, a token or a credential."""
    for shape, replacement in _SHAPES:
        text = shape.sub(replacement, text)
    return text


def redact(name: str, value: object, depth: int = 0) -> object:
    """The value of a field of that name, as it may be logged. Nested values are cleaned too."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if _PRIVATE_FIELD.search(name) or depth > _MAX_DEPTH:
        return _HIDDEN
    if isinstance(value, str | BaseException):
        return redact_text(str(value))
    if isinstance(value, Mapping):
        return {str(key): redact(str(key), item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [redact(name, item, depth + 1) for item in value]
    return redact_text(str(value))
