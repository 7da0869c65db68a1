"""What the pages of the local stack share: a Flask app with a strict policy, and its server."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from flask import Flask, Response
from werkzeug.serving import make_server

from dev.process import HOST


def build_app(form_targets: Sequence[str] = ()) -> Flask:
    """An app over dev/templates and dev/static whose pages run no script and load nothing else.

    `form_targets`: origins a form may lead to, redirects included, besides its own.
    """
    app = Flask("dev", root_path=__file__.rpartition("/")[0])
    policy = "; ".join(
        (
            "default-src 'none'",
            "style-src 'self'",
            "img-src 'self'",
            "frame-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *form_targets)),
        )
    )

    @app.after_request
    def harden(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", policy)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if not response.cache_control:
            response.headers["Cache-Control"] = "no-store"
        return response

    return app


def serve(app: Flask, port: int) -> None:
    """Serve on loopback with a thread per connection, until the process ends."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    make_server(HOST, port, app, threaded=True).serve_forever()
