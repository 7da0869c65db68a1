"""The settings the job mechanism runs with."""

from __future__ import annotations

from app.config import Config, ConfigError

_config: Config | None = None


def configure(config: Config) -> None:
    """Say which Redis, lease and deadline this process uses."""
    global _config
    _config = config


def settings() -> Config:
    """The settings given to `configure()`.

    Raises:
        ConfigError: there are none yet.
    """
    if _config is None:
        raise ConfigError("app.jobs.configure() was not called")
    return _config
