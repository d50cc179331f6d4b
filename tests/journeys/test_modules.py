"""The browser's modules by themselves, in a real browser: deltas by offset, light Markdown, when to come back."""

import pytest

from tests.journeys.conftest import ANSWER

pytestmark = pytest.mark.browser

OPEN_BLOCK = """async (deltas) => {
    const { OpenBlock } = await import("/static/js/lib/open-block.js");
    const block = new OpenBlock(document.createElement("div"), (draw) => draw());
    for (const [text, offset] of deltas) block.add(text, offset);
    return block.text;
}"""
TAIL = """async (text) => {
    const { Tail } = await import("/static/js/lib/tail.js");
    const [root, once] = [document.createElement("div"), document.createElement("div")];
    const tail = new Tail(root);
    const points = [...text];
    let moved = 0, first = null;
    for (let end = 1; end <= points.length; end += 1) {
        tail.show(points.slice(0, end).join(""));
        if (first && root.firstChild !== first) moved += 1;
        first = root.children.length > 2 ? root.firstChild : null;
    }
    new Tail(once).show(text);
    const tags = [...root.querySelectorAll("*")].map((element) => element.tagName);
    return { same: root.isEqualNode(once), moved, text: root.textContent, tags };
}"""


async def test_deltas_are_placed_by_code_points_without_gap_or_overlap(visit):
    async with visit("/tools") as page:
        assert await page.evaluate(OPEN_BLOCK, [["ab", 0], ["cd", 2]]) == "abcd"
        assert await page.evaluate(OPEN_BLOCK, [["ab", 0], ["abcd", 0], ["b", 1], ["cde", 2]]) == "abcde"
        assert await page.evaluate(OPEN_BLOCK, [["ab", 0], ["x", 3], ["c", 2]]) == "abc"
        assert await page.evaluate(OPEN_BLOCK, [["👩‍🚀", 0], ["é日", 3], ["!", 5]]) == "👩‍🚀é日!"


async def test_text_that_is_still_coming_settles_and_ends_as_it_would_at_once(visit):
    async with visit("/tools") as page:
        for text in (
            ANSWER,
            "a\n\nb",
            "```\nopen\n\nfence",
            "# h\n- x\n- y\n\n> q",
            "**open `code",
            "<img src=x onerror=1>\n\n<b>x",
        ):
            seen = await page.evaluate(TAIL, text)
            assert seen["same"], text
            assert seen["moved"] == 0, "a finished block was built again"
            assert not {"IMG", "SCRIPT", "B", "A"} & set(seen["tags"])


PLACED = """async (pieces) => {
    const { place } = await import("/static/js/lib/placing.js");
    const feed = document.createElement("div");
    document.body.append(feed);
    for (const [text, attributes] of pieces) {
        const piece = document.createElement("p");
        for (const [name, value] of Object.entries(attributes)) piece.setAttribute(name, value);
        piece.textContent = text;
        place(feed, piece);
    }
    return [...feed.children].map(({ id, textContent }) => `${id} ${textContent}`);
}"""


async def test_a_piece_takes_the_place_of_its_like_and_a_steered_message_goes_to_the_end(visit):
    pieces = [
        ("one", {"id": "m1", "class": "message", "data-run": "1"}),
        ("two", {"id": "m2", "class": "message", "data-run": "2"}),
        ("three", {"id": "m3", "class": "message", "data-run": "3"}),
        ("zwei", {"id": "m2", "class": "message", "data-run": "2", "data-edited": ""}),
        ("asked", {"id": "c", "class": "call"}),
        ("answered", {"id": "c", "class": "call"}),
        ("drei", {"id": "m3", "class": "message", "data-run": "1", "data-moved": ""}),
        ("begins", {"id": "r2", "data-run": "2", "data-run-start": "now"}),
    ]
    async with visit("/tools") as page:
        assert await page.evaluate(PLACED, pieces) == ["m1 one", "c answered", "m3 drei", "m2 zwei", "r2 begins"]


async def test_close_codes_and_pauses_follow_the_protocol(visit):
    async with visit("/tools") as page:
        asked = """async (codes) => {
            const { verdict } = await import("/static/js/lib/socket.js");
            return codes.map(verdict);
        }"""
        codes = [1006, 1012, 4102, 4104, 4201, 4299, 4500, 4504]
        assert await page.evaluate(asked, codes) == ["again"] * 4 + ["sign-in"] * 2 + ["never"] * 2
        paused = """async () => { const { pause } = await import("/static/js/lib/socket.js");
            return [0, 1, 3, 9, 99].map((attempt) => [pause(attempt, 0), pause(attempt, 1)]); }"""
        pauses = await page.evaluate(paused)
        assert [low for low, _ in pauses] == [500] * 5
        assert [high for _, high in pauses] == [1000, 2000, 8000, 30_000, 30_000]


async def test_a_command_that_a_leaving_process_refused_is_kept_and_sent_again(visit):
    asked = """async () => {
        const { Outbox } = await import("/static/js/lib/outbox.js");
        const [socket, sent, answered] = [new EventTarget(), [], []];
        socket.send = ({ id }) => sent.push(id);
        const outbox = new Outbox(socket, "test");
        outbox.addEventListener("answered", ({ detail }) => answered.push(detail.answer.type));
        const say = (type, data) => socket.dispatchEvent(new CustomEvent("frame", { detail: { type, data } }));
        outbox.push({ type: "send", id: "1", text: "hello" });
        say("nack", { id: "1", code: "draining", temporary: true });
        outbox.resend();
        say("ack", { id: "1" });
        outbox.resend();
        return [sent, answered, sessionStorage.getItem("outbox:test")];
    }"""
    async with visit("/tools") as page:
        assert await page.evaluate(asked) == [["1", "1"], ["ack"], None]
