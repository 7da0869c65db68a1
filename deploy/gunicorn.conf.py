"""gunicorn for one of the services.

    APP_SERVICE=analytics gunicorn -c deploy/gunicorn.conf.py wsgi:app

Threads wait for PostgreSQL alone: no request waits for another system.
"""

import os
import shutil
import tempfile


def _read_settings(path):  # noqa: ANN001, ANN202 - a configuration file
    """`NAME=value` lines. Read again at every SIGHUP, so that a restart in turn takes new ones."""
    with open(path, encoding="utf-8") as lines:
        pairs = (line.strip().partition("=") for line in lines)
        os.environ.update({name: value for name, found, value in pairs if found and name[0] != "#"})


if "ENV_FILE" in os.environ:
    _read_settings(os.environ["ENV_FILE"])

_PORTS = {"auth": 8003, "data": 8002, "analytics": 8001, "all": 8000}

bind = os.environ.get("BIND", f"0.0.0.0:{_PORTS[os.environ.get('APP_SERVICE', 'all')]}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "12"))  # eight may wait for PostgreSQL, never all
timeout = 60
graceful_timeout = 20
keepalive = 75  # longer than the proxy keeps its own
max_requests = 20_000  # a slow leak ends with its process
max_requests_jitter = 2_000
_MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes its own file there, and a disk may stand still
worker_tmp_dir = _MEMORY if os.path.isdir(_MEMORY) else None
preload_app = False
accesslog = None  # the application writes its own, with ids
forwarded_allow_ips = ""  # TRUSTED_PROXIES decides, in the application

# The processes of one service add their metrics up in this folder.
os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="metrics-"))


def child_exit(_server, worker):  # noqa: ANN001, ANN201 - gunicorn's hook
    """A process that ended no longer counts among the living."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(_server):  # noqa: ANN001, ANN201 - gunicorn's hook
    """Leave nothing behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
