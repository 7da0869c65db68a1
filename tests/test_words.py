"""Words that users read: phrases that were replaced stay away."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

APP = Path(__file__).parents[1] / "app"
OLD = (
    r"\bin vain\b",
    r"\bAll of these\b",
    r"\bLook at everybody",
    r"\bNothing leaves\b",
    r"\bBelongs to nobody\b",
    r"\b[Ee]verybody\b",
    r"\b[Ss]omebody\b",
    r"\bEverything that can be told\b",
    r"\btried rules\b",
    r"\b[Ll]eft alone\b|\b[Ll]eave alone\b",
    r"\bNot for you to see\b",
    r"\bMark it\b",
    r"\b[Ll]eft at once\b",
    r"\bThe card is back\b",
    r"\b[Ee]-mail",
    r"\b[Nn]obody in particular\b",
    r"\bany more\b",
    r"\banew\b",
    r"\bas it stands\b",
    r"\bwhat is looked at\b",
    r">(Keys|Look|Wanted|Call logged)<",
    r"\bin \{\{ fmt\.(period|days)\(",
    r"\bin \" ~ fmt\.(period|days)\(",
)


def templates() -> Iterator[tuple[str, str]]:
    for path in sorted((APP / "templates").rglob("*.*")):
        yield (
            str(path.relative_to(APP)),
            re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL),
        )


def strings() -> Iterator[tuple[str, str]]:
    """Every string of the code but docstrings; those of exceptions are messages."""
    for path in sorted(APP.rglob("*.py")):
        tree = ast.parse(path.read_text())
        documents = {id(one) for node in ast.walk(tree) if (one := document(node))}
        for node in ast.walk(tree):
            is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
            if is_text and id(node) not in documents:
                yield f"{path.relative_to(APP)}:{node.lineno}", node.value


def document(node: ast.AST) -> ast.Constant | None:
    kinds = ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    if not isinstance(node, kinds) or (isinstance(node, ast.ClassDef) and node.bases):
        return None
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first.value
    return None


def test_replaced_phrases_stay_away() -> None:
    found = [
        f"{place}: {match[0]}"
        for place, text in (*templates(), *strings())
        for old in OLD
        for match in re.finditer(old, re.sub(r"\s+", " ", text))
    ]
    assert not found, found
