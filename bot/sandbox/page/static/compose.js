// Writing: the composer with its list of commands, and editing one's own message in place.
import { fail, send } from "./page.js";

function suggest(form) {
  const text = form.elements.text.value;
  const list = form.querySelector(".suggestions");
  const typed = text.startsWith("/") ? text.slice(1).split(/\s/)[0].toLowerCase() : null;
  const writing = typed !== null && !text.slice(1).includes(" ");
  let matches = 0;
  for (const option of list.children) {
    const name = option.dataset.command.slice(1);
    option.hidden = typed === null || !(writing ? name.startsWith(typed) : name === typed);
    option.ariaSelected = String(!option.hidden && matches === 0);
    matches += !option.hidden;
  }
  list.hidden = matches === 0;
}

function take(form, option) {
  form.elements.text.value = `${option.dataset.command} `;
  form.elements.text.focus();
  suggest(form);
}

function move(list, step) {
  const shown = [...list.querySelectorAll("li:not([hidden])")];
  const at = shown.findIndex((option) => option.ariaSelected === "true");
  shown.forEach((option) => (option.ariaSelected = "false"));
  shown.at((at + step) % shown.length).ariaSelected = "true";
}

async function say(form) {
  const text = form.elements.text.value;
  if (!text.trim()) return;
  form.elements.text.value = "";
  suggest(form);
  const scroll = form.closest(".pane").querySelector(".scroll");
  scroll.scrollTop = scroll.scrollHeight;
  const answer = await send("page/say", { channel: form.dataset.channel, thread: form.dataset.thread, text });
  fail(form, answer.shown);
}

for (const form of document.querySelectorAll(".composer")) {
  const list = form.querySelector(".suggestions");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say(form);
  });
  form.addEventListener("input", () => {
    fail(form, "");
    suggest(form);
  });
  form.addEventListener("keydown", (event) => {
    const chosen = !list.hidden && list.querySelector("[aria-selected=true]");
    const complete = chosen && form.elements.text.value.trim() === chosen.dataset.command;
    const choosing = chosen && !form.elements.text.value.includes(" ");
    if (choosing && event.key === "ArrowDown") move(list, 1);
    else if (choosing && event.key === "ArrowUp") move(list, -1);
    else if (event.key === "Escape") list.hidden = true;
    else if (choosing && (event.key === "Tab" || (event.key === "Enter" && !complete))) take(form, chosen);
    else if (event.key === "Enter" && !event.shiftKey && !event.isComposing) say(form);
    else return;
    event.preventDefault();
  });
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("li");
    if (!option) return;
    event.preventDefault();
    take(form, option);
  });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-edit]");
  if (!button) return;
  const message = button.closest(".message");
  const body = message.querySelector(".body");
  const form = document.getElementById("edit-form").content.cloneNode(true).firstElementChild;
  const field = form.querySelector("textarea");
  const close = () => {
    message.classList.remove("editing");
    form.remove();
  };
  field.value = button.dataset.edit;
  message.classList.add("editing");
  body.after(form);
  field.focus();
  form.querySelector("[data-cancel]").onclick = close;
  form.onkeydown = (pressed) => {
    if (pressed.key === "Escape") close();
    if (pressed.key === "Enter" && !pressed.shiftKey) pressed.preventDefault(), form.requestSubmit();
  };
  form.onsubmit = async (submitted) => {
    submitted.preventDefault();
    close();
    await send("page/edit", { channel: message.dataset.channel, ts: message.dataset.ts, text: field.value });
  };
});
