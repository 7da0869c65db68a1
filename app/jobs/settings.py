"""The settings of the job mechanism."""

from __future__ import annotations

from app.config import Config, ConfigError

_config: Config | None = None


def configure(config: Config) -> None:
    """Set this process's Redis, lease and deadline."""
    global _config
    _config = config


def settings() -> Config:
    """The settings given to `configure()`.

    Raises:
        ConfigError: `configure()` was not called.
    """
    if _config is None:
        raise ConfigError("app.jobs.configure() was not called")
    return _config
