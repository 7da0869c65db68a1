"""The demo's sign-in provider. `python -m dev.oidc_server SETTINGS.json`, see `dev/oidc.py`."""

from __future__ import annotations

import hmac
import json
import secrets
import sys
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from authlib.oauth2 import OAuth2Error
from flask import Flask, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dev.google_token import GRANT_TYPE, AssertionRefused, exchange
from dev.oidc_grants import build_server
from dev.oidc_models import CLIENT_SECRET_METHODS, SCOPES, TOKEN_LIFETIME_S, Provider
from dev.oidc_store import Client, Member, Store, signing_keys
from dev.web import build_app, serve

LOOPBACK = ("127.0.0.1", "::1")


def load_provider(settings: dict[str, Any], state: Path) -> Provider:
    """The provider of a settings file, with the keys and tokens kept in `state`."""
    client = settings["client"]
    return Provider(
        settings["issuer"],
        Client(
            client["client_id"],
            client["client_secret"],
            tuple(client["redirect_uris"]),
            tuple(client["post_logout_redirect_uris"]),
        ),
        tuple(Member(**member) for member in settings["members"]),
        Store(state / "store.sqlite"),
        signing_keys(state / "keys.json"),
    )


def create_app(provider: Provider) -> Flask:
    """All of the provider's addresses."""
    origins = {_origin(address) for address in provider.client.redirect_uris}
    app = build_app(form_targets=sorted(origins))
    server = build_server(app, provider)
    _add_discovery(app, provider)
    _add_sign_in(app, server, provider)
    _add_sign_out(app, server)
    for path, endpoint in (
        ("/introspect", "introspection"),
        ("/revoke", "revocation"),
    ):
        app.add_url_rule(path, endpoint, _answer(server, endpoint), methods=["POST"])
    app.add_url_rule("/userinfo", "userinfo", _answer(server, "userinfo"), methods=["GET", "POST"])
    app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])
    _add_demo_token(app, provider)
    _add_google_token(app, provider)
    return app


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _answer(server: Any, endpoint: str) -> Any:  # noqa: ANN401 - Authlib has no types
    return lambda: server.create_endpoint_response(endpoint)


def _add_discovery(app: Flask, provider: Provider) -> None:
    issuer = provider.issuer
    document = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "userinfo_endpoint": f"{issuer}/userinfo",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "end_session_endpoint": f"{issuer}/end_session",
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": CLIENT_SECRET_METHODS,
        "introspection_endpoint_auth_methods_supported": CLIENT_SECRET_METHODS,
        "revocation_endpoint_auth_methods_supported": CLIENT_SECRET_METHODS,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "select_account"],
        "claims_supported": ["sub", "email", "email_verified", "name", "preferred_username"],
        "authorization_response_iss_parameter_supported": True,
    }
    app.add_url_rule("/.well-known/openid-configuration", "discovery", lambda: jsonify(document))
    app.add_url_rule("/jwks", "jwks", lambda: jsonify(provider.keys.as_dict(private=False)))


def _add_sign_in(app: Flask, server: Any, provider: Provider) -> None:  # noqa: ANN401 - Authlib
    groups = [
        (name, list(members))
        for name, members in groupby(provider.members, key=lambda member: member.group)
    ]

    @app.get("/authorize")
    def ask() -> AnyResponse | str:
        hinted = provider.find_member(request.args.get("login_hint", ""))
        asked = request.args.get("prompt", "").split()
        try:
            grant = server.get_consent_grant(end_user=hinted)
        except OAuth2Error as error:
            return _refuse(server, error)
        if hinted and not {"login", "select_account"} & set(asked):
            return _sign_in(server, grant, hinted)
        return render_template("sign_in.html", groups=groups, hinted=hinted)

    @app.post("/authorize")
    def choose() -> AnyResponse:
        member = provider.find_member(request.form.get("member", ""))
        if request.headers.get("Origin", provider.issuer) != provider.issuer or member is None:
            return Response("This choice did not come from the sign-in page.", 400)
        try:
            grant = server.get_consent_grant(end_user=member)
        except OAuth2Error as error:
            return _refuse(server, error)
        return _sign_in(server, grant, member)

    @app.get("/")
    def home() -> str:
        return render_template("sign_in.html", groups=groups, hinted=None, is_overview=True)


def _add_sign_out(app: Flask, server: Any) -> None:  # noqa: ANN401 - Authlib
    @app.route("/end_session", methods=["GET", "POST"])
    def end_session() -> AnyResponse | str:
        try:
            asked = server.validate_endpoint_request("end_session")
        except OAuth2Error as error:
            return _refuse(server, error)
        answer: AnyResponse | None = server.create_endpoint_response("end_session", asked)
        return answer or render_template("signed_out.html")


def _sign_in(server: Any, grant: Any, member: Member) -> AnyResponse:  # noqa: ANN401 - Authlib
    """Back to the client with a code. 303, so that the answer to a POST is fetched with GET."""
    response: AnyResponse = server.create_authorization_response(grant_user=member, grant=grant)
    if response.location:
        response.status_code = 303
    return response


def _refuse(server: Any, error: OAuth2Error) -> AnyResponse:  # noqa: ANN401 - Authlib
    """Back to the client with the error if its address is known, else say it here."""
    if getattr(error, "redirect_uri", None):
        answer: AnyResponse = server.handle_error_response(None, error)
        return redirect(answer.location) if answer.location else answer
    page = render_template("refused.html", error=error.error, reason=error.get_error_description())
    return Response(page, 400)


def _add_demo_token(app: Flask, provider: Provider) -> None:
    @app.post("/demo/token")
    def demo_token() -> AnyResponse:
        """An access token for `member`, for whoever knows the client's secret, on this machine."""
        given = request.authorization
        secret = (given.password if given else request.form.get("client_secret")) or ""
        expected = provider.client.client_secret
        if request.remote_addr not in LOOPBACK or not hmac.compare_digest(
            secret.encode(), expected.encode()
        ):
            return Response("The client's secret is needed.", 401)
        member = provider.find_member(request.form.get("member", ""))
        if member is None:
            return Response("No such member.", 404)
        value = secrets.token_urlsafe(32)
        provider.keep_token(value, member, " ".join(SCOPES), f"demo-{secrets.token_hex(8)}")
        return jsonify(access_token=value, token_type="Bearer", expires_in=TOKEN_LIFETIME_S)


def _add_google_token(app: Flask, provider: Provider) -> None:
    address = f"{provider.issuer}/google/token"

    @app.post("/google/token")
    def google_token() -> AnyResponse | tuple[AnyResponse, int]:
        if request.form.get("grant_type") != GRANT_TYPE:
            return jsonify(error="unsupported_grant_type"), 400
        try:
            return jsonify(exchange(provider.store, address, request.form.get("assertion", "")))
        except AssertionRefused as refusal:
            return jsonify(error="invalid_grant", error_description=str(refusal)), 400


def main() -> None:
    """Serve until SIGTERM."""
    path = Path(sys.argv[1])
    settings = json.loads(path.read_text())
    serve(create_app(load_provider(settings, path.parent)), settings["port"])


if __name__ == "__main__":
    main()
