// Commands that the server has not answered. Each keeps its id, so sending it again after a cut has one effect.
const SLOW = 10_000;

/** Events: `slow` (no answer for 10 s) and `answered`, both with {frame, answer?} as detail. */
export class Outbox extends EventTarget {
  #waiting = new Map();

  constructor(socket, name) {
    super();
    this.socket = socket;
    this.name = name;
    socket.addEventListener("frame", ({ detail }) => this.#heard(detail));
  }

  /** The messages a reload of the page found unanswered. */
  restore() {
    const kept = read(this.name);
    return kept.map((frame) => this.push(frame));
  }

  push(frame) {
    const timer = setTimeout(() => this.#slow(frame.id), SLOW);
    clearTimeout(this.#waiting.get(frame.id)?.timer);
    this.#waiting.set(frame.id, { frame, timer });
    this.#keep();
    this.socket.send(frame);
    return frame;
  }

  /** Takes a command back; the server may have got it all the same. */
  drop(id) {
    const entry = this.#waiting.get(id);
    clearTimeout(entry?.timer);
    this.#waiting.delete(id);
    this.#keep();
    return entry?.frame;
  }

  /** After a new connection: everything unanswered, again. */
  resend() {
    for (const { frame } of this.#waiting.values()) this.push(frame);
  }

  /** Under another name, once the conversation has its address. */
  rename(name) {
    store(this.name, []);
    this.name = name;
    this.#keep();
  }

  #heard({ type, data }) {
    if (type !== "ack" && type !== "nack") return;
    if (data.code === "draining") return; // this process leaves: the next connection is another's, and asks again
    const frame = this.drop(data.id);
    if (frame) this.dispatchEvent(new CustomEvent("answered", { detail: { frame, answer: { type, data } } }));
  }

  #slow(id) {
    const entry = this.#waiting.get(id);
    if (entry) this.dispatchEvent(new CustomEvent("slow", { detail: { frame: entry.frame } }));
  }

  #keep() {
    store(this.name, [...this.#waiting.values()].map(({ frame }) => frame).filter(({ type }) => type === "send"));
  }
}

function read(name) {
  try {
    return JSON.parse(sessionStorage.getItem(`outbox:${name}`) ?? "[]");
  } catch {
    return [];
  }
}

function store(name, frames) {
  try {
    if (frames.length) sessionStorage.setItem(`outbox:${name}`, JSON.stringify(frames));
    else sessionStorage.removeItem(`outbox:${name}`);
  } catch {
    // Storage is full or blocked: a reload will not find these, the draft still has the words.
  }
}
