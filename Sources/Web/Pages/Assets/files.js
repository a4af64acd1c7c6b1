// The list: search as you type, order, more, delete, and news of what moves from staged to stored.

import { call } from "./api.js";
import { ask } from "./confirm.js";
import { part, say } from "./dom.js";
import { watchFiles } from "./events.js";
import { isBefore, makeRow, nameOf, showState } from "./rows.js";

const patience = 250;
const largestPage = 500;

const section = document.getElementById("files");
const rows = part(section, "rows");
const search = document.getElementById("search");
const searchForm = document.getElementById("search-form");
const trouble = part(section, "trouble");
const more = part(section, "more");
const next = part(section, "next");
const limit = Number(section.dataset.limit);

let sort = section.dataset.sort;
let term = search.value.trim();
/** Where the list begins; null for its first file. */
let start = new URL(location.href).searchParams.get("cursor");
let cursor = more.hidden ? null : new URL(next.href).searchParams.get("cursor");

/** Deleted while the page was open: an answer that was on its way then may still name them. */
const gone = new Set();

const rowsById = () => new Map([...rows.children].map((row) => [row.dataset.id, row]));
const rowOf = (id) => [...rows.children].find((row) => row.dataset.id === id);
const matches = (name) => name.toLowerCase().includes(term.toLowerCase());

/** The page's own address for an order and a search, and the API's. */
function query({ order = sort, after, count } = {}) {
  const fields = new URLSearchParams();
  if (term) fields.set("search", term);
  if (order !== "-created" || count) fields.set("sort", order);
  if (count) fields.set("limit", String(count));
  if (after) fields.set("cursor", after);
  const text = fields.toString();
  return text ? `?${text}` : "";
}

// Showing

function showFrame() {
  const count = rows.children.length;
  part(section, "head").hidden = count === 0 && term === "";
  part(section, "some").hidden = count === 0;
  part(section, "none").hidden = count > 0 || term !== "";
  part(section, "no-match").hidden = count > 0 || term === "";
  part(section, "term").textContent = term;
  more.hidden = cursor === null;
  if (cursor) next.href = `/${query({ after: cursor })}`;
  history.replaceState(null, "", `/${query({ after: start })}`);
  part(searchForm, "sort").value = sort;
  showOrder();
}

function showOrder() {
  for (const link of section.querySelectorAll("[data-sort-by]")) {
    const key = link.dataset.sortBy;
    const isHere = sort.replace("-", "") === key;
    const direction = sort.startsWith("-") ? "descending" : "ascending";
    link.closest("th").setAttribute("aria-sort", isHere ? direction : "none");
    link.href = `/${query({ order: orderAfterClick(key) })}`;
  }
}

/** The other way round where it is sorted by already; else names from A, sizes from the largest, dates from the newest. */
function orderAfterClick(key) {
  if (sort.replace("-", "") === key) return sort.startsWith("-") ? key : `-${key}`;
  return key === "name" ? key : `-${key}`;
}

/** Rows that are already there stay the same elements, so that the focus stays where it is. */
function replaceRows(files, following) {
  cursor = following;
  const old = rowsById();
  const fresh = files.map((file) => {
    const row = old.get(file.id);
    if (row) showState(row, file);
    return row ?? makeRow(file);
  });
  if (fresh.length === rows.children.length && fresh.every((row, index) => row === rows.children[index])) return;
  const focused = document.activeElement;
  rows.replaceChildren(...fresh);
  if (fresh.some((row) => row.contains(focused))) focused.focus({ preventScroll: true });
}

/** For the first of more rows than one answer holds: what is behind them stays as it is. */
function mergeRows(files) {
  const old = rowsById();
  for (const file of files) {
    if (old.has(file.id)) showState(old.get(file.id), file); else upsert(file);
  }
}

function showTrouble(problem) {
  const text = problem?.message ?? "";
  // The same trouble is told once, however often it comes back.
  if (trouble.textContent !== text) trouble.textContent = text;
  trouble.hidden = !problem;
}

// Loading

let loading = null;

/** Fetches a page and hands it to `show`; a later call overtakes an earlier one. Returns whether it came to that. */
async function load({ after, count, isBackground = false }, show) {
  loading?.abort();
  const mine = loading = new AbortController();
  if (!isBackground) section.setAttribute("aria-busy", "true");
  try {
    const page = await call("GET", `/api/v1/files${query({ after, count })}`, { signal: mine.signal, isBackground });
    show(page.files.filter((file) => !gone.has(file.id)), page.next);
    showTrouble(null);
    showFrame();
    return true;
  } catch (error) {
    if (error.name !== "AbortError") showTrouble(error);
    return false;
  } finally {
    if (loading === mine) {
      loading = null;
      section.removeAttribute("aria-busy");
    }
  }
}

