// Follows the workspace: swaps in what the server has drawn, and sends back what is pressed, chosen and filled in.
import { localise } from "./times.js";

export async function send(path, body) {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ as: document.body.dataset.as, ...body }),
    });
    return answer.ok ? await answer.json() : { shown: await answer.text() };
  } catch {
    return { shown: "The sandbox does not answer. Is it still running?" };
  }
}

export function fail(place, words) {
  const line = place?.querySelector(".failure");
  if (!line) return;
  line.textContent = words ?? "";
  line.hidden = !words;
}

const composerOf = (node) => node.closest(".pane")?.querySelector(".composer");
const drawn = (html) => {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  localise(holder.content);
  return holder.content;
};

// Live updates

function followList({ id, order, html }) {
  const list = document.getElementById(id);
  const scroll = list.closest(".scroll");
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  const settled = list.dataset.settled;
  const nodes = order.map((key) => {
    const old = document.getElementById(key);
    const fresh = html[key] && drawn(html[key]).firstElementChild;
    if (!fresh || old?.dataset.hash === fresh.dataset.hash || old?.classList.contains("editing")) return old;
    if (settled) fresh.classList.add(old ? "changed" : "fresh");
    return fresh;
  }).filter(Boolean);
  nodes.forEach((node, place) => {
    const there = list.children[place];
    if (there === node) return;
    if (there && there.id === node.id) swap(there, () => there.replaceWith(node), node);
    else list.insertBefore(node, there ?? null);
  });
  while (list.children.length > nodes.length) list.lastElementChild.remove();
  list.dataset.settled = "yes";
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  else if (nodes.at(-1)?.classList.contains("fresh")) offerLatest(scroll);
}

// Whoever works with the keyboard keeps their place when what has the focus is drawn anew.
function swap(old, change, next) {
  const reachable = "button, a, select, input, textarea";
  const place = [...old.querySelectorAll(reachable)].indexOf(document.activeElement);
  change();
  if (place >= 0) next.querySelectorAll(reachable)[place]?.focus({ preventScroll: true });
}

function offerLatest(scroll) {
  if (scroll.parentElement.querySelector(".to-latest")) return;
  const button = Object.assign(document.createElement("button"), { className: "to-latest", textContent: "New messages ↓" });
  button.onclick = () => scroll.scrollTo({ top: scroll.scrollHeight, behavior: "smooth" });
  scroll.addEventListener("scroll", () => {
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80) button.remove();
  });
  scroll.after(button);
}

function followPart({ id, html }) {
  const place = document.getElementById(id);
  if (!place) return;
  if (id === "modal") return followModal(place, html);
  if (place.innerHTML.trim() !== html.trim()) swap(place, () => place.replaceChildren(drawn(html)), place);
}

function followModal(place, html) {
  const open = place.querySelector("dialog");
  const next = drawn(html);
  const dialog = next.querySelector("dialog");
  if (open?.open && dialog && open.dataset.view === dialog.dataset.view && open.dataset.hash === dialog.dataset.hash) return;
  const kept = open?.querySelector("form :focus")?.name;
  const typed = open && dialog?.dataset.view === open.dataset.view ? new FormData(open.querySelector("form")) : null;
  place.replaceChildren(next);
  if (!dialog) return;
  for (const [name, value] of typed ?? []) {
    const field = dialog.querySelector("form").elements[name];
    if (field && !(field instanceof RadioNodeList) && field.type !== "checkbox") field.value = value;
  }
  dialog.addEventListener("cancel", () => send("page/close", { view: dialog.dataset.view }));
  show(dialog, typed && kept);
}

// A form is opened to be filled in: the keyboard stands in its first field, or where it stood.
function show(dialog, name) {
  dialog?.showModal();
  const fields = [...(dialog?.querySelectorAll(".modal-body :is(input, select, textarea)") ?? [])];
  (fields.find((field) => name && field.name === name) ?? fields[0])?.focus();
}

function follow() {
  const source = new EventSource(document.body.dataset.stream);
  source.addEventListener("list", (event) => followList(JSON.parse(event.data)));
  source.addEventListener("part", (event) => followPart(JSON.parse(event.data)));
  addEventListener("pagehide", () => source.close());
}

// What people do

function where(node) {
  const message = node.closest(".message");
  const view = node.closest("[data-view]")?.dataset.view;
  return view ? { view } : { channel: message?.dataset.channel, ts: message?.dataset.ts };
}

// A link to a message of this workspace leads to where it stands on the page, or opens its channel.
function visit(link, event) {
  const [, channel, digits] = link.pathname.match(/^\/archives\/(\w+)\/p(\d{16})$/) ?? [];
  if (!digits || link.host !== location.host) return;
  event.preventDefault();
  const ts = `${digits.slice(0, 10)}.${digits.slice(10)}`;
  const message = document.querySelector(`.message[data-channel="${channel}"][data-ts="${ts}"]`);
  if (!message) return location.assign(`${link.pathname}${location.search || "?"}&${link.search.slice(1)}`);
  message.scrollIntoView({ block: "center", behavior: "smooth" });
  message.classList.remove("changed");
  requestAnimationFrame(() => message.classList.add("changed"));
}

