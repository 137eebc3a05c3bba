"""The Jinja2 environment of the page, and what its templates call: Slack's data in, safe HTML out."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from jinja2 import ChainableUndefined, Environment, FileSystemLoader
from markupsafe import Markup

from bot.sandbox.page.charts import draw, number
from bot.sandbox.page.icons import icon
from bot.sandbox.page.markdown import markdown
from bot.sandbox.page.mrkdwn import Naming, mrkdwn, plain
from bot.sandbox.page.rich_text import rich_text

Element = Mapping[str, Any]

_HERE: Final = Path(__file__).parent
_WEB: Final = re.compile(r"https?://|mailto:", re.IGNORECASE)


def environment() -> Environment:
    """Templates that escape everything; a field that a block does not have is empty, never an error."""
    env = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters.update(
        said=said, plain=plain, mrkdwn=mrkdwn, rich_text=rich_text, markdown=markdown, draw=draw, choices=choices,
        safe_url=safe_url, slug=slug,
        filled=filled, local_image=local_image, field_name=field_name, initials=initials,
        number=number,
    )  # fmt: skip
    env.globals.update(icon=icon)
    return env


def said(text: Element | str, naming: Naming) -> Markup:
    """A text object (https://docs.slack.dev/reference/block-kit/composition-objects/text-object) as HTML."""
    if isinstance(text, str):
        return mrkdwn(text, naming)
    if text.get("type") == "mrkdwn":
        return mrkdwn(str(text.get("text", "")), naming)
    return plain(str(text.get("text", "")), emoji=bool(text.get("emoji", True)))


def safe_url(url: str) -> str:
    """The address if a browser may be sent there, otherwise nothing: never a `javascript:` one."""
    return url if _WEB.match(url) else ""


def slug(parts: Iterable[object]) -> str:
    """An id for the page made of several names; different names stay different."""
    return "-".join("".join(_id_character(each) for each in str(part)) for part in parts)


def _id_character(character: str) -> str:
    return character if character.isascii() and character.isalnum() else f"_{ord(character):x}_"


def filled(blocks: Iterable[Element], state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The blocks with what was chosen or typed in them, as `state.values` keeps it, instead of what they began with."""
    return [_filled_block(dict(block), state.get(str(block.get("block_id")), {})) for block in blocks]


def _filled_block(block: dict[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    for place in ("element", "accessory"):
        if place in block:
            block[place] = _filled_element(block[place], kept)
    if block.get("type") == "actions":
        block["elements"] = [_filled_element(each, kept) for each in block.get("elements", ())]
    return block


def _filled_element(element: Element, kept: Mapping[str, Any]) -> dict[str, Any]:
    chosen = kept.get(str(element.get("action_id")), {})
    return dict(element) | {
        key.replace("selected_", "initial_").replace("value", "initial_value"): value
        for key, value in chosen.items()
        if key != "type"
    }


def local_image(image: Element) -> str:
    """Where the page finds an image: only files of this workspace, so that looking never calls another machine."""
    file = (image.get("slack_file") or {}).get("id")
    return f"files/{file}/image" if isinstance(file, str) and file.isalnum() else ""


def field_name(block: Element) -> str:
    """What an input block's control is called in the form that is sent back."""
    return f"{block.get('block_id', '')}\n{(block.get('element') or {}).get('action_id', '')}"


def initials(name: str) -> str:
    """One or two letters that stand for a person."""
    return "".join(word[0] for word in re.findall(r"\w+", name)[:2]).upper()


def choices(element: Element, naming: Naming) -> list[dict[str, Any]]:
    """What can be chosen in a select, radio or checkbox element: value, words, and whether it is chosen now."""
    kind = str(element.get("type"))
    if "users" in kind or "channels" in kind or "conversations" in kind:
        return _named_choices(element, naming)
    chosen = {str(option.get("value")) for option in _initial_options(element)}
    options = element.get("options") or [
        option for group in element.get("option_groups", ()) for option in group.get("options", ())
    ]
    return [
        {
            "value": str(option.get("value")),
            "text": str(option["text"].get("text", "")),
            "html": said(option["text"], naming),
            "description": said(option["description"], naming) if option.get("description") else "",
            "chosen": str(option.get("value")) in chosen,
        }
        for option in options
    ]


def _initial_options(element: Element) -> list[Element]:
    one = element.get("initial_option")
    return [one] if one else list(element.get("initial_options") or ())


def _named_choices(element: Element, naming: Naming) -> list[dict[str, Any]]:
    names = naming.users if "users" in str(element.get("type")) else naming.channels
    keys = ("user", "channel", "conversation")
    chosen = {str(element.get(f"initial_{key}")) for key in keys}
    chosen |= {str(value) for key in keys for value in element.get(f"initial_{key}s") or ()}
    return [
        {"value": value, "text": name, "html": Markup("{}").format(name), "description": "", "chosen": value in chosen}
        for value, name in names.items()
    ]
