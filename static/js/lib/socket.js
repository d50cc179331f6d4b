// The live connection: comes back by itself, notices silence, and says by the close code whether to come back at all.
const SILENCE = 40_000; // the server's heartbeat is 25 s
const PATIENCE = 10_000; // for the handshake
const SLOWEST = 30_000;
const FASTEST = 500;

/** What a close code asks for; ranges, so that a code of a newer server is understood too. */
export function verdict(code) {
  if (code >= 4200 && code < 4300) return "sign-in";
  if (code >= 4500 && code < 4600) return "never";
  return "again";
}

/** Full jitter: anywhere between 0.5 s and a ceiling that doubles from 1 s up to 30 s. */
export function pause(attempt, random = Math.random()) {
  const ceiling = Math.min(SLOWEST, FASTEST * 2 ** Math.min(attempt + 1, 10));
  return FASTEST + random * Math.max(0, ceiling - FASTEST);
}

/** Events: `open`; `frame` with the frame as detail; `lost`; `gone` with {verdict, reason}. */
export class LiveSocket extends EventTarget {
  #socket = null;
  #attempt = 0;
  #retry = 0;
  #deadline = 0;
  #ended = false;

  constructor(path) {
    super();
    this.address = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    const now = () => this.#wake();
    addEventListener("online", now);
    addEventListener("offline", () => this.#socket && this.#giveUp());
    addEventListener("pageshow", (event) => event.persisted && now());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && now());
    addEventListener("pagehide", () => this.#socket?.close(1000));
  }

  get ready() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    if (this.#ended || (this.#socket && this.#socket.readyState <= WebSocket.OPEN)) return;
    clearTimeout(this.#retry);
    const socket = (this.#socket = new WebSocket(this.address));
    this.#expect(PATIENCE);
    socket.addEventListener("open", () => socket === this.#socket && this.#opened());
    socket.addEventListener("message", (event) => socket === this.#socket && this.#heard(event.data));
    socket.addEventListener("close", (event) => socket === this.#socket && this.#closed(event));
  }

  send(frame) {
    if (this.ready) this.#socket.send(JSON.stringify(frame));
    return this.ready;
  }

  #opened() {
    this.#expect(SILENCE);
    this.dispatchEvent(new Event("open"));
  }

  #heard(text) {
    this.#attempt = 0;
    this.#expect(SILENCE);
    this.dispatchEvent(new CustomEvent("frame", { detail: JSON.parse(text) }));
  }

  #expect(within) {
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.#giveUp(), within);
  }

  /** A connection that died without a word can take minutes to close: it is left behind. */
  #giveUp() {
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
    this.#again();
  }

  #closed(event) {
    clearTimeout(this.#deadline);
    this.#socket = null;
    const what = verdict(event.code);
    if (what === "again") return this.#again();
    this.#ended = true;
    this.dispatchEvent(new CustomEvent("gone", { detail: { verdict: what, reason: event.reason } }));
  }

  #again() {
    this.dispatchEvent(new Event("lost"));
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.connect(), pause(this.#attempt));
    this.#attempt += 1;
  }

  /** The network or the person is back: an open connection proves itself soon or is replaced. */
  #wake() {
    if (this.#ended) return;
    this.#attempt = 0;
    if (!this.#socket) this.connect();
    else if (this.ready) this.dispatchEvent(new Event("doubt"));
  }

  /** Expect an answer within a few seconds, or take a new connection. */
  prove() {
    this.#expect(5_000);
  }
}
