"""Reads HTML as a browser does, and says whether everything in it is something that the page itself would write."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

ALLOWED_TAGS = frozenset(
    re.split(
        r"\s+",
        "a b i s u p br hr pre code h2 h3 h4 ul ol li span time div small blockquote table caption thead tbody tr th "
        "td figure figcaption svg path line text circle rect title template button input select option textarea label "
        "img em",
    )
)
_LINK = re.compile(r"(https?://|mailto:|tel:)", re.IGNORECASE)


@dataclass
class Reader(HTMLParser):
    """What was read: tags with their attributes, and all text."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("br", "hr", "input", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop(), "tags are closed in the order in which they were opened"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data!r}")


def read(html: str) -> Reader:
    """Read it to its end; an AssertionError where it is anything but the page's own harmless markup."""
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert [] == reader.open
    for tag, attributes in reader.tags:
        assert tag in ALLOWED_TAGS, f"<{tag}> is not ours"
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        if href := attributes.get("href"):
            assert _LINK.match(href), f"a link to {href!r}"
    return reader


def words(html: str) -> str:
    """The text that a person reads."""
    return "".join(read(html).text)
