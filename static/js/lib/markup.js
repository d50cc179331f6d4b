// The one place where the server's HTML becomes nodes. What is parsed here never runs scripts; the server has cleaned it.
const policy = globalThis.trustedTypes?.createPolicy("portal", { createHTML: (html) => html });

export function documentFrom(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, "text/html");
}

/** The elements of a fragment, ready to be placed. */
export function elementsFrom(html) {
  return [...documentFrom(html).body.children].map((element) => document.adoptNode(element));
}
