// Keeps the newest in view while the reader is at the bottom, and leaves them alone when they are not.
const NEAR = 90;
const SETTLING = 2_000;

/** Events: `below` with how many pieces came while the reader was further up. */
export class Follow extends EventTarget {
  #at = true;
  #put = 0; // where the page was last scrolled to from here
  #missed = 0;
  #due = 0;
  #draws = new Set();
  #held = null; // brings the reader back to their piece

  /** Pieces get their real height only when they come into view, so the page still moves after a change of it. */
  constructor(feed, atEnd) {
    super();
    this.feed = feed;
    this.#at = atEnd;
    addEventListener("scroll", () => this.#look(), { passive: true });
    new ResizeObserver(() => (this.#at ? this.toEnd() : this.#held?.())).observe(feed);
  }

  get atEnd() {
    return this.#at;
  }

  /** Runs a change of the page now; if the reader was at the bottom, they are there again when the screen is drawn. */
  during(change, added = 0) {
    change();
    if (!this.#at && added) this.#tell(this.#missed + added);
    this.#ask();
  }

  /** Runs a change right before the screen is drawn next. However many changes come until then, the page is laid out once. */
  next(change) {
    this.#draws.add(change);
    this.#ask();
  }

  /** Runs a change of what stands above the reader, or of everything: they stay at the piece they see, if it still exists. */
  keeping(change) {
    const piece = [...this.feed.children].find((each) => each.getBoundingClientRect().bottom > 0);
    const top = piece?.getBoundingClientRect().top;
    const at = this.#at;
    change();
    const stays = () => piece && document.getElementById(piece.id);
    if (at || !stays()) return this.toEnd();
    this.#hold(() => stays() && scrollBy({ top: stays().getBoundingClientRect().top - top, behavior: "instant" }));
    return setTimeout(() => this.#letGo(), SETTLING);
  }

  /** Until the page has settled, or the reader scrolls. The browser's own anchor would pull the other way. */
  #hold(bringBack) {
    document.documentElement.style.overflowAnchor = "none";
    this.#held = () => {
      bringBack();
      this.#put = scrollY;
    };
    this.#held();
  }

  #letGo() {
    document.documentElement.style.overflowAnchor = "";
    this.#held = null;
  }

  toEnd(smooth = false) {
    scrollTo({ top: document.documentElement.scrollHeight, behavior: smooth ? "smooth" : "instant" });
    this.#put = smooth ? Infinity : scrollY;
    this.#at = true;
    this.#letGo();
    if (this.#missed) this.#tell(0);
  }

  #ask() {
    this.#due ||= requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    this.#due = 0;
    for (const change of this.#draws) change();
    this.#draws.clear();
    if (this.#at) this.toEnd();
  }

  #look() {
    if (this.#at && scrollY >= this.#put - 1) return; // the page may have grown, the reader did not move
    if (this.#held && Math.abs(scrollY - this.#put) > 1) this.#letGo();
    const root = document.documentElement;
    this.#at = root.scrollHeight - scrollY - innerHeight < NEAR;
    if (this.#at) this.#put = scrollY;
    if (this.#at && this.#missed) this.#tell(0);
  }

  #tell(missed) {
    this.#missed = missed;
    this.dispatchEvent(new CustomEvent("below", { detail: missed }));
  }
}
