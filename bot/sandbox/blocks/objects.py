"""Composition objects: text, options, the confirmation dialog.
https://docs.slack.dev/reference/block-kit/composition-objects .
"""

from bot.sandbox.blocks.checks import Check, boolean, by_type, enum, items, shape, string, url


def text(most: int = 3000, least: int = 1) -> Check:
    """A plain_text or mrkdwn object. 1–3,000 characters: …/composition-objects/text-object ."""
    mrkdwn = shape({"text": string(most, least)}, {"verbatim": boolean})
    return by_type({"plain_text": _plain(most, least), "mrkdwn": mrkdwn})


def plain(most: int, least: int = 1) -> Check:
    """A plain_text object."""
    return by_type({"plain_text": _plain(most, least)})


def _plain(most: int, least: int) -> Check:
    return shape({"text": string(most, least)}, {"emoji": boolean})


# …/composition-objects/option-object : text 75, value 150, description 75; url (3,000) in overflow menus only;
# mrkdwn in radio buttons and checkboxes only.
plain_option = shape({"text": plain(75), "value": string(150)}, {"description": plain(75)})
rich_option = shape({"text": text(75), "value": string(150)}, {"description": text(75)})
overflow_option = shape({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": url()})

# …/composition-objects/option-group-object : label 75, options 100.
option_group = shape({"label": plain(75), "options": items(plain_option, 100)})

# …/composition-objects/confirmation-dialog-object : title 100, text 300, buttons 30.
confirm = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": enum("primary", "danger")},
)

# …/composition-objects/slack-file-object
slack_file = shape({}, {"id": string(), "url": url()})

dispatch_action_config = shape(
    {}, {"trigger_actions_on": items(enum("on_enter_pressed", "on_character_entered"), most=2)}
)

conversation_filter = shape(
    {},
    {
        "include": items(enum("im", "mpim", "private", "public"), most=4),
        "exclude_external_shared_channels": boolean,
        "exclude_bot_users": boolean,
    },
)
