// Messages on their way: shown at once, taken away when the journal has them, kept with a way out when it has not.

export class Pending {
  constructor(conversation) {
    this.conversation = conversation;
    this.place = conversation.querySelector(".waiting");
    this.template = document.getElementById("pending-message");
    conversation.outbox.addEventListener("slow", ({ detail }) => this.#unsent(detail.frame, "Not sent yet: the portal does not answer."));
  }

  show(frame) {
    if (frame.type !== "send") return;
    const bubble = this.template.content.firstElementChild.cloneNode(true);
    bubble.id = `pending-${frame.id}`;
    bubble.querySelector(".message-text").textContent = frame.text;
    bubble.querySelector('[data-action="retry"]').addEventListener("click", () => this.#retry(bubble, frame));
    bubble.querySelector('[data-action="take-back"]').addEventListener("click", () => this.#takeBack(bubble, frame));
    this.place.append(bubble);
  }

  /** The journal has it: the finished bubble is placed instead. */
  accepted(id) {
    document.getElementById(`pending-${id}`)?.remove();
  }

  answered(frame, { type, data }) {
    if (type === "nack") this.#unsent(frame, data.message);
  }

  #unsent(frame, why) {
    const bubble = document.getElementById(`pending-${frame.id}`);
    if (!bubble) return;
    bubble.classList.add("unsent");
    bubble.querySelector(".pending-word").textContent = "Not sent";
    bubble.querySelector(".unsent-why").textContent = why;
    bubble.querySelector(".unsent-bar").hidden = false;
  }

  #retry(bubble, frame) {
    bubble.classList.remove("unsent");
    bubble.querySelector(".pending-word").textContent = "Sending…";
    bubble.querySelector(".unsent-bar").hidden = true;
    this.conversation.outbox.push(frame);
    this.conversation.socket.connect();
  }

  #takeBack(bubble, frame) {
    bubble.remove();
    this.conversation.outbox.drop(frame.id);
    this.conversation.composer.fill(frame.text);
  }
}
