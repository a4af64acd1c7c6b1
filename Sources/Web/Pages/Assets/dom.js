// What every other module needs of the page. Text from people reaches the page as textContent only.

/** The element inside `root` that the template calls `name`. */
export const part = (root, name) => root.querySelector(`[data-part="${name}"]`);

let clearing;

/** Tells people who listen to the page; those who look see the same elsewhere. */
export function say(text) {
  const status = document.getElementById("status");
  // Emptied first, so that the same sentence twice is read twice.
  status.textContent = "";
  clearTimeout(clearing);
  clearing = setTimeout(() => { status.textContent = text; }, 100);
}

const units = ["kB", "MB", "GB", "TB", "PB"];

/** A size for people: powers of 1000, three digits. The server renders sizes by the same rule. */
export function formatBytes(bytes) {
  if (bytes < 1000) return bytes === 1 ? "1 byte" : `${bytes} bytes`;
  let value = bytes;
  let unit = -1;
  // 999.5 kB would be rounded to 1000 kB: that is 1.0 MB.
  do { value /= 1000; unit += 1; } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const days = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });

/** Shows the moment that a <time> carries in the person's own zone and manner. */
export function showTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const format = "date" in element.dataset ? days : moments;
  element.textContent = format.format(moment);
}

/** "4:05": what a clock on the wall would show. */
export function formatClock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "45 seconds", "1 minute", "4 minutes 5 seconds": what a person would say. */
export function formatSpan(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const of = (count, unit) => `${count} ${unit}${count === 1 ? "" : "s"}`;
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (minutes === 0) return of(rest, "second");
  return rest === 0 ? of(minutes, "minute") : `${of(minutes, "minute")} ${of(rest, "second")}`;
}
