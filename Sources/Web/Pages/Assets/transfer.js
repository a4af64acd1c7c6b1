// One file on its way to the server. XMLHttpRequest, since fetch does not tell how much has been sent.

import { Problem, csrfHeaders, problemFrom, reportSignedOut } from "./api.js";

/** The path to PUT a file at. A name may hold half of a surrogate pair, which no URL can. */
function path(name) {
  return `/api/v1/files/${encodeURIComponent(name.toWellFormed?.() ?? name.replace(/[\ud800-\udfff]/g, "\ufffd"))}`;
}

/**
 * Sends a file and resolves to what the server made of it.
 *
 * - `key`: names this sending of the file. The server takes it once, however often it comes.
 * - `onProgress(sent)`: bytes sent so far.
 * - `signal`: aborts it.
 *
 * Rejects with a `Problem`.
 */
export function transfer(file, { key, onProgress, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", path(file.name));
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Idempotency-Key", `"${key}"`);
    for (const [name, value] of Object.entries(csrfHeaders())) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => onProgress(event.loaded));
    request.addEventListener("load", () => {
      const result = read(request);
      if (result instanceof Problem) reject(result); else resolve(result);
    });
    request.addEventListener("error", () => reject(Problem.unreachable()));
    request.addEventListener("abort", () => reject(new DOMException("Cancelled", "AbortError")));
    signal.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/** The file of a good answer, or the problem of any other. */
function read(request) {
  const { status, responseText } = request;
  if (status === 401) reportSignedOut();
  const retryAfter = request.getResponseHeader("Retry-After");
  if (status < 200 || status > 299) return problemFrom(status, responseText, retryAfter);
  try {
    const [entry] = JSON.parse(responseText).files;
    return entry.error ? new Problem(entry.error) : entry;
  } catch {
    return problemFrom(status, "", retryAfter);
  }
}
