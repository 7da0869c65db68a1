"""`make token MEMBER=…`: a bearer token of the running demo, alone on standard output."""

from __future__ import annotations

import sys

import requests

from dev.demo import read_env
from dev.process import StackError

TIMEOUT_S = 30


def main() -> int:
    """Command line: python -m dev.token MEMBER."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: make token MEMBER=someone@acme.test\n")
        return 2
    try:
        values = read_env()
        answer = requests.post(
            f"{values['OIDC_ISSUER']}/demo/token",
            data={"member": sys.argv[1]},
            auth=(values["OIDC_CLIENT_ID"], values["OIDC_CLIENT_SECRET"]),
            timeout=TIMEOUT_S,
        )
    except (StackError, KeyError, requests.ConnectionError):
        sys.stderr.write("The demo is not running: start `make demo` first.\n")
        return 1
    if answer.status_code != 200:
        sys.stderr.write(f"The demo has no member {sys.argv[1]}.\n")
        return 1
    print(answer.json()["access_token"])
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
