"""What the server keeps about a signed-in browser: JSON in Redis, under a random id.

The cookie carries the id alone. It is forgotten when nobody asks for the idle time. While
Redis is away the request goes on without a session and
`g.is_store_down` says so; the sign-in check then answers 503 instead of asking to sign in.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SessionMixin
from flask_session.redis import RedisSessionInterface
from loguru import logger
from redis import Redis, RedisError

_PREFIX = "signed-in:"
_ID_BYTES = 32
_SESSIONLESS = ("/static/", "/health")  # the address is not matched yet at this moment


class JsonSerializer:
    """Nothing but JSON: what comes back from Redis is never executed."""

    def encode(self, session: SessionMixin) -> bytes:
        """The session as JSON."""
        return json.dumps(dict(session)).encode()

    def decode(self, serialized_data: bytes) -> dict[str, Any]:
        """The session, or an empty one if the text is damaged."""
        try:
            fields = json.loads(serialized_data)
        except ValueError:
            return {}
        return fields if isinstance(fields, dict) else {}


class SignedInStore(RedisSessionInterface):  # type: ignore[misc]  # Flask-Session has no types
    """Flask-Session on Redis that survives Redis' absence and leaves static files alone."""

    def __init__(self, app: Flask, client: Redis, idle_s: int) -> None:
        super().__init__(app, client, key_prefix=_PREFIX, sid_length=_ID_BYTES)
        self._idle_s = idle_s
        self.serializer = JsonSerializer()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        """The stored session of the cookie, or a new empty one."""
        if request.path.startswith(_SESSIONLESS):
            return self._empty()
        try:
            opened: SessionMixin = super().open_session(app, request)
        except RedisError as error:
            logger.error("auth.store.unreachable", cause=type(error).__name__)
            g.is_store_down = True
            return self._empty()
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep what changed, unless there is nowhere to keep it or it was never read."""
        if not g.get("is_store_down") and not request.path.startswith(_SESSIONLESS):
            super().save_session(app, session, response)

    def _retrieve_session_data(self, store_id: str) -> dict[str, Any] | None:
        """What is kept, which from now on is kept for the idle time again."""
        kept = self.client.getex(store_id, ex=self._idle_s)
        if not kept:
            return None
        g.stored_session = store_id
        return self.serializer.decode(kept)

    def _upsert_session(self, _: timedelta, session: SessionMixin, store_id: str) -> None:
        """Keep the session; one that ended while this request ran does not come back."""
        is_known = g.get("stored_session") == store_id
        kept = self.serializer.encode(session)
        self.client.set(store_id, kept, ex=self._idle_s, xx=is_known)

    def _empty(self) -> SessionMixin:
        made: SessionMixin = self.session_class(sid=self._generate_sid(self.sid_length))
        return made


def redis_client() -> Redis:
    """The application's client."""
    client: Redis = current_app.extensions["redis_client"]
    return client


def renew_id(session: SessionMixin) -> None:
    """Give this browser's session a new id; what it holds stays."""
    store = current_app.session_interface
    if isinstance(store, SignedInStore):
        store.regenerate(session)


def renew(session: SessionMixin) -> None:
    """Forget what this browser's session held and give it a new id."""
    renew_id(session)
    session.clear()
