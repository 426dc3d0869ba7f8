# SPDX-License-Identifier: Apache-2.0
"""The page that provstamp report --html prints: what it shows, and that no name in it acts."""

import html.parser
import os
import re

import pytest

from support import stamping
from support.questions import ask  # noqa: F401 (a fixture)

SESSION, OTHER = stamping.SESSION, stamping.OTHER
TAGS = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "section", "div", "table", "thead", "tbody", "tr",
        "th", "td", "ul", "li", "svg", "rect", "text"}
VOID = {"meta"}
HOSTILE = [b"<script>alert(1)<", b'"><img src=x onerror=alert(1)>', b"' onload='x", b"&lt;b&gt;", b"]]>--><x>",
           b"\xff\n\x1b[31m", "\u202eevil".encode(), b"javascript:x", b"<title>", b"-->", b"{{x}}"]


class Page(html.parser.HTMLParser):
    """A page as somebody else's parser sees it."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.text = [], [], {}
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open:
            self.open[-1][2] += data

    def all(self, tag, **attributes):
        return [(found, text) for name, found, text in self.elements
                if name == tag and attributes.items() <= found.items()]

    def titles(self):
        """What is told where somebody points, and the colour there."""
        return [(text, self.elements[index - 1][1].get("fill"))
                for index, (tag, _, text) in enumerate(self.elements) if tag == "title" and index > 5]


@pytest.fixture
def page(ask):
    def run(*arguments):
        done = ask("report", "--html", *arguments)
        assert done.returncode == 0 and done.stderr == b"", done.stderr
        return Page(done.stdout.decode("utf-8"))
    return run


def area(attributes):
    return float(attributes["width"]) * float(attributes["height"])


def test_areas_and_colours_are_the_sessions(private, page):
    (private / "d").mkdir()
    sizes = {"d/large": (6000, SESSION), "d/small": (2000, OTHER), "alone": (4000, SESSION), "bare": (4000, None)}
    for name, (size, session) in sizes.items():
        (private / name).write_bytes(b"x" * size)
        if session:
            stamping.put(private / name, session=session)
    shown = page(".")
    leaves = shown.all("rect", **{"class": "leaf"})
    assert len(leaves) == 4
    colours = {text[:8]: shown.elements[index + 2][1]["fill"]
               for index, (tag, _, text) in enumerate(shown.elements) if tag == "li"}
    assert len(set(colours.values())) == 3
    told = dict(text.split(": ") for text, _ in shown.titles() if text.startswith("."))
    assert told == {".": "4 files", "./d": "2 files", "./d/large": SESSION[:8], "./d/small": OTHER[:8],
                    "./alone": SESSION[:8], "./1 file": "others, or nobody known"}
    by_colour = {}
    for attributes, _ in leaves:
        by_colour.setdefault(attributes["fill"], []).append(area(attributes))
    assert len(by_colour[colours[SESSION[:8]]]) == 2 and len(by_colour[colours[OTHER[:8]]]) == 1
    # Within a directory areas are as sizes are.
    [inner] = by_colour[colours[OTHER[:8]]]
    assert any(abs(outer / inner - 3) < 0.05 for outer in by_colour[colours[SESSION[:8]]])


def test_a_row_of_the_timeline_for_each_session(private, page):
    second = 10**9
    for number, session in enumerate([SESSION, OTHER, SESSION]):
        stamping.put(private / str(number), session=session, when=(1_600_000_000 + number) * second)
    shown = page()
    assert shown.all("svg", **{"class": "timeline"})
    assert len(shown.all("rect", **{"class": "line"})) == 2
    bars = [text for text, _ in shown.titles() if " file from " in text]
    assert sorted(bars) == [f"{SESSION[:8]}: 1 file from 2020-09-13T12:26:40Z",
                            f"{SESSION[:8]}: 1 file from 2020-09-13T12:26:41Z",
                            f"{OTHER[:8]}: 1 file from 2020-09-13T12:26:41Z"]
    ends = [text for _, text in shown.all("text") if text.startswith("2020")]
    assert ends == ["2020-09-13T12:26:40Z", "2020-09-13T12:26:42Z"]


def test_names_are_shown_and_never_act(private, page):
    for name in HOSTILE:
        path = os.fsencode(private) + b"/" + name
        with open(path, "xb") as file:
            file.write(b"x" * 1000)
        stamping.put(path, comm=b"<b>\"'&\n")
    shown = page("--long", "--", *HOSTILE)
    assert {tag for tag, _, _ in shown.elements} <= TAGS
    for _, attributes, _ in shown.elements:
        assert not any(name.startswith("on") or name in ("href", "src", "style") for name in attributes)
    cells = {text for _, text in shown.all("td")}
    for name in HOSTILE[:5] + HOSTILE[7:]:
        assert name.decode() in cells
    assert {"\\xff\\n\\x1b[31m", "\\u{202e}evil", "<b>\"'&\\n"} <= cells


def test_the_page_needs_nothing_else(private, ask):
    stamping.put(private / "file")
    text = ask("report", "--html").stdout.decode()
    assert "default-src 'none'" in text
    assert not re.search(r"<script|<link|@import|url\(|https?:", text)


def test_many_files_make_no_large_page(private, ask):
    for number in range(3000):
        stamping.put(private / f"{number:05}")
    assert len(ask("report", "--html").stdout) < 1_000_000
