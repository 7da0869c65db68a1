"""`make psql TENANT=acme`: psql as the application's role on the running demo, tenant set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from dev.demo import read_env
from dev.process import StackError


def main() -> int:
    """Command line: python -m dev.prompt SLUG."""
    slug = sys.argv[1] if len(sys.argv) == 2 else "acme"
    program = shutil.which("psql")
    if program is None:
        sys.stderr.write("psql is not installed (Debian: postgresql-client).\n")
        return 1
    try:
        values = read_env()
        tenant_id = values[f"TENANT_{slug.upper()}"]
    except (StackError, KeyError):
        sys.stderr.write(f"No running demo with a tenant {slug}: start `make demo` first.\n")
        return 1
    options = f"-c app.tenant_id={tenant_id}"
    environment = {**os.environ, "PGOPTIONS": options}
    return subprocess.call([program, values["DATABASE_URL"]], env=environment)


if __name__ == "__main__":
    raise SystemExit(main())
