"""An identity provider over HTTP that lies as its script says; honest when the script is empty."""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT_ID = "shop"
ACCESS_TOKEN = "an-access-token"
KEYS = {
    "good": RSAKey.generate_key(2048, {"kid": "good", "use": "sig"}),
    "stranger": RSAKey.generate_key(2048, {"kid": "stranger", "use": "sig"}),
    "curve": ECKey.generate_key("P-256", {"kid": "curve", "use": "sig"}),
    "sealed": RSAKey.generate_key(2048, {"kid": "sealed"}),
}


@dataclass(frozen=True)
class Reply:
    """An answer in place of the honest one."""

    status: int = 200
    body: str = ""
    kind: str = "application/json"
    location: str = ""
    delay_s: float = 0.0
    drip_s: float = 0.0  # between two bytes
    packed: bool = False
    cut: bool = False  # half of the announced body, then the connection ends


@dataclass(frozen=True)
class Script:
    """What is told otherwise. A claim of None is left out."""

    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: str = "good"
    seal: str = "signed"  # signed, none, hmac-public, hmac-secret, cut, swapped, nonsense, absent
    userinfo: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    published: tuple[str, ...] = ("good", "curve", "sealed")
    key_extra: dict[str, Any] = field(default_factory=dict)  # members of every published key


class Hostile:
    """The running provider; `script` and `nonce` are set by the test."""

    def __init__(self, email: str, secret: str) -> None:
        self.email, self.secret = email, secret
        self.script, self.nonce = Script(), ""
        self.asked: list[str] = []
        self.at_once, self.most_at_once = 0, 0
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def count(self, step: int) -> None:
        """Note how many are being answered."""
        with self.lock:
            self.at_once += step
            self.most_at_once = max(self.most_at_once, self.at_once)

    def document(self) -> dict[str, Any]:
        """The discovery document."""
        honest = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "introspection_endpoint": f"{self.issuer}/introspect",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        return _without_none(honest | self.script.discovery)

    def claims(self) -> dict[str, Any]:
        """What the ID token says."""
        now = int(time.time())
        honest = {
            "iss": self.issuer,
            "sub": "s-1",
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": self.nonce,
            "email": self.email,
            "email_verified": True,
            "name": "Ada",
        }
        return _without_none(honest | self.script.claims)

    def way_back(self, asked: str) -> Reply:
        """Where the browser goes from here, with a code for the sign-in it began."""
        query = {name: values[0] for name, values in parse_qs(asked).items()}
        self.nonce = query["nonce"]
        back = {"code": "c-1", "state": query["state"]}
        if self.document().get("authorization_response_iss_parameter_supported"):
            back["iss"] = self.claims()["iss"]
        return Reply(303, location=f"{query['redirect_uri']}?{urlencode(back)}")

    def answer(self, path: str) -> dict[str, Any]:
        """The honest kind of answer at each address."""
        if path == "/jwks":
            extra = self.script.key_extra
            return {"keys": [_published(name) | extra for name in self.script.published]}
        if path == "/userinfo":
            return {"sub": "s-1", "email": self.email, "email_verified": True} | (
                self.script.userinfo
            )
        if path == "/introspect":
            return {"active": True, "sub": "s-1", "client_id": CLIENT_ID} | self.script.userinfo
        if path == "/token":
            id_token = {} if self.script.seal == "absent" else {"id_token": self.id_token()}
            return {"access_token": ACCESS_TOKEN, "token_type": "Bearer"} | id_token
        return self.document()

    def id_token(self) -> str:
        """Signed, or not, as the script says."""
        script = self.script
        if script.seal == "nonsense":
            return "not.a.token"
        if script.seal in ("none", "hmac-public", "hmac-secret"):
            return self._unsigned_or_hmac()
        header = {"alg": "RS256", "kid": script.key} | script.header
        registry = JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
        made = jwt.encode(_without_none(header), self.claims(), KEYS[script.key], registry=registry)
        if script.seal == "cut":
            return made.rpartition(".")[0] + "."
        if script.seal == "swapped":
            head, _, seal = made.split(".")
            return f"{head}.{_part(self.claims() | {'sub': 'somebody-else'})}.{seal}"
        return made

    def _unsigned_or_hmac(self) -> str:
        algorithm = "none" if self.script.seal == "none" else "HS256"
        body = f"{_part({'alg': algorithm, 'kid': 'good'})}.{_part(self.claims())}"
        if algorithm == "none":
            return body + "."
        public = KEYS["good"].as_pem(private=False)
        secret = public if self.script.seal == "hmac-public" else self.secret.encode()
        seal = hmac.new(secret, body.encode(), hashlib.sha256).digest()
        return f"{body}.{base64.urlsafe_b64encode(seal).rstrip(b'=').decode()}"


@contextmanager
def running(email: str, secret: str) -> Iterator[Hostile]:
    """The provider on a free port."""
    provider = Hostile(email, secret)
    thread = threading.Thread(target=provider.server.serve_forever, daemon=True)
    thread.start()
    yield provider
    provider.server.shutdown()
    thread.join()
    provider.server.server_close()


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _published(name: str) -> dict[str, Any]:
    use = "enc" if name == "sealed" else "sig"
    return {**KEYS[name].as_dict(private=False), "use": use}


def _part(fields: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()


def _handler(provider: Hostile) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            provider.asked.append(path)
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            reply = provider.script.replies.get(path, Reply())
            if path == "/authorize":
                reply = provider.way_back(query)
            provider.count(1)
            time.sleep(reply.delay_s)
            provider.count(-1)
            body = (reply.body or json.dumps(provider.answer(path))).encode()
            body = gzip.compress(body) if reply.packed else body
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(body)))
            if reply.packed:
                self.send_header("Content-Encoding", "gzip")
            if reply.location:
                self.send_header("Location", reply.location)
            self.end_headers()
            for byte in body if reply.drip_s else ():
                time.sleep(reply.drip_s)
                self.wfile.write(bytes([byte]))
            self.wfile.write(b"" if reply.drip_s else body[: len(body) // 2] if reply.cut else body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler
