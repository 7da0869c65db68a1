"""The local stack: real servers on loopback for the demo and the tests.

Never imported by `app/`.
"""