async function confirmed(button) {
  const asked = button.nextElementSibling;
  if (!asked?.matches("template.confirmation")) return true;
  const dialog = document.getElementById("confirm");
  dialog.firstElementChild.replaceChildren(asked.content.cloneNode(true));
  dialog.returnValue = "";
  dialog.showModal();
  await new Promise((done) => dialog.addEventListener("close", done, { once: true }));
  return dialog.returnValue === "confirm";
}

async function report(node, kind, value) {
  if (!(await confirmed(node))) return;
  node.setAttribute("aria-busy", "true");
  const block = node.closest("[data-block]")?.dataset.block;
  const answer = await send("page/act", { ...where(node), action: node.dataset.action, block, kind, value });
  node.removeAttribute("aria-busy");
  fail(node.closest("dialog form") ?? composerOf(node), answer.shown);
}

async function submit(form) {
  const fields = {};
  for (const [name, value] of new FormData(form)) (fields[name] ??= []).push(value);
  const button = form.querySelector("[type=submit]");
  button?.setAttribute("aria-busy", "true");
  form.querySelectorAll("[data-error-for]").forEach((place) => (place.textContent = ""));
  const answer = await send("page/submit", { view: form.dataset.submitView, fields });
  button?.removeAttribute("aria-busy");
  fail(form, answer.shown);
  for (const [block, words] of Object.entries(answer.errors ?? {}))
    form.querySelector(`[data-error-for="${CSS.escape(block)}"]`)?.append(words);
}

document.addEventListener("click", async (event) => {
  const node = event.target.closest("button, a");
  if (!node) return;
  if (node.closest(".menu") && !node.hasAttribute("popovertarget")) node.closest(".menu").hidePopover();
  if (node.matches("a[href]")) visit(node, event);
  if (node.dataset.closeView) send("page/close", { view: node.dataset.closeView });
  else if (node.dataset.post) {
    const answer = await send(node.dataset.post, { ...where(node), ...JSON.parse(node.dataset.body) });
    fail(composerOf(node), answer.shown);
  } else if (node.dataset.action) report(node, node.dataset.value === undefined ? "press" : "choose", node.dataset.value);
  else if (node.hasAttribute("data-theme-toggle")) toggleTheme();
  else if (node.dataset.link) navigator.clipboard.writeText(new URL(node.dataset.link, location.origin).href);
  else if (node.hasAttribute("data-copy")) {
    await navigator.clipboard.writeText(node.closest(".curl").querySelector("pre").textContent);
    node.lastElementChild.textContent = "Copied";
  } else if (node.hasAttribute("data-show-all")) {
    node.previousElementSibling.querySelectorAll("tr[hidden]").forEach((row) => (row.hidden = false));
    node.remove();
  } else if (node.dataset.sort) sort(node);
});

document.addEventListener("change", (event) => {
  const node = event.target;
  if (!node.dataset.action) return;
  const boxes = node.type === "checkbox" ? [...node.closest(".options").querySelectorAll(":checked")] : null;
  report(node, "choose", boxes ? boxes.map((box) => box.value) : node.value);
});

document.addEventListener("submit", (event) => {
  if (!event.target.dataset.submitView) return;
  event.preventDefault();
  submit(event.target);
});

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu") || event.newState !== "open") return;
  const from = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(from.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${from.bottom + menu.offsetHeight + 8 > innerHeight ? from.top - menu.offsetHeight - 4 : from.bottom + 4}px`;
}, true);

function sort(button) {
  const head = button.closest("th");
  const body = head.closest("table").tBodies[0];
  const upwards = head.ariaSort !== "ascending";
  const key = (row) => row.children[button.dataset.sort].dataset.value || row.children[button.dataset.sort].textContent;
  const rows = [...body.rows].sort((a, b) => key(a).localeCompare(key(b), undefined, { numeric: true }) * (upwards ? 1 : -1));
  const shown = [...body.rows].filter((row) => !row.hidden).length;
  [...head.parentElement.children].forEach((cell) => (cell.ariaSort = null));
  head.ariaSort = upwards ? "ascending" : "descending";
  rows.forEach((row, place) => (row.hidden = place >= shown));
  body.replaceChildren(...rows);
}

function toggleTheme() {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme || (dark ? "dark" : "light");
  const next = now === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=strict`;
}

localise(document);
document.querySelectorAll(".scroll").forEach((scroll) => (scroll.scrollTop = scroll.scrollHeight));
document.getElementById(location.hash.slice(1))?.scrollIntoView({ block: "center" });
show(document.querySelector("#modal dialog"));
setInterval(() => localise(document), 30_000);
if (document.querySelector(".home")) send("page/home", {});
follow();
