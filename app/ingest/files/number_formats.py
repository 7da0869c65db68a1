"""Numbers in a workbook as their format shows them: 101 with the format 00000000 is 00000101.

Only formats of whole numbers made of digits and literal characters apply, because ids, customer
numbers and phones use them. Thousands separators, decimals, percentages and dates are for money and
measures: those numbers are read as stored.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat  # workbook_parts has already refused entities

_TOKEN = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[[^\]]*\]|[_*].|(?P<bare>.)', re.DOTALL)
_LITERALS = frozenset("$-+/():!^&'~{}<>= ")
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)(-?\d+(?:\.\d+)?)")
_CELL_NAME = re.compile(r"([A-Za-z]+)(\d+)")

Shown = Mapping[int, Mapping[int, str]]


def read_shown(content: IO[bytes], sheet_name: str) -> Shown:
    """The cells of a sheet whose format changes them, by row and column from 0."""
    with zipfile.ZipFile(content) as archive:
        names = set(archive.namelist())
        formats = _Styles()
        if "xl/styles.xml" in names:
            _parse(archive, "xl/styles.xml", formats)
        part = _find_part(archive, sheet_name)
        if not formats.shaping or part not in names:
            return {}
        cells = _Cells(formats.shaping)
        _parse(archive, part, cells)
        return cells.shown


def show(code: str, value: float) -> str | None:
    """The number as formatted; None for a format that does not change whole numbers."""
    section, is_signed = _section(code, value)
    tokens = list(_tokens(section))
    if value != int(value) or None in tokens:
        return None
    places = [number for number, token in enumerate(tokens) if token in ("d0", "d#", "d?")]
    if not places:
        return None
    return ("-" if is_signed else "") + _filled(tokens, places, str(abs(int(value))))


def _filled(tokens: list[str | None], places: list[int], digits: str) -> str:
    """The digits in their places from the right; surplus ones go into the first place."""
    digits = "" if digits == "0" else digits
    texts = [str(token)[1:] for token in tokens]
    for place in reversed(places):
        padding = "0" if texts[place] == "0" else ""
        taken = digits if place == places[0] else digits[-1:]
        texts[place] = taken or padding
        digits = digits[: len(digits) - len(taken)]
    return "".join(texts).strip()


def _tokens(section: str) -> Iterator[str | None]:
    """Literals as "t…", places of digits as "d0"; None for anything else."""
    for found in _TOKEN.finditer(section):
        literal = found["quoted"] or found["escaped"]
        bare = found["bare"]
        if literal:
            yield f"t{literal}"
        elif bare and bare in "0#?":
            yield f"d{bare}"
        elif bare:
            yield f"t{bare}" if bare in _LITERALS else None


def _section(code: str, value: float) -> tuple[str, bool]:
    """The section of the format for this number, and whether it needs a minus sign."""
    sections = _split(code)
    conditions = [_CONDITION.search("".join(re.findall(r"\[([^\]]*)\]", s))) for s in sections]
    if any(conditions):
        fitting = (
            section
            for section, condition in zip(sections, conditions, strict=True)
            if condition is None or _holds(condition[1], value, float(condition[2]))
        )
        return next(fitting, "General"), value < 0
    if value < 0 and len(sections) > 1:
        return sections[1], False
    if value == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], value < 0


def _holds(sign: str, value: float, bound: float) -> bool:
    if sign == "<>":
        return value != bound
    return (
        ("<" in sign and value < bound)
        or (">" in sign and value > bound)
        or ("=" in sign and value == bound)
    )


def _split(code: str) -> list[str]:
    """The sections between semicolons that are not literals."""
    sections = [""]
    for found in _TOKEN.finditer(code):
        if found["bare"] == ";":
            sections.append("")
        else:
            sections[-1] += found[0]
    return sections


@dataclass
class _Styles:
    """Collects the formats that change whole numbers, by the index that cells use."""

    shaping: dict[str, str] = field(default_factory=dict)
    _codes: dict[str, str] = field(default_factory=dict)
    _is_within: bool = False
    _count: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self._codes[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._is_within = True
        elif name == "xf" and self._is_within:
            code = self._codes.get(attributes.get("numFmtId", ""), "")
            if show(code, 1.0) not in (None, "1") or show(code, -1.0) not in (None, "-1"):
                self.shaping[str(self._count)] = code
            self._count += 1

    def end(self, name: str) -> None:
        self._is_within = self._is_within and name != "cellXfs"

    def text(self, _: str) -> None:
        """Ignore text: formats are attributes."""


@dataclass
class _Cells:
    """Collects the numbers of a sheet that one of the formats changes."""

    shaping: Mapping[str, str]
    shown: dict[int, dict[int, str]] = field(default_factory=dict)
    _row: int = -1
    _column: int = -1
    _code: str | None = None
    _value: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._column = -1
        elif name == "c":
            self._place(attributes.get("r"))
            is_number = attributes.get("t", "n") == "n"
            self._code = self.shaping.get(attributes.get("s", "")) if is_number else None
        elif name == "v" and self._code is not None:
            self._value = []

    def text(self, part: str) -> None:
        if self._value is not None:
            self._value.append(part)

    def end(self, name: str) -> None:
        if name != "v" or self._value is None or self._code is None:
            return
        shown = show(self._code, float("".join(self._value)))
        if shown is not None:
            self.shown.setdefault(self._row, {})[self._column] = shown
        self._value = None

    def _place(self, cell: str | None) -> None:
        named = _CELL_NAME.fullmatch(cell or "")
        if named is None:
            self._column += 1
            return
        self._column = -1
        for letter in named[1].upper():
            self._column = (self._column + 1) * 26 + ord(letter) - ord("A")
        self._row = int(named[2]) - 1


@dataclass
class _Sheets:
    """Collects sheets by name with their relation, and relations with their targets."""

    relations: dict[str, str] = field(default_factory=dict)
    targets: dict[str, str] = field(default_factory=dict)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            relation = next((v for n, v in attributes.items() if n.endswith(":id")), "")
            self.relations[attributes.get("name", "")] = relation
        elif name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")

    def end(self, name: str) -> None:
        """Do nothing: everything is in the attributes."""

    def text(self, _: str) -> None:
        """Ignore text: everything is in the attributes."""


def _find_part(archive: zipfile.ZipFile, sheet_name: str) -> str:
    """The name of the sheet's part, or a name that does not exist."""
    sheets = _Sheets()
    for part in ("xl/workbook.xml", "xl/_rels/workbook.xml.rels"):
        _parse(archive, part, sheets)
    target = sheets.targets.get(sheets.relations.get(sheet_name, ""), "")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _parse(archive: zipfile.ZipFile, part: str, collector: _Styles | _Cells | _Sheets) -> None:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, found: collector.start(_local(name), found)
    parser.EndElementHandler = lambda name: collector.end(_local(name))
    parser.CharacterDataHandler = collector.text
    with archive.open(part) as file:
        parser.ParseFile(file)


def _local(name: str) -> str:
    """The element's name without a namespace prefix."""
    return name if ":" not in name else name.rpartition(":")[2]
