"""Buttons, menus, modals, shortcuts and the App Home, with a Bolt app on the other side."""

from typing import Any

import pytest

from tests.bot.sandbox.conftest import Bot, Slack, refused

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def options(*values: str) -> list[Json]:
    return [{"text": plain(value), "value": value} for value in values]


def undo(value: str) -> Json:
    button = {"type": "button", "action_id": "undo", "text": plain("Undo"), "value": value}
    return {"type": "section", "text": plain(f"Change {value}"), "accessory": button}


MENUS = {
    "type": "actions",
    "block_id": "menus",
    "elements": [
        {"type": "static_select", "action_id": "severity", "options": options("low", "high")},
        {"type": "overflow", "action_id": "more", "options": options("note", "close")},
        {"type": "users_select", "action_id": "who"},
    ],
}


def modal(*blocks: Json, **more: Any) -> Json:
    inputs = blocks or (
        {
            "type": "input",
            "block_id": "what",
            "label": plain("What"),
            "element": {"type": "plain_text_input", "action_id": "text", "max_length": 10},
        },
        {
            "type": "input",
            "block_id": "env",
            "label": plain("Where"),
            "optional": True,
            "element": {
                "type": "static_select",
                "action_id": "pick",
                "options": options("production", "staging"),
                "initial_option": options("production")[0],
            },
        },
    )
    return {
        "type": "modal",
        "callback_id": "log",
        "title": plain("Log"),
        "submit": plain("Log"),
        "blocks": list(inputs),
        **more,
    }


async def post(slack: Slack, *blocks: Json) -> str:
    answer = await slack.client.chat_postMessage(channel="payments-dev", text="x", blocks=list(blocks))
    return str(answer["ts"])


async def test_a_click_sends_the_button_its_message_and_a_way_to_answer(slack: Slack, bot: Bot) -> None:
    @bot.app.action("undo")
    async def undone(ack: Any, respond: Any, body: Json) -> None:
        await ack()
        await respond(text=f"Undone {body['actions'][0]['value']}", replace_original=True)

    ts = await post(slack, undo("c1"), undo("c2"))
    outcome = await slack.sandbox.actor.click("ada", "undo", "c2", channel="payments-dev", ts=ts)
    assert outcome.ok
    workspace = slack.sandbox.workspace
    await workspace.until(lambda: "Undone c2" == workspace.timeline("payments-dev")[0].text)
    body = next(body for body in bot.heard if body["type"] == "block_actions")
    assert (ts, "ada") == (body["message"]["ts"], body["user"]["username"])


async def test_a_button_nobody_answers_shows_slacks_words(slack: Slack) -> None:
    ts = await post(slack, undo("c1"))
    outcome = await slack.sandbox.actor.click("ada", "undo", channel="payments-dev", ts=ts)
    assert (False, "This app is not responding. Please try again.") == (outcome.ok, outcome.shown)


async def test_what_is_not_there_cannot_be_clicked_or_chosen(slack: Slack) -> None:
    actor, ts = slack.sandbox.actor, await post(slack, undo("c1"), MENUS)
    with pytest.raises(KeyError):
        await actor.click("ada", "redo", channel="payments-dev", ts=ts)
    with pytest.raises(ValueError, match="not a button"):
        await actor.click("ada", "severity", channel="payments-dev", ts=ts)
    with pytest.raises(ValueError, match="none of the options"):
        await actor.choose("ada", "severity", "medium", channel="payments-dev", ts=ts)
    with pytest.raises(KeyError):
        await actor.click("ada", "undo", channel="payments-dev", ts="1.2")


async def test_what_is_chosen_is_sent_and_kept_in_the_state(slack: Slack, bot: Bot) -> None:
    seen: list[Json] = []

    @bot.app.action({"block_id": "menus"})
    async def chosen(ack: Any, body: Json) -> None:
        await ack()
        seen.append(body)

    ts, actor, ben = await post(slack, MENUS), slack.sandbox.actor, slack.sandbox.workspace.user("ben").id
    await actor.choose("ada", "severity", "high", channel="payments-dev", ts=ts)
    await actor.choose("ada", "more", "note", channel="payments-dev", ts=ts)
    await actor.choose("ada", "who", ben, channel="payments-dev", ts=ts)
    assert "high" == seen[0]["actions"][0]["selected_option"]["value"]
    assert "note" == seen[1]["actions"][0]["selected_option"]["value"]
    state = seen[2]["state"]["values"]["menus"]
    assert ("high", ben) == (state["severity"]["selected_option"]["value"], state["who"]["selected_user"])


