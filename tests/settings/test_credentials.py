"""Google credentials that are no service account's key, or hide something in one."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.errors import AppError
from app.ingest.attempts import Limits
from app.ingest.bigquery.source import BigQuerySettings, ServiceAccount, open_bigquery
from app.settings.service_account import rebuild_service_account
from tests.ingest.conftest import private_key

__all__ = ["private_key"]
CANARY = "file-canary-3c1"


class Ear:
    """A listener that counts who comes."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.heard = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.heard += 1
            connection.close()


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.socket.close()


@pytest.fixture
def canary_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(CANARY)
    return path


def hostile(ear: Ear, path: Path, key: str) -> dict[str, str]:
    """Forty forms, by name."""
    good: dict[str, Any] = {
        "type": "service_account",
        "project_id": "project-one",
        "private_key_id": "k1",
        "client_email": "reader@project-one.iam",
        "private_key": key,
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    url = ear.url
    source = {"file": str(path)}
    external: dict[str, Any] = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/x",
        "token_url": url,
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "credential_source": source,
    }
    changed = {
        "token_uri": {"token_uri": url},
        "auth_uri": {"auth_uri": url},
        "cert_url": {"auth_provider_x509_cert_url": url},
        "client_cert": {"client_x509_cert_url": url},
        "universe": {"universe_domain": ear.url.removeprefix("http://")},
        "quota": {"quota_project_id": "x", "token_uri": url},
        "impersonation": {"service_account_impersonation_url": url, "token_uri": url},
        "source": {"credential_source": source},
        "delegates": {"delegates": [url]},
        "type list": {"type": ["service_account"]},
        "type case": {"type": "Service_Account"},
        "no type": {"type": None},
        "email object": {"client_email": {"url": url}},
        "project url": {"project_id": f"{url}/x"},
        "project path": {"project_id": "../../x"},
        "project blank": {"project_id": " "},
        "project newline": {"project_id": "p\nHost: x"},
        "key path": {"private_key": str(path)},
        "key file url": {"private_key": f"file://{path}"},
        "key url": {"private_key": url},
        "key number": {"private_key": 7},
        "key empty pem": {"private_key": "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----"},
        "key include": {"private_key": f"@{path}"},
        "key id object": {"private_key_id": {"$ref": url}},
        "key encrypted": {
            "private_key": "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n"
            "-----END ENCRYPTED PRIVATE KEY-----"
        },
    }
    forms = {name: json.dumps(good | change) for name, change in changed.items()}
    return forms | {
        "external file": json.dumps(external),
        "external url": json.dumps(external | {"credential_source": {"url": url}}),
        "external program": json.dumps(
            external | {"credential_source": {"executable": {"command": f"cat {path}"}}}
        ),
        "external aws": json.dumps(
            external
            | {
                "credential_source": {
                    "environment_id": "aws1",
                    "region_url": url,
                    "url": url,
                    "regional_cred_verification_url": url,
                }
            }
        ),
        "user": json.dumps(
            {
                "type": "authorized_user",
                "refresh_token": "x",
                "token_uri": url,
                "client_id": "x",
                "client_secret": "y",
            }
        ),
        "impersonated": json.dumps(
            {
                "type": "impersonated_service_account",
                "service_account_impersonation_url": url,
                "source_credentials": external,
            }
        ),
        "gdch": json.dumps(
            {"type": "gdch_service_account", "token_uri": url, "ca_cert_path": str(path)}
        ),
        "external user": json.dumps({"type": "external_account_authorized_user", "token_url": url}),
        "twice": json.dumps(good)[:-1]
        + ', "type": "external_account", "credential_source": '
        + json.dumps(source)
        + "}",
        "list": json.dumps([good]),
        "text": json.dumps(json.dumps(good)),
        "number": "7",
        "path": str(path),
        "url": url,
        "huge": json.dumps(good | {"x": "y" * 30_000}),
        "deep": '{"a":' * 3_000 + "1" + "}" * 3_000,
        "nan": '{"type": NaN}',
        "empty": "",
        "nul": "\x00",
        "xml": f'<!DOCTYPE a [<!ENTITY b SYSTEM "file://{path}">]><a>&b;</a>',
    }


def test_nobody_is_called_and_no_file_is_read(
    ear: Ear, canary_file: Path, private_key: str
) -> None:
    forms = hostile(ear, canary_file, private_key)
    assert len(forms) >= 40
    accepted = 0
    for name, text in forms.items():
        try:
            rebuilt = rebuild_service_account(text)
        except AppError as error:
            assert CANARY not in error.message and ear.url not in error.message, name
            continue
        accepted += 1
        fields = ("type", "client_email", "private_key", "project_id", "private_key_id")
        assert sorted(rebuilt) == sorted(fields), name
        _open(rebuilt)
    assert accepted and not ear.heard


def _open(fields: dict[str, str]) -> None:
    """Everything up to the first call; the token's address is Google's or the deployment's."""
    account = ServiceAccount(
        fields["project_id"],
        fields["client_email"],
        fields["private_key_id"],
        fields["private_key"],
    )
    settings = BigQuerySettings("project-one", "analytics_1", account, location="EU")
    connection = open_bigquery(settings, Limits(deadline=1e12, cancelled=lambda: False))
    address = connection.rest._credentials._token_uri
    assert address == "https://oauth2.googleapis.com/token"
