"""Assembles the application: settings, log, connections, blueprints, errors."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Flask, current_app, request
from flask_wtf.csrf import CSRFProtect

from app import crypto, jobs, log
from app.auth import api as auth_api
from app.auth import gate
from app.auth.audit_log import views as audit_views
from app.auth.members import views as members
from app.auth.setup import views as setup
from app.auth.sign_in import provider
from app.auth.sign_in import session_store as store
from app.auth.sign_in import views as auth_views
from app.auth.tokens import views as token_views
from app.config import Config, ConfigError, load_config
from app.customers import api as customers_api
from app.customers import exclusion_views, mark_views
from app.customers import views as customers_views
from app.dashboard import api as dashboard_api
from app.dashboard import quality
from app.dashboard import views as dashboard_views
from app.dashboard.orders import api as orders_api
from app.dashboard.orders import views as orders_views
from app.dashboard.sessions import api as sessions_api
from app.dashboard.sessions import views as sessions_views
from app.database import engine as db
from app.database.redis_client import connect
from app.email.history import views as history_views
from app.email.links import views as link_views
from app.email.recipients import api as email_api
from app.email.recipients import views as recipient_views
from app.email.schedule import views as mail_schedule_views
from app.email.sending import api as sending_api
from app.email.sending import views as send_views
from app.errors import NotFound
from app.http import keys, limits, masking, problems, reading, request_checks, security, site
from app.http.api import is_api_request
from app.ingest.pages import api as ingest_api
from app.ingest.pages import views as ingest_views
from app.ingest.schedule import api as schedule_api
from app.settings import api as settings_api
from app.settings import commands
from app.settings import views as settings_views
from app.settings.schedule import views as schedule_views
from app.status import metrics
from app.status import views as status_views
from app.tasks import api as tasks_api
from app.tasks.board import views as tasks_board
from app.tasks.performance import api as performance_api
from app.tasks.performance import views as performance
from app.tasks.queue import views as tasks_queue
from app.tasks.steps import page_actions as task_actions
from app.tasks.terms import views as terms

_BY_HAND = (
    "oidc_authorization_endpoint",
    "oidc_token_endpoint",
    "oidc_userinfo_endpoint",
    "oidc_jwks_uri",
    "oidc_introspection_endpoint",
    "oidc_revocation_endpoint",
    "oidc_end_session_endpoint",
)
_SERVICES = ("auth", "data", "analytics")
_PAGES = (
    auth_views.blueprint,
    members.blueprint,
    token_views.blueprint,
    audit_views.blueprint,
    setup.blueprint,
    ingest_views.blueprint,
    dashboard_views.blueprint,
    orders_views.blueprint,
    sessions_views.blueprint,
    quality.blueprint,
    task_actions.blueprint,
    tasks_queue.blueprint,
    tasks_board.blueprint,
    customers_views.blueprint,
    mark_views.blueprint,
    exclusion_views.blueprint,
    terms.blueprint,
    performance.blueprint,
    recipient_views.blueprint,
    send_views.blueprint,
    history_views.blueprint,
    mail_schedule_views.blueprint,
    link_views.blueprint,
    settings_views.blueprint,
    schedule_views.blueprint,
)
_APIS = (
    auth_api.blueprint,
    ingest_api.blueprint,
    dashboard_api.blueprint,
    orders_api.blueprint,
    sessions_api.blueprint,
    quality.api,
    tasks_api.blueprint,
    customers_api.blueprint,
    performance_api.blueprint,
    email_api.blueprint,
    sending_api.blueprint,
    settings_api.blueprint,
    schedule_api.blueprint,
)


def create_app(config: Config | None = None) -> Flask:
    """Create the application with these settings, by default those of the environment.

    Raises:
        ConfigError: a setting is missing or wrong; the message names it.
    """
    config = config or load_config()
    _refuse_unfit(config)
    log.configure(config)
    crypto.configure(config.credential_keys)
    db.configure(config)
    jobs.configure(config)
    app = Flask(__name__)
    _set(app, config)
    _connect(app, config)
    _register(app)
    return app


def _refuse_unfit(config: Config) -> None:
    """Refuse settings that are well-formed but unsafe or unworkable."""
    for name in ("oidc_issuer", "oidc_client_id", "oidc_client_secret"):
        if config.app_env == "production" and not getattr(config, name):
            raise ConfigError(f"{name.upper()}: needed to sign in, and not set")
    _refuse_half_set(config)
    for name in ("base_url", "oidc_issuer"):
        address = urlsplit(getattr(config, name))
        if address.query or address.fragment or (address.path.strip("/") and name == "base_url"):
            raise ConfigError(f"{name.upper()}: only scheme, host and port belong here")
        if config.app_env == "production" and address.scheme != "https":
            raise ConfigError(f"{name.upper()}: production needs an https address")


def _refuse_half_set(config: Config) -> None:
    """Refuse endpoints that are incomplete or, in production, not all encrypted."""
    named = {name: value for name, value in config if name in _BY_HAND and value}
    for name, value in named.items():
        is_plain = config.app_env == "production" and urlsplit(value).scheme != "https"
        if urlsplit(value).scheme not in ("https", "http") or is_plain:
            raise ConfigError(f"{name.upper()}: needs an https address")
    needed = {"oidc_authorization_endpoint", "oidc_token_endpoint"}
    missing = sorted(needed - set(named))
    if named and missing:
        raise ConfigError(f"{missing[0].upper()}: set all sign-in endpoints by hand, or none")
    if named and not {"oidc_jwks_uri", "oidc_userinfo_endpoint"} & set(named):
        raise ConfigError("OIDC_USERINFO_ENDPOINT: needed where no OIDC_JWKS_URI is set")


def _set(app: Flask, config: Config) -> None:
    is_production = config.app_env == "production"
    app.config.update(
        SECRET_KEY=config.secret_key,
        BASE_URL=config.base_url.rstrip("/"),
        BASE_HOST=urlsplit(config.base_url).netloc,
        APP_SERVICE=config.app_service,
        SESSION_COOKIE_NAME="__Host-signed-in" if is_production else "signed-in",
        SESSION_COOKIE_SECURE=is_production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=gate.LIFETIME,
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        WTF_CSRF_SSL_STRICT=False,  # security.check_origin() does it, with or without TLS
    )


def _connect(app: Flask, config: Config) -> None:
    """Set up extensions and checks; those before a request run in this order."""
    app.extensions["redis_client"] = connect(config.redis_url)
    app.session_interface = store.SignedInStore(
        app, app.extensions["redis_client"], config.session_idle_s
    )
    request_checks.configure(app)
    provider.configure(app, config)
    security.configure(app, config)
    app.before_request(_refuse_other_services)
    limits.configure(app, config)
    gate.configure(app)
    app.before_request(limits.count_tenant_call)
    app.before_request(_check_request)
    csrf = CSRFProtect(app)
    for blueprint in (*_APIS, link_views.blueprint):  # links have their own nonce
        csrf.exempt(blueprint)
    problems.configure(app)
    reading.configure(app)
    metrics.configure(app)


def _register(app: Flask) -> None:
    """Register every blueprint in every service, because links lead to the others."""
    keys.configure(app)
    masking.configure(app)
    blueprints: tuple[Blueprint, ...] = (*_PAGES, *_APIS, status_views.blueprint)
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    site.init_app(app)
    commands.register(app)


def _refuse_other_services() -> None:
    """Refuse addresses of the other services in a process that serves only one."""
    own = current_app.config["APP_SERVICE"]
    asked = request.path.split("/", 2)[1]
    if own != "all" and asked in _SERVICES and asked != own:
        raise NotFound


def _check_request() -> None:
    """Check the request once the caller is known. Unknown addresses are not checked."""
    if request.endpoint is None:
        return
    if is_api_request():
        request_checks.check_json()
    else:
        request_checks.check_form()
