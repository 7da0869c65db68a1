"""The death campaign: what a reader sees while everything that can die does.

    python -m tests.campaign --seed 1 --out results.jsonl

`stack.py` runs the product, `faults.py` harms it, `reader.py` looks all the time, and `judge.py`
says what was wrong. docs/reliability.md has the numbers of a whole run.
"""
