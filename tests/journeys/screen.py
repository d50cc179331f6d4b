"""What the journeys do and see on a page, in words."""

FEED = """feed => [...feed.children].map(piece => [
    piece.id, piece.tagName, piece.dataset.state ?? "", piece.textContent.replace(/\\s+/g, " ").trim()])"""


async def say(page, text):
    await page.fill("#words", text)
    await page.keyboard.press("Enter")


async def ended(page, count=1):
    await page.locator("run-end").nth(count - 1).wait_for()


async def feed(page):
    """The pieces of the feed: id, tag, state and text, in order."""
    return await page.eval_on_selector("#feed", FEED)


async def reloaded(page):
    """The feed after a reload, when the page has caught up."""
    await page.reload()
    await page.locator("run-end, approval-card, .run-start").first.wait_for()
    return await feed(page)
