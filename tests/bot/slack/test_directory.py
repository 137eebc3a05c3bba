"""Who is in the workspace, over HTTP."""

from bot.slack.directory import Directory
from tests.bot.slack.conftest import Slack
from tests.support.world import Clock


async def test_the_people_are_known_without_the_bot_and_asked_for_once(slack: Slack, clock: Clock) -> None:
    directory = Directory(slack.messenger.client, clock)
    first = await directory.people()
    again = await directory.people()

    assert {user.name for user in slack.workspace.users.values() if not user.is_bot} == {p.handle for p in first}
    assert first is again
    assert 1 == sum(call.method == "users.list" for call in slack.workspace.calls)
