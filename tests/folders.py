"""Temporary folders that servers under another account can reach."""

from __future__ import annotations

import tempfile
from pathlib import Path


def let_others_pass(folder: Path) -> None:
    """nginx, PgBouncer and PostgreSQL do not run as root; pytest's folders are closed to others."""
    top = Path(tempfile.gettempdir())
    for place in (folder, *folder.parents):
        if top in place.parents:
            place.chmod(0o755)
