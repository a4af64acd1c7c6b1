// What happens to one's files elsewhere: by server-sent events, or by asking where those do not come through.

const pollEvery = 5_000;
const reopenAfter = 30_000;

/**
 * Watches as long as somebody looks: a hidden page lets go of its connection, of which a browser has few.
 *
 * - `file(file)`: a file is new or has changed.
 * - `gone(id)`: a file was deleted.
 * - `missed()`: there may have been changes that nobody reported; called each time that the watch begins anew, and
 *   regularly while there are no events.
 */
export function watchFiles({ file, gone, missed }) {
  let source;
  let polling;
  let reopening;

  function stop() {
    source?.close();
    clearInterval(polling);
    clearTimeout(reopening);
    source = polling = undefined;
  }

  function poll() {
    polling ??= setInterval(missed, pollEvery);
  }

  function start() {
    stop();
    source = new EventSource("/api/v1/events");
    source.addEventListener("file", (event) => file(JSON.parse(event.data)));
    source.addEventListener("gone", (event) => gone(JSON.parse(event.data).id));
    source.addEventListener("open", () => {
      clearInterval(polling);
      polling = undefined;
      missed();
    });
    source.addEventListener("error", () => {
      poll();
      // It tries again by itself, unless the server's answer was a refusal.
      if (source?.readyState === EventSource.CLOSED) reopening = setTimeout(start, reopenAfter);
    });
  }

  document.addEventListener("visibilitychange", () => { if (document.hidden) stop(); else start(); });
  addEventListener("pagehide", stop);
  if (!document.hidden) start();
}
