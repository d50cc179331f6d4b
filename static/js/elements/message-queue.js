// The messages that wait for the run under way: their authors can still edit, remove or steer them.
import { QueuedMessage } from "../lib/queued-message.js";

/** Events that bubble: `queue:edit`, `queue:remove` and `queue:steer` with {message_id, text?}; `queue:late` with words
 * that came too late to change a message. */
customElements.define(
  "message-queue",
  class extends HTMLElement {
    #items = new Map(); // by the message's id

    connectedCallback() {
      this.list = this.querySelector("ul");
      this.template = document.getElementById("queued-message");
    }

    /** `messages`: their pieces, in order; `may(author)`: what this person may do to a message of that author. */
    show(messages, may) {
      const ids = messages.map(({ id }) => id.replace("message-", ""));
      for (const [id, item] of this.#items) if (!ids.includes(id)) item.gone();
      for (const [index, message] of messages.entries()) {
        if (!this.#items.has(ids[index])) this.#add(ids[index]);
        this.#items.get(ids[index]).show(message.querySelector(".message-text").textContent, may(message.dataset.author));
      }
      if (this.list.querySelector("li[data-run]")) this.list.replaceChildren(...[...this.#items.values()].map(({ element }) => element));
      this.#look();
    }

    /** What the server said to `queue:…`. */
    answered(id, { type, data }) {
      if (type === "ack") this.#items.get(id)?.done();
      else this.#items.get(id)?.refused(data);
    }

    slow(id) {
      this.#items.get(id)?.say("The portal does not answer. This is sent again as soon as it does.");
    }

    /** The newest message that may be edited is opened for it; false when there is none. */
    editLast() {
      return [...this.#items.values()].findLast((item) => item.may("edit"))?.edit() ?? false;
    }

    #add(id) {
      const item = new QueuedMessage(id, this.template.content.firstElementChild.cloneNode(true), () => this.#drop(id));
      this.#items.set(id, item);
      this.list.append(item.element);
    }

    #drop(id) {
      const { element } = this.#items.get(id);
      const focused = element.contains(document.activeElement);
      element.remove();
      this.#items.delete(id);
      this.#look();
      if (focused) document.querySelector("chat-composer").field.focus();
    }

    #look() {
      this.hidden = !this.#items.size;
    }
  },
);
