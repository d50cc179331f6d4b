"""What the agent says, from Markdown to HTML that cannot run, load or fetch anything."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name

from chat.web.plain import plain

LONGEST = 60_000  # characters read as Markdown; what follows is shown as plain text
_LONGEST_HIGHLIGHTED = 20_000
_LANGUAGES: Mapping[str, str] = {
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    **dict.fromkeys(("sh", "bash", "shell", "zsh"), "bash"),
    **dict.fromkeys(("console", "shell-session"), "console"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    **{name: name for name in ("json", "ini", "toml", "docker", "python", "go", "sql", "http")},
    "dockerfile": "docker",
}
_SCHEMES = ("http://", "https://", "mailto:")
_TAGS = {"p", "br", "hr", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "div", "span"} | {
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title", "target"},
    "ol": {"start"},
    "div": {"class", "data-language", "tabindex", "role", "aria-label"},
    "span": {"class"},
    "code": {"class"},
    "pre": {"class", "tabindex"},
    "th": {"class"},
    "td": {"class"},
}


@lru_cache(maxsize=512)
def to_html(text: str) -> SafeString:
    """CommonMark with tables and strikethrough. Cleaned last, after everything that makes markup has run."""
    head, rest = text[:LONGEST], text[LONGEST:]
    html = _parser().render(plain(head))
    if rest:
        html += f"<pre>{escape(plain(rest))}</pre>"
    clean = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return SafeString(clean)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": 20}).enable(["table", "strikethrough"])
    parser.validateLink = lambda url: url.lower().startswith(_SCHEMES)  # type: ignore[method-assign]
    parser.core.ruler.push("portal", _arrange)
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link_open)
    parser.add_render_rule("link_close", _link_close)
    parser.add_render_rule("fence", _code)
    parser.add_render_rule("code_block", _code)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _arrange(state: StateCore) -> None:
    """The highest heading sits below the page's own two levels; alignment becomes a class, as style is refused."""
    headings = [token for token in state.tokens if token.type in {"heading_open", "heading_close"}]
    highest = min((int(token.tag[1]) for token in headings), default=1)
    for token in headings:
        token.tag = f"h{min(6, int(token.tag[1]) - highest + 3)}"
    for token in state.tokens:
        if token.type in {"th_open", "td_open"} and "style" in token.attrs:
            token.attrs = {"class": str(token.attrs["style"]).replace("text-align:", "align-")}


def _image(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Never loaded: the address of an image is enough to carry data out."""
    source = str(tokens[index].attrs.get("src", ""))
    words = escape(f"Image: {tokens[index].content or source}")
    depth = sum({"link_open": 1, "link_close": -1}.get(token.type, 0) for token in tokens[:index])
    if depth or not source.lower().startswith(_SCHEMES):
        return words
    return f"{_anchor(source)}{words}</a>{_host(source, '')}"


def _link_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return _anchor(str(tokens[index].attrs.get("href", "")))


def _link_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Links do not nest: the nearest beginning is its own."""
    begin = max(place for place in range(index) if tokens[place].type == "link_open")
    words = "".join(token.content for token in tokens[begin + 1 : index])
    return f"</a>{_host(str(tokens[begin].attrs.get('href', '')), words)}"


def _host(address: str, words: str) -> str:
    """Where a link leads, unless its words say just that: they may name another place."""
    host = _destination(address)
    said = words.strip()
    if said == address or _destination(said if "//" in said else f"//{said}").lower() == host:
        return ""
    return f' <span class="host">({escape(host)})</span>'


def _anchor(address: str) -> str:
    return f'<a href="{escape(address)}" target="_blank" title="{escape(_destination(address))}">'


def _destination(address: str) -> str:
    """Where a link really goes."""
    try:
        return urlsplit(address).hostname or address[:200]
    except ValueError:
        return address[:200]


def _code(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    language = _LANGUAGES.get(token.info.strip().split(" ")[0].lower(), "")
    return (
        f'<div class="code" data-language="{language}"><pre tabindex="0"><code>'
        f"{_highlighted(token.content, language)}</code></pre></div>"
    )


def _highlighted(code: str, language: str) -> str:
    if not language or len(code) > _LONGEST_HIGHLIGHTED:
        return escape(code)
    lexer = get_lexer_by_name(language, stripnl=False)
    html: str = highlight(code, lexer, HtmlFormatter(nowrap=True, classprefix="hl-"))
    return html


def _table_open(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n'


def _table_close(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"
