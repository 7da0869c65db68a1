"""Files only their owner may read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_private(path: Path, content: str) -> None:
    """Write the file wholly or not at all, never readable to others in between."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(content)
    fresh.rename(path)


def kept_secret(path: Path) -> str:
    """A random password made at the first call and kept in the file."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return path.read_text()
