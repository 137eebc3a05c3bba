// Puts moments into the reader's own zone and language, in Slack's forms: {date_short_pretty} at {time}, and so on.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting

const style = (options) => (at) => new Intl.DateTimeFormat(undefined, options).format(at);
const long = style({ weekday: "long", year: "numeric", month: "long", day: "numeric" });
const middle = style({ year: "numeric", month: "long", day: "numeric" });
const short = style({ year: "numeric", month: "short", day: "numeric" });
const pad = (value) => String(value).padStart(2, "0");

const days = (at, now) => Math.round((new Date(at).setHours(0, 0, 0, 0) - new Date(now).setHours(0, 0, 0, 0)) / 86_400_000);
const pretty = (otherwise) => (at) => ({ "-1": "yesterday", 0: "today", 1: "tomorrow" })[days(at, Date.now())] ?? otherwise(at);

function ago(at) {
  const seconds = (at - Date.now()) / 1000;
  const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60]].find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

const FORMS = {
  date_num: (at) => `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`,
  date_slash: style({ year: "numeric", month: "2-digit", day: "2-digit" }),
  date: middle, date_long: long, date_long_full: middle, date_short: short,
  date_pretty: pretty(middle), date_long_pretty: pretty(long), date_short_pretty: pretty(short), day_divider_pretty: pretty(long),
  time: style({ hour: "2-digit", minute: "2-digit" }),
  time_secs: style({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago,
};

export function localise(place) {
  for (const node of place.querySelectorAll("time[data-form]")) {
    const at = new Date(node.dateTime);
    node.textContent = node.dataset.form.replace(/\{(\w+)\}/g, (all, form) => FORMS[form]?.(at) ?? all);
    node.title ||= at.toLocaleString();
  }
}