async def open_modal(slack: Slack, bot: Bot, view: Json) -> str:
    @bot.app.shortcut("log_change")
    async def opened(ack: Any, shortcut: Json) -> None:
        await ack()
        await slack.client.views_open(trigger_id=shortcut["trigger_id"], view=view)

    workspace = slack.sandbox.workspace
    outcome = await slack.sandbox.actor.run_shortcut("ada", "log_change")
    assert outcome.ok
    await workspace.until(lambda: workspace.modals("ada"))
    return workspace.modals("ada")[-1].id


async def test_a_submission_carries_typed_and_initial_values_and_closes_the_modal(slack: Slack, bot: Bot) -> None:
    seen: list[Json] = []

    @bot.app.view("log")
    async def logged(ack: Any, view: Json) -> None:
        await ack()
        seen.append(view["state"]["values"])

    view_id = await open_modal(slack, bot, modal())
    outcome = await slack.sandbox.actor.submit_view("ada", view_id, {"what": {"text": "pool"}})
    assert outcome.ok
    assert [] == slack.sandbox.workspace.modals("ada")
    assert ("pool", "production") == (
        seen[0]["what"]["text"]["value"],
        seen[0]["env"]["pick"]["selected_option"]["value"],
    )


async def test_the_client_does_not_submit_what_is_empty_or_too_long(slack: Slack, bot: Bot) -> None:
    view_id = await open_modal(slack, bot, modal())
    heard = len(bot.heard)
    empty = await slack.sandbox.actor.submit_view("ada", view_id)
    assert {"what": "Please complete this required field."} == empty.errors
    long = await slack.sandbox.actor.submit_view("ada", view_id, {"what": {"text": "x" * 11}})
    assert {"what": "Must be at most 10 characters."} == long.errors
    assert heard == len(bot.heard)


async def test_errors_of_the_bot_keep_the_modal_open(slack: Slack, bot: Bot) -> None:
    @bot.app.view("log")
    async def logged(ack: Any) -> None:
        await ack(response_action="errors", errors={"what": "Say what changed"})

    view_id = await open_modal(slack, bot, modal())
    outcome = await slack.sandbox.actor.submit_view("ada", view_id, {"what": {"text": "x"}})
    assert (False, {"what": "Say what changed"}) == (outcome.ok, outcome.errors)
    assert {"what": "Say what changed"} == slack.sandbox.workspace.modals("ada")[0].errors


async def test_errors_for_a_block_that_is_not_there_are_trouble(slack: Slack, bot: Bot) -> None:
    @bot.app.view("log")
    async def logged(ack: Any) -> None:
        await ack(response_action="errors", errors={"who": "?"})

    view_id = await open_modal(slack, bot, modal())
    outcome = await slack.sandbox.actor.submit_view("ada", view_id, {"what": {"text": "x"}})
    assert "We had some trouble connecting. Try again?" == outcome.shown


async def test_a_submission_may_update_push_and_clear(slack: Slack, bot: Bot) -> None:
    steps: list[Json] = [
        {"response_action": "update", "view": modal(title=plain("Second"))},
        {"response_action": "push", "view": modal(title=plain("Third"))},
        {"response_action": "clear"},
    ]

    @bot.app.view("log")
    async def logged(ack: Any) -> None:
        await ack(**steps.pop(0))

    actor, workspace = slack.sandbox.actor, slack.sandbox.workspace
    first = await open_modal(slack, bot, modal())
    await actor.submit_view("ada", first, {"what": {"text": "x"}})
    assert ["Second"] == [view.payload["title"]["text"] for view in workspace.modals("ada")]
    await actor.submit_view("ada", first, {"what": {"text": "x"}})
    assert ["Second", "Third"] == [view.payload["title"]["text"] for view in workspace.modals("ada")]
    await actor.submit_view("ada", workspace.modals("ada")[-1].id, {"what": {"text": "x"}})
    assert [] == workspace.modals("ada")


