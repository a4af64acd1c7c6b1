// The rows of the list: made from the page's own template, so that they look as the server's do.

import { formatBytes, part, showTime } from "./dom.js";

const blank = document.getElementById("file-row").content.firstElementChild;
const words = document.getElementById("files").dataset;

export function makeRow(file) {
  const row = blank.cloneNode(true);
  row.dataset.id = file.id;
  part(row, "name").textContent = file.name;
  for (const label of row.querySelectorAll('[data-part="label"]')) label.textContent = file.name;
  part(row, "size").value = file.size;
  part(row, "size").textContent = formatBytes(file.size);
  part(row, "added").dateTime = file.createdAt;
  showTime(part(row, "added"));
  const id = encodeURIComponent(file.id);
  part(row, "download").href = `/api/v1/files/${id}/content`;
  part(row, "delete").action = `/files/${id}/delete`;
  showState(row, file);
  return row;
}

/** Only a file's state ever changes. Returns whether it did; news that was overtaken by later news is none. */
export function showState(row, file) {
  const state = part(row, "state");
  const before = state.dataset.state;
  // A stored file is never staged again.
  if (before === "stored" && file.state === "staged") return false;
  state.dataset.state = file.state;
  state.textContent = words[file.state] ?? file.state;
  const failure = part(row, "failure");
  failure.textContent = file.failure ?? "";
  failure.hidden = !file.failure;
  return before !== file.state;
}

export const nameOf = (row) => part(row, "name").textContent;

const values = {
  name: (row) => nameOf(row).toLowerCase(),
  size: (row) => Number(part(row, "size").value),
  created: (row) => Date.parse(part(row, "added").dateTime),
};

/** Whether `row` stands before `other` in the order `sort`, such as "-created". */
export function isBefore(row, other, sort) {
  const value = values[sort.replace("-", "")];
  const [a, b] = [value(row), value(other)];
  return sort.startsWith("-") ? a > b : a < b;
}
