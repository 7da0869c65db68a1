"""Known faults of what is pinned: `python -m dev.audit`. Says so when nobody can be asked."""

from __future__ import annotations

import json
import subprocess
import sys

_LONGEST_S = 120
_COMMAND = (
    sys.executable,
    "-m",
    "pip_audit",
    "-r",
    "requirements.txt",
    "--no-deps",
    "--disable-pip",
    "--format",
    "json",
    "--progress-spinner",
    "off",
)


def main() -> int:
    """1 when a pinned package has a known fault; not to be able to ask is none."""
    try:
        asked = subprocess.run(
            _COMMAND, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
        packages = json.loads(asked.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, OSError, ValueError, KeyError) as error:
        print(f"Dependency audit: not run ({type(error).__name__}).")
        return 0
    audited = [package for package in packages if "vulns" in package]
    if not audited:
        print(f"Dependency audit: not run, none of {len(packages)} packages could be looked up.")
        return 0
    faulty = [package for package in audited if package["vulns"]]
    print(f"Dependency audit: {len(audited)} of {len(packages)} packages, {len(faulty)} faulty.")
    for package in faulty:
        names = ", ".join(fault["id"] for fault in package["vulns"])
        print(f"  {package['name']} {package['version']}: {names}")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())
