// Calls to the server by the session's cookie. Whatever changes something carries the token that another site cannot know.

/** A refusal, as the server words it (RFC 9457), or the lack of an answer. */
export class Problem extends Error {
  constructor({ status = 0, type = "about:blank", title, detail }, retryAfter = null) {
    super(detail ?? title);
    this.status = status;
    this.type = type;
    this.title = title;
    this.retryAfter = retryAfter;
  }

  /** The server was not reached, or went away before it answered. */
  static unreachable() {
    return new Problem({ title: "The server cannot be reached.", detail: "The server cannot be reached. Check your connection." });
  }

  /** Whether Sluice itself says so, and not a proxy before it that may have lost it on the way. */
  get isOurs() {
    return typeof this.type === "string" && this.type.startsWith("/problems/");
  }

  /** Whether the request may have been carried out all the same. */
  get isUnknown() {
    return this.status === 0 || this.type === "/problems/unknown-outcome" || (this.status >= 500 && !this.isOurs);
  }

  /** Whether the server asks for patience rather than saying no: the same request may follow. */
  get isPassing() {
    if (this.retryAfter === null || this.isUnknown) return false;
    return this.status === 429 || this.type === "/problems/key-in-flight" || ([503, 507].includes(this.status) && this.isOurs);
  }
}

export const csrfHeaders = () => ({ "X-CSRF-Token": document.querySelector('meta[name="csrf-token"]').content });

/** Seconds of a Retry-After field, which may also be a date; null without one. */
export function parseRetryAfter(text) {
  if (!text) return null;
  const seconds = /^\d+$/.test(text.trim()) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}

/** A problem from the text of an answer, which a proxy in between may have replaced by a page of its own. */
export function problemFrom(status, text, retryAfter) {
  let body = {};
  try { body = JSON.parse(text) ?? {}; } catch { /* Not ours: the status says enough. */ }
  const title = typeof body.title === "string" ? body.title : `The server answered ${status}.`;
  return new Problem({ ...body, status, title }, parseRetryAfter(retryAfter));
}

/** Tells the session's module that the server no longer knows this session. */
export const reportSignedOut = () => document.dispatchEvent(new CustomEvent("sluice:signed-out"));

/**
 * Sends a request and returns the JSON of its answer, or null without a body.
 *
 * `isBackground` marks what no person asked for, so that it does not keep a session alive.
 *
 * Throws a `Problem`; a call that was aborted throws its AbortError.
 */
export async function call(method, path, { body, signal, isBackground = false } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") Object.assign(headers, csrfHeaders());
  if (isBackground) headers["X-Sluice-Background"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  let text;
  try {
    response = await fetch(path, { method, headers, signal, cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body) });
    text = await response.text();
  } catch (error) {
    throw error.name === "AbortError" ? error : Problem.unreachable();
  }
  if (response.ok) return text ? JSON.parse(text) : null;
  if (response.status === 401) reportSignedOut();
  throw problemFrom(response.status, text, response.headers.get("Retry-After"));
}