async function reload() {
  start = null;
  if (await load({ count: limit }, replaceRows)) sayCount();
}

/** All that is loaded once more, on nobody's behest, and nothing else; what a person is waiting for is as fresh. */
function refresh() {
  if (loading !== null) return;
  const { length } = rows.children;
  const count = Math.min(Math.max(limit, length), largestPage);
  load({ after: start, count, isBackground: true }, length > largestPage ? mergeRows : replaceRows).then(leaveEmptyPage);
}

/** Where all files of a page are gone that was not the first, there are others before it. */
function leaveEmptyPage() {
  if (start === null || rows.children.length > 0) return;
  start = null;
  load({ count: limit, isBackground: true }, replaceRows);
}

async function showMore() {
  let first;
  const isShown = await load({ after: cursor, count: limit }, (files, following) => {
    cursor = following;
    const fresh = files.filter((file) => !rowOf(file.id)).map(makeRow);
    rows.append(...fresh);
    first = fresh[0];
  });
  if (!isShown) return;
  // The link that had the focus is gone after the last page.
  if (more.hidden) first?.querySelector("a, button")?.focus();
  sayCount();
}

function sayCount() {
  const count = rows.children.length;
  if (count === 0) return say(term ? `No name contains ${term}.` : "No files.");
  const shown = count === 1 ? "1 file" : `${count} files`;
  say(cursor ? `${shown} shown, there are more.` : `${shown} shown.`);
}

// Changes

let stored = [];
let telling;

/** Many files are often stored within a moment: one sentence for all. */
function tellStored(name) {
  stored.push(name);
  clearTimeout(telling);
  telling = setTimeout(() => {
    say(stored.length === 1 ? `${stored[0]} is stored.` : `${stored.length} files are stored.`);
    stored = [];
  }, 1000);
}

function upsert(file) {
  if (gone.has(file.id)) return;
  const row = rowOf(file.id);
  if (row) {
    if (!showState(row, file)) return;
    row.classList.add("is-changed");
    if (file.state === "stored") tellStored(file.name);
    if (file.state === "failed") say(`${file.name} could not be stored.`);
    return;
  }
  if (!matches(file.name)) return;
  const fresh = makeRow(file);
  const after = [...rows.children].find((other) => isBefore(fresh, other, sort));
  // Where it belongs behind what is loaded, "Show more" will bring it; what is before that is on another page.
  if ((!after && cursor !== null) || (after === rows.firstElementChild && start !== null)) return;
  fresh.classList.add("is-changed");
  rows.insertBefore(fresh, after ?? null);
  showFrame();
}

function drop(id) {
  gone.add(id);
  const row = rowOf(id);
  if (!row) return;
  const hadFocus = row.contains(document.activeElement);
  const neighbour = row.nextElementSibling ?? row.previousElementSibling;
  row.remove();
  showFrame();
  // With the last file of all the search is gone too.
  const rest = term ? search : document.getElementById("upload-input");
  if (hadFocus) (neighbour?.querySelector("button") ?? rest).focus();
  leaveEmptyPage();
}

async function deleteFile(row) {
  const name = nameOf(row);
  const agreed = await ask({ title: "Delete this file?", name, text: "It will be gone for good.", action: "Delete" });
  if (!agreed) return;
  try {
    await call("DELETE", `/api/v1/files/${encodeURIComponent(row.dataset.id)}`);
  } catch (error) {
    // Somebody was faster: it is gone, as was wished.
    if (error.status !== 404) return showTrouble(error);
  }
  row.querySelector("button").focus();
  drop(row.dataset.id);
  say(`${name} is deleted.`);
}

// Events of the page

let typing;

function searchNow() {
  clearTimeout(typing);
  const wish = search.value.trim();
  if (wish === term) return;
  term = wish;
  reload();
}

search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(searchNow, patience);
});
searchForm.addEventListener("submit", (event) => { event.preventDefault(); searchNow(); });

section.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const role = link.dataset.part;
  if (!link.dataset.sortBy && role !== "next" && role !== "all") return;
  event.preventDefault();
  if (role === "next") return showMore();
  if (role === "all") {
    search.value = "";
    search.focus();
    return searchNow();
  }
  sort = orderAfterClick(link.dataset.sortBy);
  reload();
});

section.addEventListener("submit", (event) => {
  if (event.target.dataset.part !== "delete") return;
  event.preventDefault();
  deleteFile(event.target.closest("tr"));
});

document.addEventListener("sluice:file", (event) => upsert(event.detail));
document.addEventListener("sluice:missed", refresh);

part(searchForm, "submit").hidden = true;
watchFiles({ file: upsert, gone: drop, missed: refresh });
