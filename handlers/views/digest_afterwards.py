"""What is said in a digest of what was left to do: by whom is told only where somebody took it on themselves."""

from collections.abc import Iterator, Mapping
from typing import Any

from handlers.views import Block
from handlers.views.layout import paragraphs
from handlers.views.text import line, plural


def afterwards(numbers: Mapping[str, Any]) -> list[Block]:
    """Return the lines there are; a digest of an earlier release has none."""
    told = numbers.get("afterwards")
    lines = list(_lines(told)) if told else []
    return paragraphs(["*Left to do*", *lines]) if lines else []


def _lines(told: Mapping[str, Any]) -> Iterator[str]:
    if told["unreviewed"]:
        named = [f"*INC-{i['id']}* {i['severity']} {line(i['title'], 60)}" for i in told["worst"]]
        count = plural(told["unreviewed"], "incident")
        yield f"• {count} without review: {_listed(named, told['unreviewed'])} · `/incident close` when it is done"
    if told["late"]:
        count = plural(told["late"], "action item")
        yield f"• {count} past due: {_listed(list(map(_item, told['latest'])), told['late'])}"


def _item(item: Mapping[str, Any]) -> str:
    owner = line(item["owner"], 40) if item["owner"] else "nobody"
    return f"*A{item['id']}* {line(item['text'], 60)} ({owner}, due {item['due_on']}, INC-{item['incident']})"


def _listed(named: list[str], count: int) -> str:
    more = f" and {count - len(named)} more" if count > len(named) else ""
    return "; ".join(named) + more
