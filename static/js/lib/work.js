// What the agent is doing right now, told by the pieces as they are placed: which run is under way, what waits for it, and
// what to say about it. Only runs that have not ended are remembered, so a long feed costs no more than a short one.

const WORDS = { running: "At work", waiting: "Waits for a decision", queued: "Starting" };

const ATTENTION = "● "; // on the browser's tab: a person is waited for

export class Work {
  #thought = "";
  #open = new Map(); // run → what is known of it: {message, begun}
  #over = new Set();

  constructor(conversation) {
    this.conversation = conversation;
    this.run = "";
    const template = document.getElementById("activity");
    this.activity = template?.content.firstElementChild.cloneNode(true);
    this.begin([...conversation.feed.children], conversation.dataset.run);
  }

  /** From these pieces on, and nothing before; `run`: one that is known to be under way. */
  begin(pieces, run = "") {
    this.#open.clear();
    if (run) this.#open.set(run, { message: null, begun: true });
    for (const piece of pieces) this.note(piece);
  }

  /** A piece was placed. The first piece of a run that is not its message tells that the run has begun. */
  note(piece) {
    const { run } = piece.dataset;
    if (!run || this.#over.has(run)) return;
    const known = this.#open.get(run) ?? { message: null, begun: false };
    if (piece.matches("run-end")) {
      known.message?.classList.remove("queued");
      this.#open.delete(run);
      this.#over.add(run);
      return;
    }
    if (piece.matches(".message:not([data-moved])")) known.message = piece;
    else known.begun = true;
    this.#open.set(run, known);
  }

  /** Whether a run has not ended, so far as this page knows. */
  isOpen(run) {
    return this.#open.has(run);
  }

  /** What the person here may do to a queued message of `author`: the server's rules, told beforehand (chat/actions/queue.py). */
  #may(author) {
    const { me, mine } = this.conversation.dataset;
    if (author !== me) return new Set(mine === undefined ? [] : ["remove"]);
    const asker = this.#open.get(this.run)?.message?.dataset.author ?? me; // whoever it is: the server knows
    return new Set(asker === me ? ["steer", "edit", "remove"] : ["edit", "remove"]);
  }

  /** The newest words of the agent's thinking. */
  think(text) {
    this.#thought = text;
    this.#say();
  }

  look() {
    const open = [...this.#open];
    this.run = open.findLast(([, { begun }]) => begun)?.[0] ?? "";
    const messages = open.filter(([, { begun, message }]) => !begun && message?.isConnected);
    const queued = this.run ? messages : messages.slice(1);
    for (const [run, { message }] of open) message?.classList.toggle("queued", queued.some(([other]) => other === run));
    const asked = this.#standing();
    if (this.run) this.status = asked.has("approval-card pending") ? "waiting" : "running";
    else this.status = messages.length > queued.length ? "queued" : "";
    this.conversation.composer?.show(this.run || (messages[0]?.[0] ?? ""), queued.map(([, { message }]) => message), (author) => this.#may(author));
    this.#show(asked.has("tool-card running"));
  }

  /** What the cards of the run under way say: "tool-card running", "approval-card pending" … */
  #standing() {
    const states = new Set();
    if (!this.run) return states;
    for (let piece = this.conversation.feed.lastElementChild; piece && piece.id !== `run-${this.run}`; piece = piece.previousElementSibling)
      if (piece.dataset.run === this.run && piece.dataset.state) states.add(`${piece.localName} ${piece.dataset.state}`);
    return states;
  }

  #show(calling) {
    const state = document.querySelector(".run-state");
    state.hidden = !this.status;
    state.dataset.status = this.status;
    const words = WORDS[this.status] ?? "";
    if (state.textContent !== words) state.textContent = words;
    const title = `${this.status === "waiting" ? ATTENTION : ""}${document.title.replace(ATTENTION, "")}`;
    if (document.title !== title) document.title = title;
    const { tail } = this.conversation;
    const busy = calling || tail.querySelector(".streaming");
    const idle = !this.status || this.status === "waiting" || busy;
    if (idle) {
      this.activity.remove();
      this.#thought = "";
    } else if (!this.activity.isConnected) tail.append(this.activity);
    this.#say();
  }

  #say() {
    const words = this.activity.querySelector(".activity-text");
    const line = this.#thought.trim().split("\n").at(-1) ?? "";
    const said = line ? line.slice(-160) : this.status === "queued" ? "Starting…" : "Thinking…";
    if (words.textContent !== said) words.textContent = said;
  }
}
