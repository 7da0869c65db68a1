"""Cut Tabler's stylesheet down to the rules the pages use: `python -m dev.styles`.

The whole file is vendored beside the result, which is what pages load. A rule stays when
every class it names occurs somewhere in the templates, the scripts or the code that writes
markup. Run it after using a class of Tabler's for the first time; a test says when.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

APP = Path(__file__).resolve().parents[1] / "app"
FOLDER = APP / "static" / "vendor" / "@tabler" / "core@1.6.1"
WHOLE, PART = FOLDER / "tabler.min.css", FOLDER / "tabler.part.css"

_CLASS = re.compile(r"\.(-?[a-zA-Z_][\w-]*)")
_WORD = re.compile(r"[a-zA-Z_][\w-]*")
_DECLARED = re.compile(r"(--tblr-[\w-]+):[^;{}]*(?:;|(?=\}))")
_NESTING = ("@media", "@supports", "@container", "@layer")


def cut(css: str, words: set[str]) -> str:
    """The rules of `css` that can apply to markup made of `words`, colours kept if used."""
    return _without_unused_variables("".join(_kept(css, words)))


def words_in_use(app: Path = APP) -> set[str]:
    """Every word that may be a class name in the pages."""
    sources: Iterable[Path] = (
        *app.joinpath("templates").rglob("*.html"),
        *app.joinpath("static", "js").glob("*.js"),
    )
    return {word for source in sources for word in _WORD.findall(source.read_text())}


def _kept(css: str, words: set[str]) -> Iterator[str]:
    for head, body in _blocks(css):
        if body is None:
            continue
        if head.startswith(_NESTING):
            inner = "".join(_kept(body, words))
            if inner:
                yield f"{head}{{{inner}}}\n"
        elif head.startswith("@"):
            continue
        elif selectors := ",".join(s for s in _selectors(head) if _applies(s, words)):
            yield f"{selectors}{{{body}}}\n"


def _blocks(css: str) -> Iterator[tuple[str, str | None]]:
    """The statements of a stylesheet: a head, and what its braces hold (None without)."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    start = depth = opened = 0
    for place, sign in _marks(css):
        if sign == ";" and depth == 0:
            yield css[start:place].strip(), None
            start = place + 1
        elif sign == "{":
            opened = place if depth == 0 else opened
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : place]
                start = place + 1


def _marks(css: str) -> Iterator[tuple[int, str]]:
    """Braces and semicolons outside of quoted text."""
    for found in re.finditer(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[{};]', css):
        if found.group() in "{};":
            yield found.start(), found.group()


def _selectors(head: str) -> list[str]:
    """The selectors of a list; commas inside parentheses do not part it."""
    return re.split(r",(?![^()]*\))", head)


def _applies(selector: str, words: set[str]) -> bool:
    """Whether every class, outside of :not(), is in use."""
    named = _CLASS.findall(re.sub(r":not\([^()]*\)", "", selector))
    return all(name in words for name in named)


def _without_unused_variables(css: str) -> str:
    """Drop custom properties that nothing reads, until none is left to drop."""
    own = "".join(path.read_text() for path in (APP / "static" / "css").glob("*.css"))
    shorter = _drop(css, css + own)
    while shorter != css:
        css, shorter = shorter, _drop(shorter, shorter + own)
    return re.sub(r"[^{}\n]+\{\s*\}\n?", "", css)


def _drop(css: str, readers: str) -> str:
    read = set(re.findall(r"var\((--tblr-[\w-]+)", readers))
    return _DECLARED.sub(lambda found: found.group() if found.group(1) in read else "", css)


def main() -> None:
    """Write the part."""
    whole = WHOLE.read_text()
    licence = whole[whole.index("/*!") : whole.index("*/") + 2]
    PART.write_text(f'@charset "UTF-8";\n{licence}\n{cut(whole, words_in_use())}')
    print(f"{PART.name}: {PART.stat().st_size:,} of {WHOLE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
