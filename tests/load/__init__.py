"""Load through nginx and gunicorn: a hundred tenants, sixteen clients, an ingest, and operations.

`python -m tests.load --help`; `make load` does all of it.
"""
