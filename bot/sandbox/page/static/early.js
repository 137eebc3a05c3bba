// Keeps what people do before the page's modules have come, and lets it happen as soon as they have.
{
  const kept = [];
  const wanted = {
    click: "button:not([type=submit], [popovertarget]), a[href^='/archives/'], a[href*='//'][href*='/archives/']",
    submit: "form",
    change: "[data-action]",
    input: ".composer textarea",
    keydown: ".composer textarea",
  };
  const keep = (event) => {
    const node = event.target.closest?.(wanted[event.type]);
    if (!node || event.ctrlKey || event.metaKey) return;
    if (event.type === "keydown" && (event.key !== "Enter" || event.shiftKey || event.isComposing)) return;
    event.preventDefault();
    event.stopPropagation();
    kept.push([node, new event.constructor(event.type, event)]);
  };
  for (const type of Object.keys(wanted)) addEventListener(type, keep, true);
  // It comes after the modules: https://developer.mozilla.org/docs/Web/API/Document/DOMContentLoaded_event
  addEventListener("DOMContentLoaded", () => {
    for (const type of Object.keys(wanted)) removeEventListener(type, keep, true);
    for (const [node, event] of kept) node.dispatchEvent(event);
  });
}
