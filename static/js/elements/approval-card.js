// A question to a person. The focus never comes here by itself; with the card focused, A approves and R rejects.
import { everySecond, until } from "../lib/clock.js";

customElements.define(
  "approval-card",
  class extends HTMLElement {
    #quiet = null;

    connectedCallback() {
      const call = document.getElementById(`call-${this.dataset.call}`);
      if (this.dataset.state === "pending") {
        call?.become?.("waiting");
        this.#quiet = everySecond(() => this.#countDown());
        this.addEventListener("keydown", this);
      } else if (this.dataset.state === "approved") {
        call?.become?.("running", this.dataset.decided);
      }
    }

    disconnectedCallback() {
      this.#quiet?.();
    }

    handleEvent(event) {
      this.#key(event);
    }

    /** While the server is asked. */
    busy(words) {
      this.#enable(false);
      this.#say(words);
    }

    /** The server did not take the decision. */
    refused(sentence) {
      this.#enable(true);
      this.#say(sentence, true);
    }

    slow() {
      this.#say("Not decided yet: the portal does not answer. Your decision is sent again as soon as it does.", true);
    }

    get reason() {
      return this.querySelector(".approval-reason input")?.value ?? "";
    }

    /** What must be typed before something in production is destroyed, when this card asks for it. */
    get typed() {
      const field = this.querySelector(".approval-typed input");
      return field ? { typed: field.value } : {};
    }

    #enable(on) {
      for (const control of this.querySelectorAll(".approval-actions button, .approval-actions input")) control.disabled = !on;
    }

    #say(words, bad = false) {
      const answer = this.querySelector(".approval-answer");
      answer.textContent = words;
      answer.classList.toggle("bad", bad);
      answer.hidden = false;
    }

    #key(event) {
      if (event.target !== this.firstElementChild || event.ctrlKey || event.metaKey || event.altKey) return;
      const name = { a: "approve", r: "reject" }[event.key.toLowerCase()];
      const button = name && this.querySelector(`button[name="${name}"]`);
      if (!button || button.disabled) return;
      event.preventDefault();
      button.form.requestSubmit(button);
    }

    #countDown() {
      const left = until(this.dataset.expires);
      const place = this.querySelector(".approval-expiry");
      if (left <= 0) place.textContent = "expired";
      else if (left < 3_600_000) place.textContent = `expires in ${Math.floor(left / 60_000)}:${String(Math.floor(left / 1000) % 60).padStart(2, "0")}`;
      else place.textContent = `expires in ${Math.round(left / 3_600_000)} h`;
      if (left <= 0) this.#enable(false);
    }
  },
);
