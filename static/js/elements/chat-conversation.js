// One conversation, live: places what the journal says, shows what is being said, and sends what the person does.
import { adoptBar } from "../lib/bar.js";
import { learn } from "../lib/clock.js";
import { Follow } from "../lib/follow.js";
import { earlierThan, history as earlier, letGo } from "../lib/history.js";
import { uuid } from "../lib/ids.js";
import { elementsFrom } from "../lib/markup.js";
import { OpenBlock } from "../lib/open-block.js";
import { Outbox } from "../lib/outbox.js";
import { Pending } from "../lib/pending.js";
import { place } from "../lib/placing.js";
import { Reading } from "../lib/reading.js";
import { announce, approvalsMoved, connection, conversationsChanged } from "../lib/signals.js";
import { LiveSocket } from "../lib/socket.js";
import { Work } from "../lib/work.js";

const SPOKEN = 1_200; // characters of an answer that a screen reader is given at once
const OUTCOMES = { done: "The agent has answered.", stopped: "The run was stopped.", failed: "The run failed.", lost: "The run was lost." };

customElements.define(
  "chat-conversation",
  class extends HTMLElement {
    #blocks = new Map();
    #unanswered = new Set(); // runs of messages that were steered away or removed: their ends are nothing to tell

    connectedCallback() {
      if ("past" in this.dataset) return;
      this.feed = this.querySelector("chat-feed");
      this.tail = this.querySelector(".tail");
      this.composer = this.querySelector("chat-composer");
      this.reading = new Reading(this);
      this.follow = new Follow(this.feed, !location.hash);
      this.work = new Work(this);
      this.socket = new LiveSocket("/ws/chat?render=html&batch=1");
      this.outbox = new Outbox(this.socket, this.dataset.conversation || "new");
      this.pending = new Pending(this);
      this.#listen();
      earlier(this);
      for (const block of this.tail.querySelectorAll(".streaming")) this.#adopt(block);
      this.work.look();
      if (this.dataset.conversation && !location.hash) this.follow.toEnd();
      for (const frame of this.outbox.restore()) this.pending.show(frame);
      this.socket.connect();
    }

    #listen() {
      this.socket.addEventListener("open", () => this.#opened());
      this.socket.addEventListener("frame", ({ detail }) => this.#heard(detail));
      this.socket.addEventListener("lost", () => connection("lost", this.work.run ? "Reconnecting — the run goes on" : "Reconnecting…"));
      this.socket.addEventListener("gone", ({ detail }) => this.#gone(detail));
      this.socket.addEventListener("doubt", () => this.reading.resume() && this.socket.prove());
      this.outbox.addEventListener("answered", ({ detail }) => this.#answered(detail));
      this.outbox.addEventListener("slow", ({ detail }) => this.#slow(detail.frame));
      this.addEventListener("composer:send", ({ detail }) => this.say(detail));
      this.addEventListener("composer:stop", ({ detail }) => this.#command("stop", { run_id: detail }));
      this.addEventListener("queue:edit", ({ detail }) => this.#command("queue_edit", detail));
      this.addEventListener("queue:remove", ({ detail }) => this.#command("queue_remove", detail));
      this.addEventListener("queue:steer", ({ detail }) => this.#command("steer", detail));
      this.addEventListener("queue:late", ({ detail }) => this.composer.add(detail));
      this.feed.addEventListener("click", (event) => this.#again(event.target.closest('[data-action="again"]')));
      this.querySelector(".examples")?.addEventListener("submit", (event) => this.#example(event));
      document.getElementById("decision").addEventListener("submit", (event) => this.#decide(event));
      addEventListener("popstate", () => location.reload());
    }

    // ---- what the person does -------------------------------------------------------------------------------------

    say(text) {
      if (!this.dataset.conversation) this.#begin();
      const frame = { type: "send", id: uuid(), conversation_id: this.dataset.conversation, text };
      this.pending.show(this.outbox.push(frame));
      this.follow.toEnd();
    }

    #command(type, fields) {
      this.outbox.push({ type, id: uuid(), ...fields });
    }

    #begin() {
      this.dataset.conversation = uuid();
      this.querySelector(".welcome")?.remove();
      this.querySelector(".feed-wrap").hidden = false;
      history.pushState(null, "", `/c/${this.dataset.conversation}`);
      this.outbox.rename(this.dataset.conversation);
      this.composer.belong(this.dataset.conversation);
    }

    /** The server knows the conversation now: the bar gets what belongs to one. */
    async #arrived() {
      this.reading.known = true;
      await adoptBar();
      this.work.look();
    }

    #example(event) {
      event.preventDefault();
      this.say(event.submitter.value);
      const keyboard = matchMedia("(pointer: fine)").matches; // on a phone it would cover the answer
      if (keyboard) setTimeout(() => this.composer.field.focus()); // later: the focused button is leaving the page
    }

    /** A failed run: its message once more, as a new one. */
    #again(button) {
      const run = button?.closest("[data-run]").dataset.run;
      const message = run && this.feed.querySelector(`.message[data-run="${CSS.escape(run)}"] .message-text`);
      if (message) this.say(message.textContent);
    }

    #decide(event) {
      event.preventDefault();
      const { name, value } = event.submitter;
      const card = document.getElementById(`approval-${value}`);
      card.busy(name === "approve" ? "Approving…" : "Rejecting…");
      this.#command("decide", { approval_id: value, decision: name, reason: card.reason, ...card.typed });
    }

    #answered({ frame, answer }) {
      const { type, data } = answer;
      if (frame.type === "send") this.pending.answered(frame, answer);
      if (frame.type === "send" && type === "ack" && !this.reading.known) this.#arrived();
      if (frame.type === "send" && type === "ack") conversationsChanged();
      if (frame.type === "decide" && type === "nack") document.getElementById(`approval-${frame.approval_id}`)?.refused(data.message);
      if (frame.type === "stop" && type === "nack") announce(data.message, true);
      if (frame.message_id) this.composer.queue.answered(frame.message_id, answer);
    }

    /** Ten seconds without an answer: the person is told, the command is kept and sent again. */
    #slow(frame) {
      if (frame.type === "decide") document.getElementById(`approval-${frame.approval_id}`)?.slow();
      if (frame.type === "stop") announce("Not stopped yet: the portal does not answer. It is asked again as soon as it does.", true);
      if (frame.message_id) this.composer.queue.slow(frame.message_id);
    }

    // ---- the connection -------------------------------------------------------------------------------------------

    #opened() {
      const asked = this.reading.resume();
      this.outbox.resend();
      if (!asked) connection("open");
    }

    #gone({ verdict, reason }) {
      this.composer.saveDraft();
      if (verdict === "sign-in") return location.assign(`/sign-in?next=${encodeURIComponent(location.pathname)}`);
      return connection("gone", reason || "The portal closed this connection. Reload the page to go on.");
    }

    // ---- what the server says -------------------------------------------------------------------------------------

    #heard(frame) {
      const { type, data } = frame;
      if (data?.conversation_id && data.conversation_id !== this.dataset.conversation) return;
      if (frame.seq) this.reading.take([frame]);
      else if (type === "events") this.reading.take(data.events);
      else if (type === "text" || type === "thinking") this.#delta(type, data);
      else if (type === "tool_progress") document.getElementById(`call-${data.tool_call_id}`)?.progress?.(data.text);
      else if (type === "welcome") this.reading.welcome(data);
      else if (type === "caught_up") this.#caughtUp(data);
      else if (type === "approvals") approvalsMoved();
      else if (type === "heartbeat" && this.reading.behind(data.head_seq)) this.reading.resume();
      else if (type === "nack" && this.reading.refused(data.id)) connection("gone", data.message);
    }

    #caughtUp(data) {
      const replaced = this.reading.caughtUp(data?.seq);
      connection("open");
      if (replaced) announce("So much has happened that the page was brought up to date. Nothing was lost.");
      this.work.look();
    }

    /** New events, however many: placed in their order, and the page is laid out once. */
    show(frames) {
      const { live } = this.reading;
      const placed = frames.map((frame) => this.#place(this.feed, frame));
      this.follow.during(() => this.work.look(), placed.filter(({ fresh }) => fresh).length);
      letGo(this);
      if (!live) return;
      for (const [index, frame] of frames.entries()) {
        learn(frame.at);
        this.#tell(frame, placed[index].piece);
      }
    }

    /** The newest page instead of all that is shown. A reader who was further up stays at the piece they were at. */
    replace(frames) {
      const page = new DocumentFragment();
      this.tail.replaceChildren();
      this.#blocks.clear();
      this.work.begin([]);
      for (const frame of frames) this.#place(page, frame);
      this.follow.keeping(() => this.feed.replaceChildren(page));
      earlierThan(this, frames[0]?.seq ?? 1);
    }

    #place(feed, frame) {
      const [piece] = elementsFrom(frame.html ?? "");
      this.#close(frame);
      const fresh = piece ? place(feed, piece) : false;
      if (piece) this.work.note(piece);
      return { piece, fresh };
    }

    #delta(type, { run_id, block, offset, text, message }) {
      if (type === "thinking" && text === undefined) return this.work.think(message ?? "");
      const id = `open-${run_id}-${block}`;
      if (!this.#blocks.has(id)) this.#open(id, type, run_id);
      this.#blocks.get(id).add(text, offset);
      if (type === "thinking") this.work.think(this.#blocks.get(id).text);
      return undefined;
    }

    #open(id, type, run) {
      const element = document.createElement("div");
      element.id = id;
      element.className = type === "text" ? "prose streaming" : "unseen-thinking";
      element.hidden = type !== "text";
      element.dataset.run = run;
      element.setAttribute("aria-busy", "true");
      this.tail.append(element);
      this.#adopt(element);
      this.work.look();
    }

    #adopt(element) {
      this.#blocks.set(element.id, new OpenBlock(element, (draw) => this.follow.next(draw)));
    }

    /** What was being said is in the journal now: its finished form takes the place of the open one. */
    #close({ type, data }) {
      if (type === "user_message") this.pending.accepted(data.message_id);
      const ids = type === "complete" ? [...this.#blocks.keys()].filter((id) => id.startsWith(`open-${data.run_id}-`)) : [`open-${data.run_id}-${data.block}`];
      for (const id of ids) {
        this.#blocks.get(id)?.element.remove();
        this.#blocks.delete(id);
      }
    }

    #tell({ type, data }, piece) {
      if (type === "text_end") announce(piece.textContent.slice(0, SPOKEN));
      if (type === "tool_call_end") announce(`${data.intent || data.tool_name}: ${data.status}`);
      if (type === "approval_requested") announce(`A decision is needed: ${data.summary}`, true);
      if (type === "error") announce(data.error, true);
      if (/^message_(steered|removed)$/.test(type)) this.#unanswered.add(data.run_id);
      if (type === "complete" && !this.#unanswered.delete(data.run_id)) {
        announce(OUTCOMES[data.outcome] ?? "The run has ended.");
      }
      if (/^(complete|run_started|approval_.*|conversation_renamed)$/.test(type)) conversationsChanged();
    }
  },
);
