"""Small words the portal's templates use: icons, foreign text, times and durations."""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from chat.web.plain import plain as plain_text

register = template.Library()


@register.simple_tag
@cache
def module_preloads() -> SafeString:
    """Links that let a browser fetch all modules at once, instead of finding them one import after another."""
    root = Path(settings.ROOT) / "static"
    modules = sorted(file.relative_to(root).as_posix() for file in root.glob("js/*/*.js"))
    return format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(path),) for path in modules))


@register.simple_tag
@cache  # a page has hundreds of them
def icon(name: str) -> SafeString:
    """A picture from the sprite; decoration, so a screen reader passes over it."""
    return format_html(
        '<svg class="icon" aria-hidden="true"><use href="{}#{}"></use></svg>', static("img/icons.svg"), name
    )


@register.filter
def plain(text: object) -> str:
    return plain_text(str(text))


@register.filter
def thousands(count: int) -> str:
    return f"{count:,}"


@register.filter
def duration(milliseconds: int) -> str:
    """420 → "420 ms", 4200 → "4.2 s", 75000 → "1 min 15 s". The same words as static/js/lib/clock.js."""
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    seconds = milliseconds / 1000
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s"


@register.simple_tag
def moment(at: datetime, style: str = "time") -> SafeString:
    """A point in time: in UTC for whoever has no JavaScript, in the reader's own time for everybody else."""
    utc = at.astimezone(UTC)
    words = utc.strftime("%H:%M UTC" if style == "time" else "%d %b %Y, %H:%M UTC")
    return format_html('<local-time datetime="{}" data-style="{}">{}</local-time>', utc.isoformat(), style, words)


@register.filter
def words(text: str) -> list[str]:
    return text.split()
