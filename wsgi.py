"""The web application: `gunicorn wsgi:app`, `flask --app wsgi …`."""

import sys

from app.config import ConfigError
from app.factory import create_app

try:
    app = create_app()
except ConfigError as error:
    sys.stderr.write(f"{error}\n")
    raise SystemExit(2) from None
