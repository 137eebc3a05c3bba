"""The edge of a workspace: its ids carry its name inside the bot, and lose it on the way out."""

from bot.slack.edge import Edge
from handlers.views import Message


async def _name(address: str) -> str:
    return {"U1": "ada", "partner/U1": "<!here> omar"}[address]


PARTNER = Edge("partner", _name, is_alone=False)
HOME = Edge("", _name, is_alone=False)


def test_what_slack_tells_has_ids_as_the_rest_of_the_bot_knows_them() -> None:
    told = {
        "type": "block_actions",
        "user": {"id": "U1", "name": "omar"},
        "channel": {"id": "C1", "name": "ops"},
        "container": {"channel_id": "C1", "message_ts": "1.0", "view_id": "V1"},
        "trigger_id": "T1",
        "view": {"id": "V1", "state": {"values": {"who": {"x": {"selected_user": "U2"}}}}},
        "item": {"type": "message", "channel": "C1", "ts": "1.0"},
        "message": {"user": "U2", "text": "ask <@U1> in <#C1|ops>", "reactions": [{"name": "eyes", "users": ["U1"]}]},
        "actions": [{"value": "C1"}],
    }
    seen = PARTNER.seen(told)
    assert {"id": "partner/U1", "name": "omar"} == seen["user"]
    assert {"channel_id": "partner/C1", "message_ts": "1.0", "view_id": "partner/V1"} == seen["container"]
    assert ("partner/T1", "partner/V1", "partner/C1") == (
        seen["trigger_id"],
        seen["view"]["id"],
        seen["item"]["channel"],
    )
    assert "partner/U2" == seen["view"]["state"]["values"]["who"]["x"]["selected_user"]
    assert "ask <@partner/U1> in <#partner/C1|ops>" == seen["message"]["text"]
    assert ["partner/U1"] == seen["message"]["reactions"][0]["users"]
    assert "C1" == seen["actions"][0]["value"]
    assert told == HOME.seen(told)


async def test_people_and_channels_of_another_workspace_are_words() -> None:
    blocks = ({"type": "section", "text": {"type": "mrkdwn", "text": "<@partner/U1> in <#partner/C1> and <@U1>"}},)
    message = Message(text="<@U1> <!date^1^{date}|then> <https://x.example|x>", blocks=blocks)
    at_home, there = await HOME.shown(message), await PARTNER.shown(message)
    assert "<@U1> <!date^1^{date}|then> <https://x.example|x>" == at_home.text
    assert "@\u2060&lt;!here&gt; omar in (a channel elsewhere) and <@U1>" == at_home.blocks[0]["text"]["text"]
    assert "@\u2060ada <!date^1^{date}|then> <https://x.example|x>" == there.text
    assert "<@U1> in <#C1> and @\u2060ada" == there.blocks[0]["text"]["text"]
    assert message is await Edge().shown(message)
