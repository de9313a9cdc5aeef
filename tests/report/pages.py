"""A page as its parts: elements, links, images, headings and sentences; and what no page may have."""

import csv
import io
import re
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote


class Page(HTMLParser):
    """Elements that are open, links, images, identifiers, headings and the text of a page."""

    VOID = ("meta", "link", "img", "br", "input")
    BLOCKS = ("p", "li", "h1", "h2", "h3", "h4", "h5", "h6", "td", "th", "dd", "dt", "figcaption", "summary")

    def __init__(self, html):
        super().__init__()
        self.html = html
        self.open, self.links, self.images, self.ids, self.text = [], [], [], [], []
        self.headings, self.paragraphs, self.cautions = [], [], []  # and what stands wherever it applies
        self.verdicts = False
        self.feed(self.html)
        self.close()
        self.words = " ".join(" ".join(self.text).split())

    @classmethod
    def at(cls, path):
        return cls(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "a":
            self.links.append(attributes)
        if tag == "img":
            self.images.append(attributes)
        if "id" in attributes:
            self.ids.append(attributes["id"])
        if re.fullmatch(r"h\d", tag):
            self.headings.append(int(tag[1]))
        if tag == "ul":
            self.verdicts = attributes.get("class") == "verdicts"  # what was found in a world holds there
        if tag in ("p", "li"):
            self.paragraphs.append("")
            self.cautions.append("caution" in attributes.get("class", "").split() or (tag == "li" and self.verdicts))

    def handle_startendtag(self, tag, attributes):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text.append(data)
            if {"p", "li"} & set(self.open) and "nav" not in self.open:
                self.paragraphs[-1] += data

    @property
    def data(self):
        """The rows of each CSV, by file name; of several of a name the last."""
        found = {}
        for link in self.links:
            if "download" in link:
                assert link["href"].startswith("data:text/csv")
                text = unquote(link["href"].partition(",")[2])
                found[link["download"]] = list(csv.DictReader(io.StringIO(text)))
        return found

    @property
    def sentences(self):
        """The sentences of its paragraphs and lists, but for cautions and verdicts, which stand where they apply."""
        said = [text for text, caution in zip(self.paragraphs, self.cautions, strict=True) if not caution]
        prose = [" ".join(text.split()) for text in said]
        found = [each for text in prose for each in re.split(r"(?<=[.!?]) +(?=[A-Z0-9])", text)]
        return [each for each in found if len(each.split()) > 3]


REPR = re.compile(
    r"""\b(?:[A-Z]\w*[a-z]\w*|array|dict|slice|range|np\.\w+)\((?=[-\d.'"\[{(]|\w+=)"""  # a call
    r"""|\{'|\['|\('|\b(?:True|False)\b|<class | at 0x"""
)


def reprs(html):
    """What a page says as only Python would, in its words or those of its charts; commands are for the shell."""
    text = re.sub(r"<(style|script|pre)\b.*?</\1>|(?:src|href)=\"data:[^\"]*\"", " ", html, flags=re.S)
    return [text[max(0, m.start() - 40) : m.end() + 40] for m in REPR.finditer(unescape(text))]


def check(page):
    """What holds for every page: it is whole, its identifiers and sentences are there once, its headings in order."""
    assert page.open == []
    assert len(page.ids) == len(set(page.ids))
    targets = [link["href"][1:] for link in page.links if link.get("href", "").startswith("#")]
    assert set(targets) <= set(page.ids)
    assert len(page.sentences) == len(set(page.sentences)), [s for s in page.sentences if page.sentences.count(s) > 1]
    assert page.headings[0] == 1
    assert all(after <= before + 1 for before, after in zip(page.headings, page.headings[1:], strict=False))
    assert reprs(page.html) == []
    captions = re.findall(r"<(?:figcaption|p class=.note.)>(?:<h\d>)?\s*([^<]*)", page.html)
    assert [text for text in captions if text[:1].islower()] == []
    assert [a for a, b in re.findall(r"<p class=.kicker.>([^<]*)</p>\s*<h\d>([^<]*)", page.html) if a in b] == []
    values = page.words.replace("None of ", "")  # a word of English
    assert not set(values.split()) & {"None", "nan", "inf", "-inf"}
    assert "\N{HORIZONTAL ELLIPSIS}" not in page.words.replace(
        " \N{HORIZONTAL ELLIPSIS}, ", ""
    )  # nothing is cut; lists may leave values out
    without_data = re.sub(r'(src|href)="data:[^"]*"', "", page.html).replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"https?://|@import|url\(", without_data)
