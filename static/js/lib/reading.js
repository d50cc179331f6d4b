// How far this page has read the journal: events in their order, none twice, none left out; what is missing is asked for.
import { uuid } from "./ids.js";

/** Calls its conversation: `show(frames)` with new events, `replace(frames)` with a page instead of all that is shown. */
export class Reading {
  #asked = ""; // id of the resume that is not answered in full
  #page = null; // a fresh page as far as it has come

  constructor(conversation) {
    const { dataset } = conversation;
    this.conversation = conversation;
    this.known = Boolean(dataset.conversation); // by the server
    this.seq = Number(dataset.seq);
    this.at = dataset.at || undefined; // the time of event `seq`: an event put back from a backup has another
    this.epoch = undefined; // of the journal, as the server calls it
  }

  /** Whether what comes is happening now, and not what was missed. */
  get live() {
    return !this.#asked && !this.#page;
  }

  /** Asks for everything above what is shown; a conversation the server has not heard of has nothing to resume. */
  resume() {
    if (!this.known) return false;
    this.#asked = uuid();
    this.#page = null;
    const { seq, at, epoch, conversation } = this;
    return conversation.socket.send({ type: "resume", id: this.#asked, conversation_id: conversation.dataset.conversation, seq, at, epoch });
  }

  refused(id) {
    return id === this.#asked;
  }

  /** When `recovered` is false, what was shown is too old to go on from: the newest page follows. */
  welcome({ recovered, epoch }) {
    this.epoch = epoch;
    if (!recovered) this.#page = [];
  }

  /** Durable frames as they came. A gap is never jumped: what is missing comes with the answer to a resume. */
  take(frames) {
    if (this.#page) return void this.#page.push(...frames);
    const fresh = [];
    for (const frame of frames) {
      if (frame.seq > this.seq + 1 && this.known) {
        if (!this.#asked) this.resume();
        break;
      }
      if (frame.seq <= this.seq) continue;
      this.#reached(frame);
      fresh.push(frame);
    }
    if (fresh.length) this.conversation.show(fresh);
  }

  /** Returns whether a fresh page took the place of what was shown. */
  caughtUp(seq = 0) {
    const page = this.#page;
    this.#asked = "";
    this.#page = null;
    this.seq = page ? seq : Math.max(this.seq, seq);
    if (page?.length) this.#reached(page.at(-1));
    if (page) this.conversation.replace(page);
    return page !== null;
  }

  behind(head) {
    return head > this.seq;
  }

  #reached({ seq, at }) {
    this.seq = seq;
    this.at = at;
  }
}
