// Plain requests to the portal from its own pages, with the CSRF token of the page.

/** POSTs fields as a form. Throws an Error whose message is the server's sentence. */
export async function post(address, fields) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";
  const response = await ask(address, { method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": token } });
  if (!response.ok) throw new Error(await sentence(response));
  return response;
}

/** GETs a fragment or a page as text. */
export async function get(address, signal) {
  const response = await ask(address, { signal });
  if (!response.ok) throw new Error(await sentence(response));
  return response.text();
}

async function ask(address, options) {
  const headers = { "X-Requested-With": "fetch", ...options.headers };
  const response = await fetch(address, { credentials: "same-origin", ...options, headers });
  if (response.redirected && new URL(response.url).pathname.startsWith("/sign-in")) location.assign(response.url);
  return response;
}

async function sentence(response) {
  const plain = response.headers.get("content-type")?.startsWith("text/plain");
  return plain ? response.text() : `The portal answered ${response.status}. Reload the page and try again.`;
}
