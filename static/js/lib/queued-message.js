// One message that waits: its words, what may be done to it, and what came of that.
import { announce } from "./signals.js";

const BUSY = { edit: "Saving…", remove: "Removing…", steer: "Steering…" };
const STEERED = "Goes in at the agent's next step.";
const SHOWN = 6_000; // milliseconds that the last word about a message stays

/** `drop` takes it off the list. Its element tells what a person wants by the events of message-queue. */
export class QueuedMessage {
  #doing = ""; // what the server has been asked for
  #asked = ""; // the words it was asked to save
  #gone = false; // no longer in the queue
  #over = false; // says its last word
  #steered = false;

  constructor(id, element, drop) {
    this.id = id;
    this.element = element;
    this.drop = drop;
    this.words = element.querySelector(".queue-words");
    this.form = element.querySelector("form");
    this.field = this.form.querySelector("textarea");
    this.form.addEventListener("submit", (event) => this.#save(event));
    this.form.addEventListener("keydown", (event) => this.#key(event));
    element.addEventListener("click", ({ target }) => this.#act(target.closest("[data-action]")?.dataset.action));
  }

  show(words, allowed) {
    this.#gone = false;
    if (this.words.textContent !== words) this.words.textContent = words;
    for (const button of this.element.querySelectorAll(".queue-tools button")) {
      const { action } = button.dataset;
      button.hidden = !allowed.has(action) || (action === "steer" && this.#steered);
      button.setAttribute("aria-label", `${button.dataset.name}: ${words.slice(0, 60)}`);
    }
  }

  may(deed) {
    return !this.#doing && !this.#over && !this.element.querySelector(`.queue-tools [data-action="${deed}"]`).hidden;
  }

  /** The queue holds it no longer. An answer that is still awaited says why. */
  gone() {
    this.#gone = true;
    if (this.#over || this.#doing) return;
    if (this.form.hidden) this.drop();
    else this.#late(this.field.value, "The agent has taken this message up.");
  }

  done() {
    this.#steered ||= this.#doing === "steer";
    this.#idle();
    if (this.#gone) this.drop();
  }

  /** A message that was taken says so and goes; what else is refused can be tried again. */
  refused({ code, message }) {
    const late = this.#doing === "edit" && code === "taken" ? this.#asked : "";
    this.#idle();
    this.say(message);
    announce(message, true);
    if (code === "taken") this.#late(late, message);
  }

  say(words) {
    const note = this.element.querySelector(".queue-note");
    note.textContent = words;
    note.hidden = !words;
  }

  edit() {
    this.form.hidden = false;
    this.element.dataset.state = "editing";
    this.field.value = this.words.textContent;
    this.field.focus();
    return true;
  }

  #act(action) {
    if (action === "edit") this.edit();
    else if (action === "cancel") this.#close(true);
    else if (action === "remove" || action === "steer") this.#ask(action);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") this.#close(true);
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.form.requestSubmit();
    }
  }

  #save(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    this.#close(true);
    if (text && text !== this.words.textContent) this.#ask("edit", text);
  }

  #close(focus) {
    this.form.hidden = true;
    if (this.element.dataset.state === "editing") this.#idle();
    if (focus) this.element.querySelector('.queue-tools [data-action="edit"]').focus();
  }

  #ask(deed, text) {
    if (this.#doing) return;
    this.#doing = deed;
    this.#asked = text ?? "";
    this.element.dataset.state = "busy";
    for (const button of this.element.querySelectorAll(".queue-tools button")) button.setAttribute("aria-disabled", "true");
    this.say(BUSY[deed]);
    this.element.dispatchEvent(new CustomEvent(`queue:${deed}`, { bubbles: true, detail: { message_id: this.id, text } }));
  }

  #idle() {
    this.#doing = this.#asked = "";
    delete this.element.dataset.state;
    for (const button of this.element.querySelectorAll(".queue-tools button")) button.removeAttribute("aria-disabled");
    if (this.#steered) this.element.dataset.state = "steered";
    this.element.querySelector('[data-action="steer"]').hidden ||= this.#steered;
    this.say(this.#steered ? STEERED : "");
  }

  /** Words that came too late go to where they can still be sent. */
  #late(words, why) {
    this.#over = true;
    this.#close(false);
    this.element.dataset.state = "over";
    this.say(words ? `${why} Your words are in the composer.` : why);
    if (words && words !== this.words.textContent) this.element.dispatchEvent(new CustomEvent("queue:late", { bubbles: true, detail: words }));
    setTimeout(this.drop, SHOWN);
  }
}
