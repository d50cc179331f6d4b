// Where a person writes: grows with the words, keeps the draft, recalls the last message, stops the run.
import * as drafts from "../lib/drafts.js";
import { icon } from "../lib/icon.js";

/** Events that bubble: `composer:send` with the text, `composer:stop` with the run's id. */
customElements.define(
  "chat-composer",
  class extends HTMLElement {
    #last = "";

    connectedCallback() {
      this.form = this.querySelector("form.composer");
      this.field = this.form.querySelector("textarea");
      this.halt = this.querySelector(".halt");
      this.queue = this.querySelector("message-queue");
      if (!this.field.value) this.field.value = drafts.load(this.dataset.draft);
      this.field.addEventListener("input", () => this.#changed());
      this.field.addEventListener("keydown", (event) => this.#key(event));
      this.form.addEventListener("submit", (event) => this.#submit(event));
      this.halt.addEventListener("click", (event) => this.#stop(event));
      this.#grow();
    }

    /** The conversation got its address. */
    belong(name) {
      drafts.save(this.dataset.draft, "");
      this.dataset.draft = name;
      this.#changed();
    }

    /** Words come back: one that was not sent, or one to change. */
    fill(text) {
      this.field.value = text;
      this.#changed();
      this.field.focus();
    }

    /** The run that can be stopped, or none; `queued`: the pieces of messages that wait for it; `may`: see message-queue. */
    show(run, queued, may) {
      if (this.halt.value !== run) this.#calm();
      this.halt.value = run;
      this.halt.hidden = !run;
      this.queue.show(queued, may);
    }

    /** Words that found no other place; what is being written stays. */
    add(text) {
      this.fill([this.field.value.trimEnd(), text].filter(Boolean).join("\n\n"));
    }

    saveDraft() {
      drafts.save(this.dataset.draft, this.field.value);
    }

    #changed() {
      this.saveDraft();
      this.#grow();
    }

    #grow() {
      if (CSS.supports("field-sizing", "content")) return;
      this.field.style.height = "auto";
      this.field.style.height = `${this.field.scrollHeight}px`;
    }

    #key(event) {
      if (event.isComposing) return;
      if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        this.form.requestSubmit();
      } else if (event.key === "ArrowUp" && !this.field.value) {
        event.preventDefault();
        if (!this.queue.editLast() && this.#last) this.fill(this.#last);
      }
    }

    #submit(event) {
      event.preventDefault();
      const text = this.field.value.trim();
      if (!text) return;
      this.#last = text;
      this.field.value = "";
      this.#changed();
      this.dispatchEvent(new CustomEvent("composer:send", { bubbles: true, detail: text }));
    }

    #stop(event) {
      event.preventDefault();
      if (!this.halt.value || this.halt.dataset.stopping) return;
      this.halt.dataset.stopping = "yes";
      this.halt.replaceChildren("Stopping…");
      this.dispatchEvent(new CustomEvent("composer:stop", { bubbles: true, detail: this.halt.value }));
    }

    #calm() {
      delete this.halt.dataset.stopping;
      this.halt.replaceChildren(icon("stop"));
    }
  },
);
