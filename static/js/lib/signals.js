// What elements tell one another without knowing one another.

/** Has a screen reader say something; `urgent` interrupts what it is saying. */
export function announce(text, urgent = false) {
  document.dispatchEvent(new CustomEvent("portal:announce", { detail: { text, urgent } }));
}

/** `state`: "open", "lost" or "gone"; `words` for the badge. */
export function connection(state, words = "") {
  document.dispatchEvent(new CustomEvent("portal:connection", { detail: { state, words } }));
}

/** Something in the list of conversations is not as it was. */
export function conversationsChanged(id = "") {
  document.dispatchEvent(new CustomEvent("portal:conversations", { detail: { id } }));
}

/** Something waits for a decision, or does no more. */
export function approvalsMoved() {
  document.dispatchEvent(new CustomEvent("portal:approvals"));
}
