// What the agent is doing right now, read from the feed itself: which run is under way, what waits, what to say about it.

const WORDS = { running: "At work", waiting: "Waits for a decision", queued: "Starting" };

const ATTENTION = "● "; // on the browser's tab: a person is waited for

export class Work {
  #thought = "";

  constructor(conversation) {
    this.conversation = conversation;
    this.run = "";
    const template = document.getElementById("activity");
    this.activity = template?.content.firstElementChild.cloneNode(true);
  }

  /** The newest words of the agent's thinking. */
  think(text) {
    this.#thought = text;
    this.#say();
  }

  look() {
    const { feed, composer } = this.conversation;
    const begun = [...feed.querySelectorAll(".run-start")].filter((start) => !ended(start.dataset.run));
    const messages = [...feed.querySelectorAll(".message")].filter(({ dataset }) => !started(dataset.run) && !ended(dataset.run));
    const given = this.conversation.dataset.run;
    this.run = begun.at(-1)?.dataset.run ?? (given && !ended(given) ? given : "");
    const queued = this.run ? messages : messages.slice(1);
    for (const message of feed.querySelectorAll(".message.queued")) message.classList.remove("queued");
    for (const message of queued) message.classList.add("queued");
    this.status = this.#status(messages.length > queued.length);
    composer?.show(this.run || (messages[0]?.dataset.run ?? ""), queued.map((message) => message.querySelector(".message-text").textContent));
    this.#show();
  }

  #status(starting) {
    if (!this.run) return starting ? "queued" : "";
    const asked = this.conversation.feed.querySelector(`approval-card[data-state="pending"][data-run="${CSS.escape(this.run)}"]`);
    return asked ? "waiting" : "running";
  }

  #show() {
    const state = document.querySelector(".run-state");
    state.hidden = !this.status;
    state.dataset.status = this.status;
    state.textContent = WORDS[this.status] ?? "";
    document.title = `${this.status === "waiting" ? ATTENTION : ""}${document.title.replace(ATTENTION, "")}`;
    const { feed, tail } = this.conversation;
    const busy = feed.querySelector('tool-card[data-state="running"]') || tail.querySelector(".streaming");
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
    words.textContent = line ? line.slice(-160) : this.status === "queued" ? "Starting…" : "Thinking…";
  }
}

function started(run) {
  return document.getElementById(`run-${run}`) !== null;
}

function ended(run) {
  return document.getElementById(`end-${run}`) !== null;
}