async def test_a_modal_is_updated_with_its_hash_only(slack: Slack, bot: Bot) -> None:
    view_id = await open_modal(slack, bot, modal())
    old = slack.sandbox.workspace.modals("ada")[0].hash
    await slack.client.views_update(view_id=view_id, view=modal(title=plain("New")), hash=old)
    stale = slack.client.views_update(view_id=view_id, view=modal(), hash=old)
    assert "hash_conflict" == await refused(stale)
    unknown = slack.client.views_update(view_id="V99999999", view=modal())
    assert "not_found" == await refused(unknown)
    wrong = slack.client.views_update(view_id=view_id, view=modal(title=plain("x" * 25)))
    assert "invalid_arguments" == await refused(wrong)


async def test_a_fourth_modal_is_too_many(slack: Slack, bot: Bot) -> None:
    button = {"type": "actions", "elements": [{"type": "button", "action_id": "deeper", "text": plain("Deeper")}]}
    view = modal(button)

    @bot.app.action("deeper")
    async def deeper(ack: Any, body: Json) -> None:
        await slack.client.views_push(trigger_id=body["trigger_id"], view=view)
        await ack()

    await open_modal(slack, bot, view)
    actor, workspace = slack.sandbox.actor, slack.sandbox.workspace
    for _ in range(2):
        assert (await actor.click("ada", "deeper", view_id=workspace.modals("ada")[-1].id)).ok
    assert 3 == len(workspace.modals("ada"))
    assert not (await actor.click("ada", "deeper", view_id=workspace.modals("ada")[-1].id)).ok
    assert "push_limit_reached" == workspace.calls[-1].error


async def test_closing_a_modal_is_told_where_the_bot_asked_for_it(slack: Slack, bot: Bot) -> None:
    @bot.app.view_closed("log")
    async def closed(ack: Any) -> None:
        await ack()

    view_id = await open_modal(slack, bot, modal(notify_on_close=True))
    assert (await slack.sandbox.actor.close_view("ada", view_id)).ok
    assert [] == slack.sandbox.workspace.modals("ada")
    assert "view_closed" == bot.heard[-1]["type"]


async def test_a_message_shortcut_carries_the_message(slack: Slack, bot: Bot) -> None:
    @bot.app.shortcut("log_message")
    async def logged(ack: Any) -> None:
        await ack()

    written = (await slack.sandbox.actor.post_message("ben", "payments-dev", "I raised the pool")).message
    assert written is not None
    assert (await slack.sandbox.actor.run_shortcut("ada", "log_message", "payments-dev", written.ts)).ok
    body = next(body for body in bot.heard if body["type"] == "message_action")
    assert "I raised the pool" == body["message"]["text"]


async def test_the_home_tab_is_published_when_it_is_opened(slack: Slack, bot: Bot) -> None:
    button = {"type": "actions", "elements": [{"type": "button", "action_id": "refresh", "text": plain("Refresh")}]}
    home = {"type": "home", "blocks": [button]}

    @bot.app.event("app_home_opened")
    async def opened(event: Json) -> None:
        await slack.client.views_publish(user_id=event["user"], view=home)

    @bot.app.action("refresh")
    async def refresh(ack: Any) -> None:
        await ack()

    workspace = slack.sandbox.workspace
    await slack.sandbox.actor.open_home("mira")
    await workspace.until(lambda: workspace.home("mira"))
    view = workspace.home("mira")
    assert view is not None
    assert (await slack.sandbox.actor.click("mira", "refresh", view_id=view.id)).ok
    with pytest.raises(KeyError):
        await slack.sandbox.actor.click("ada", "refresh", view_id=view.id)
    await slack.client.views_publish(user_id=view.user, view=home)
    assert view.id == getattr(workspace.home("mira"), "id", None)
