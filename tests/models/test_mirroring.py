"""What is carried to the other side: which threads, and a person's words so that nobody is pinged twice."""

from datetime import datetime

import pytest

from models.mirroring import Decision, Mirror, carried, is_kept_here, is_mirrored, mentioned


@pytest.mark.parametrize(
    ("expected", "mirror", "subject", "decided"),
    [
        (True, "incidents", "incident:1", None),
        (False, "incidents", "deploy:1", None),
        (True, "always", "deploy:1", None),
        (False, "ask", "incident:1", None),
        (True, "ask", "incident:1", True),
        (False, "incidents", "incident:1", False),
        (True, "incidents", "deploy:1", True),
        (False, "never", "incident:1", True),
        (False, "always", "digest:1", True),
    ],
)
def test_a_thread_is_carried_as_its_bridge_or_a_person_says(
    expected: bool, mirror: Mirror, subject: str, decided: bool | None, at: datetime
) -> None:
    assert expected is is_mirrored(mirror, subject, None if decided is None else Decision(decided, at))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("@\u2060Jun, see <#C1>", "<@U1>, see <#C1|ops>"),
        ("@\u2060U9", "<@U9>"),
        ("@\u2060nick", "<@U9|nick>"),
        ("@\u2060here @\u2060channel @\u2060oncall", "<!here> <!channel|@channel> <!subteam^S1|@oncall>"),
        ("@\u2060group", "<!subteam^S1>"),
        ("<https://x.example/a?b=1&amp;c|x> `a &lt; b` *so*", "<https://x.example/a?b=1&amp;c|x> `a &lt; b` *so*"),
        ("<mailto:a@b.example|a@b.example>", "<mailto:a@b.example|a@b.example>"),
        ("<!date^1700000000^{date}|then>", "<!date^1700000000^{date}|then>"),
    ],
)
def test_words_stay_as_they_were_but_ping_nobody(expected: str, text: str) -> None:
    assert expected == carried(text, {"U1": "Jun"})


def test_a_name_cannot_bring_markup() -> None:
    assert "@\u2060&lt;!here&gt;" == carried("<@U1>", {"U1": "<!here>"})


def test_who_is_mentioned_is_found() -> None:
    assert {"U1", "U2"} == mentioned("<@U1> and <@U2|x>, not <#C1|x>")


@pytest.mark.parametrize(("expected", "text"), [(True, "// x"), (True, " 🔒x"), (True, ":lock: x"), (False, "x // y")])
def test_a_mark_in_front_keeps_a_reply(expected: bool, text: str) -> None:
    assert expected is is_kept_here(text)
