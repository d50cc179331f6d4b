// A block while it is being said: deltas in, at most one change of the page per frame of the screen.
import { Tail } from "./tail.js";

/** Places deltas by their offset, counted in Unicode code points as the server does. */
export class OpenBlock {
  #have;
  #said;
  #drawn = true;

  /** `soon` calls back before the screen is drawn next. */
  constructor(element, soon) {
    this.element = element;
    this.soon = soon;
    this.#said = element.textContent;
    this.#have = [...this.#said].length;
    this.tail = new Tail(element);
    this.#draw();
  }

  get text() {
    return this.#said;
  }

  /** The part that is known is ignored; what leaves a gap waits for the block's end, which has everything. */
  add(text, offset) {
    if (offset > this.#have) return;
    const points = [...text];
    const fresh = points.slice(this.#have - offset);
    if (!fresh.length) return;
    this.#have += fresh.length;
    this.#said += fresh.join("");
    if (!this.#drawn) return;
    this.#drawn = false;
    this.soon(() => this.#draw());
  }

  #draw() {
    this.#drawn = true;
    this.tail.show(this.#said);
  }
}
