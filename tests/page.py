"""What every page and fragment must be, whatever it shows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import requests

_EXECUTED = ("", "text/javascript", "module")
_LABELLED = ("input", "select", "textarea")


class Html:
    """A parsed answer: its elements by tag, id and text."""

    def __init__(self, response: requests.Response, root: Element) -> None:
        self.response = response
        self.root = root

    def all(self, tag: str) -> list[Element]:
        """Every element of that tag, in order."""
        return [element for element in self.root.iter() if element.tag == tag]

    def by_id(self, name: str) -> Element:
        """The one element of that id."""
        found = [element for element in self.root.iter() if element.get("id") == name]
        assert len(found) == 1, f"{len(found)} elements have the id {name}"
        return found[0]

    def links(self, element: Element) -> list[str]:
        """Where the links inside an element lead."""
        return [link.get("href") or "" for link in element.iter("a")]

    def text(self, element: Element | None = None) -> str:
        """What people read, single spaces between words."""
        return " ".join(_texts(self.root if element is None else element)).strip()


def check_page(response: requests.Response) -> Html:
    """A whole page: valid, titled, one h1, every field labelled, nothing inline."""
    html = _parse(response)
    assert next(html.text(title) for title in html.all("title")).endswith("· Sales Intelligence")
    assert len(html.all("h1")) == 1
    assert html.root.get("lang") == "en"
    _check(html)
    return html


def check_fragment(response: requests.Response, root_id: str) -> Html:
    """A part of a page whose first element has the id `root_id`."""
    assert "<html" not in response.text
    html = _parse(response)
    body = html.all("body")[0]
    assert next(child.get("id") for child in body) == root_id
    _check(html)
    return html


def _parse(response: requests.Response) -> Html:
    page = response.text
    source = page if "<html" in page else f"<!doctype html><title>part</title>{page}"
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    root = parser.parse(source)
    problems = [f"{place}: {name}" for place, name, _ in parser.errors]
    assert not problems, problems
    return Html(response, root)


def _check(html: Html) -> None:
    assert not [e.tag for e in html.root.iter() if e.get("style") or _has_handler(e)]
    assert not html.all("style")
    inline = [e for e in html.all("script") if not e.get("src") and e.get("type", "") in _EXECUTED]
    assert not inline
    ids = [e.get("id") for e in html.root.iter() if e.get("id")]
    assert len(ids) == len(set(ids)), [name for name in ids if ids.count(name) > 1]
    for form in html.all("form"):
        _check_form(form)
    for table in html.all("table"):
        assert table.find("caption") is not None
    unlabelled = set(_fields(html.root)) - set(_labelled(html.root))
    assert not unlabelled, [(e.tag, e.get("name")) for e in unlabelled]
    assert "None" not in re.findall(r"\w+", html.text()), "a missing value is written as None"


def _check_form(form: Element) -> None:
    assert (form.get("action") or "").startswith("/"), "a form works without JavaScript"
    is_secret = (form.get("action") or "").startswith("/r/")  # the address is what nobody knows
    if (form.get("method") or "get").lower() == "post" and not is_secret:
        assert [e for e in form.iter("input") if e.get("name") == "csrf_token" and e.get("value")]


def _has_handler(element: Element) -> bool:
    return any(name.startswith("on") for name in element.attrib)


def _fields(root: Element) -> Iterator[Element]:
    for element in root.iter():
        if element.tag in _LABELLED and element.get("type") not in ("hidden", "submit"):
            yield element


def _labelled(root: Element) -> Iterator[Element]:
    named = {label.get("for") for label in root.iter("label")}
    for label in root.iter("label"):
        yield from _fields(label)
    for field in _fields(root):
        if field.get("aria-label") or field.get("id") in named:
            yield field


def _texts(element: Element) -> Iterator[str]:
    if element.tag in ("script", "template") or not isinstance(element.tag, str):
        return
    yield from (element.text or "").split()
    for child in element:
        yield from _texts(child)
        yield from (child.tail or "").split()
