"""A wrong or missing setting names itself and stops the start; its value is never shown."""

from __future__ import annotations

import base64
import os
import subprocess
import sys

import pytest

import worker
from app.config import ConfigError, load_config
from app.factory import create_app
from dev.database import project_root

KEY = "k1:" + base64.b64encode(bytes(range(32))).decode()
GOOD = {
    "DATABASE_URL": "postgresql://app_web:x@127.0.0.1:5432/shop",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": "mV3xq8Zt1Lw6Rb0Ks5Nd2Hf7Yc4Gj9Pa",
    "CREDENTIAL_KEYS": KEY,
    "OIDC_ISSUER": "https://id.example.test",
    "OIDC_CLIENT_ID": "shop",
    "OIDC_CLIENT_SECRET": "hT5vB8nM2kL9",
    "BASE_URL": "https://shop.example.test",
}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.endswith(("_URL", "_KEY", "_KEYS", "_NETWORKS")) or name.startswith(
            ("OIDC", "APP_")
        ):
            monkeypatch.delenv(name)
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)


def test_good_settings_are_read() -> None:
    config = load_config()
    assert (config.app_env, config.app_service) == ("production", "all")
    assert config.proxies() == ()


@pytest.mark.parametrize("name", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "CREDENTIAL_KEYS"])
def test_a_missing_setting_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match=name):
        load_config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "changeme-changeme-changeme-changeme"),
        ("CREDENTIAL_KEYS", "k1"),
        ("CREDENTIAL_KEYS", "k1:c2hvcnQ="),
        ("ALLOWED_NETWORKS", "everywhere"),
        ("TRUSTED_PROXIES", "10.0.0.1/99"),
        ("APP_ENV", "staging"),
        ("OIDC_EMAIL_TRUST", "always"),
        ("APP_SERVICE", "email"),
        ("DATABASE_URL", "postgresql://app_web:x@db.example.test/shop"),
        ("MAIL_LEASE_S", "359"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as caught:
        load_config()
    assert value not in str(caught.value)


def test_a_remote_database_over_verified_tls_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://app_web:x@db.example.test/shop?sslmode=verify-full"
    monkeypatch.setenv("DATABASE_URL", url)
    assert load_config().database_url == url


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("OIDC_ISSUER", "", "OIDC_ISSUER: needed to sign in, and not set"),
        ("OIDC_ISSUER", "http://id.example.test", "OIDC_ISSUER: production needs an https address"),
        ("BASE_URL", "http://shop.example.test", "BASE_URL: production needs an https address"),
        ("BASE_URL", "https://shop.example.test/app", "BASE_URL: only scheme, host and port"),
        ("LOG_DIR", "/proc/none", "LOG_DIR: /proc/none cannot be written"),
    ],
)
def test_the_application_does_not_start_with_it(
    name: str, value: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=sentence):
        create_app()


def test_a_refused_start_is_one_sentence_and_no_traceback() -> None:
    environment = {**GOOD, "PATH": os.environ["PATH"], "SECRET_KEY": "short"}
    done = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        capture_output=True,
        text=True,
        check=False,
        cwd=project_root(),
        env=environment,
    )
    assert done.returncode == 2
    assert "SECRET_KEY: " in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://shop.example.test",
        "https://127.0.0.1",
        "https://localhost:8443",
        "https://shop.localhost",
        "https://[::1]",
    ],
)
def test_no_process_starts_in_production_with_an_address_nobody_reaches(
    address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BASE_URL", address)
    if not address:
        monkeypatch.delenv("BASE_URL")
    with pytest.raises(ConfigError, match="BASE_URL: production needs an "):
        create_app()
    assert worker.main(["--burst"]) == 2
    assert "BASE_URL: production needs an " in capsys.readouterr().err
