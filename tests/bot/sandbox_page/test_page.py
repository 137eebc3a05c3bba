"""The page over real HTTP: what a newcomer sees, what each person can do, and who is kept out."""

import pytest

from tests.bot.sandbox_page.conftest import Stage


async def test_a_newcomer_sees_both_channels_and_four_people(stage: Stage) -> None:
    page = (await stage.http.get("/")).text
    assert 'aria-label="#payments-dev"' in page
    assert 'aria-label="#payments-ops"' in page
    assert ["Ada", "Ben", "Mira", "Jun"] == [
        name for name in ("Ada", "Ben", "Mira", "Jun") if f"<span>{name}</span>" in page
    ]
    assert "Nothing here yet" in page


async def test_nothing_on_the_page_comes_from_elsewhere_and_nothing_is_inline(stage: Stage) -> None:
    answer = await stage.http.get("/")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<style" not in answer.text
    assert ' style="' not in answer.text
    for asset in ("base.css", "page.js", "times.js", "compose.js", "logo.svg"):
        assert 200 == (await stage.http.get(f"/page/static/{asset}")).status_code


@pytest.mark.parametrize(
    "path", ["/page/static/nothing.css", "/page/static/..%2Froutes.py", "/page/static/%2Fetc%2Fpasswd"]
)
async def test_only_the_pages_own_assets_are_served(stage: Stage, path: str) -> None:
    assert 404 == (await stage.http.get(path)).status_code


async def test_hostile_words_of_a_person_and_of_the_bot_are_only_words(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="<script>alert(1)</script> <javascript:alert(1)|x>")
    await stage.slack.chat_postMessage(channel="payments-dev", text="</ol><img src=x onerror=alert(1)>")
    page = (await stage.http.get("/")).text
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


async def test_what_is_typed_is_said_with_people_channels_and_links_as_slack_writes_them(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="@mira see #payments-ops & https://a.example/?a=1&b=2 <now>")
    mira, ops = stage.user("mira"), stage.id("payments-ops")
    expected = f"<@{mira}> see <#{ops}|payments-ops> &amp; <https://a.example/?a=1&amp;b=2> &lt;now&gt;"
    assert [expected] == stage.texts("payments-dev")


async def test_a_line_with_a_slash_is_a_command_and_its_answer_only_for_the_one_who_typed(stage: Stage) -> None:
    answer = await stage.post("say", channel="payments-dev", text="/deploys payments")
    assert {} == answer.json()
    assert "Heard /deploys" in (await stage.http.get("/")).text
    assert "Only visible to you" in (await stage.http.get("/")).text
    assert "Heard /deploys" not in (await stage.http.get("/?as=ben")).text


async def test_a_command_that_fails_is_told_in_slacks_words(stage: Stage) -> None:
    answer = await stage.post("say", channel="payments-dev", text="/broken")
    assert {"shown": '/broken failed with the error "dispatch_failed"'} == answer.json()


async def test_a_modal_is_on_the_screen_of_the_one_who_asked_and_can_be_filled_in(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="/change")
    view = stage.sandbox.workspace.modals("ada")[-1]
    assert f'data-view="{view.id}"' in (await stage.http.get("/")).text
    assert f'data-view="{view.id}"' not in (await stage.http.get("/?as=ben")).text

    refused = await stage.post("submit", view=view.id, fields={"what\ntext": ["nonsense"], "who\nperson": [""]})
    assert {"errors": {"what": "Say what was changed."}} == refused.json()
    done = await stage.post(
        "submit", view=view.id, fields={"what\ntext": ["Pool to 40"], "who\nperson": [stage.user("mira")]}
    )
    assert {} == done.json()
    assert ["Changed: Pool to 40"] == stage.texts("payments-dev")
    values = stage.bot.interactions[-1]["view"]["state"]["values"]
    assert stage.user("mira") == values["who"]["person"]["selected_user"]


async def test_a_modal_that_is_sent_empty_names_the_field(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="/change")
    view = stage.sandbox.workspace.modals("ada")[-1]
    answer = await stage.post("submit", view=view.id, fields={})
    assert {"what": "Please complete this required field."} == answer.json()["errors"]
    assert "Please complete this required field." in (await stage.http.get("/")).text
    await stage.post("close", view=view.id)
    assert [] == stage.sandbox.workspace.modals("ada")


async def test_a_button_and_a_choice_reach_the_bot_with_their_values(stage: Stage) -> None:
    options = [{"text": {"type": "plain_text", "text": each}, "value": each} for each in ("sev1", "sev2")]
    elements = [
        {"type": "button", "action_id": "ack", "value": "7", "text": {"type": "plain_text", "text": "Acknowledge"}},
        {"type": "static_select", "action_id": "severity", "options": options},
    ]
    posted = await stage.slack.chat_postMessage(
        channel="payments-ops", text="x", blocks=[{"type": "actions", "block_id": "a", "elements": elements}]
    )
    where = {"channel": posted["channel"], "ts": posted["ts"], "block": "a"}
    assert {} == (await stage.post("act", user="mira", action="ack", kind="press", **where)).json()
    assert {} == (await stage.post("act", user="mira", action="severity", kind="choose", value="sev2", **where)).json()
    first, second = (payload["actions"][0] for payload in stage.bot.interactions)
    assert "7" == first["value"]
    assert "sev2" == second["selected_option"]["value"]
    assert '<option value="sev2" selected>' in (await stage.http.get("/")).text


async def test_a_shortcut_reaches_the_bot_with_its_message(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="Raised the pool")
    ts = stage.sandbox.workspace.timeline("payments-dev")[-1].ts
    await stage.post("shortcut", user="ben", callback_id="log_change", channel=stage.id("payments-dev"), ts=ts)
    payload = stage.bot.interactions[-1]
    assert ("message_action", "Raised the pool") == (payload["type"], payload["message"]["text"])


async def test_ones_own_message_is_edited_reacted_to_and_deleted(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="Helo")
    where = {"channel": stage.id("payments-dev"), "ts": stage.sandbox.workspace.timeline("payments-dev")[-1].ts}
    await stage.post("edit", text="Hello", **where)
    await stage.post("react", user="ben", name="tada", on=True, **where)
    page = (await stage.http.get("/")).text
    assert "(edited)" in page
    assert 'title="Ben Hartley"' in page
    await stage.post("react", user="ben", name="tada", on=False, **where)
    await stage.post("delete", **where)
    assert [] == stage.texts("payments-dev")


async def test_nobody_changes_the_words_of_others(stage: Stage) -> None:
    await stage.post("say", channel="payments-dev", text="Mine")
    ts = stage.sandbox.workspace.timeline("payments-dev")[-1].ts
    answer = await stage.post("edit", user="ben", channel=stage.id("payments-dev"), ts=ts, text="Yours")
    assert 422 == answer.status_code
    assert ["Mine"] == stage.texts("payments-dev")


async def test_a_thread_opens_beside_the_channels_and_takes_replies(stage: Stage) -> None:
    posted = await stage.slack.chat_postMessage(channel="payments-dev", text="Deployed")
    await stage.post("say", channel="payments-dev", thread=posted["ts"], text="Well done")
    page = (await stage.http.get(f"/?thread={posted['channel']}:{posted['ts']}")).text
    assert '<ol class="messages" id="thread"' in page
    assert "Well done" in page
    closed = (await stage.http.get("/")).text
    assert "<b>1 reply</b>" in closed
    assert "Well done" not in closed


async def test_a_private_channel_is_only_for_its_members_and_others_can_only_read_the_public_ones(stage: Stage) -> None:
    assert "checkout-dev" in (await stage.http.get("/?as=mira")).text
    reading = (await stage.http.get("/?as=ada&left=platform-ops")).text
    assert "Ada Okafor is not in this channel, and can only read." in reading


async def test_a_fault_is_switched_on_and_off_and_shown_at_the_top(stage: Stage) -> None:
    await stage.post("fault", name="429", on=True)
    await stage.post("fault", name="429", on=True)
    assert [("ratelimited", "chat.postMessage")] == [(f.kind, f.method) for f in stage.sandbox.workspace.faults]
    await stage.post("fault", name="charts", on=True)
    assert stage.sandbox.workspace.refuse_data_blocks
    assert "Rate limited, No native charts" in (await stage.http.get("/")).text
    await stage.post("fault", name="429", on=False)
    assert [] == stage.sandbox.workspace.faults
    assert 422 == (await stage.post("fault", name="no such", on=True)).status_code


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (403, {"Sec-Fetch-Site": "cross-site"}),
        (403, {"Sec-Fetch-Site": "same-site"}),
        (403, {"Origin": "https://evil.example"}),
        (403, {"Origin": "null"}),
        (415, {"Content-Type": "text/plain"}),
        (400, {"Host": "evil.example"}),
    ],
)
async def test_another_web_page_cannot_act_here(stage: Stage, status: int, headers: dict[str, str]) -> None:
    body = f'{{"as": "{stage.user("ada")}", "channel": "payments-dev", "text": "hi"}}'
    headers = {"Content-Type": "application/json", **headers}
    answer = await stage.http.post("/page/say", content=body, headers=headers)
    assert status == answer.status_code
    assert [] == stage.texts("payments-dev")


@pytest.mark.parametrize("body", ["", "[]", "{", "{}", '{"as": "nobody", "channel": "payments-dev", "text": "hi"}'])
async def test_a_body_that_says_nothing_sensible_is_refused(stage: Stage, body: str) -> None:
    answer = await stage.http.post("/page/say", content=body, headers={"Content-Type": "application/json"})
    assert 422 == answer.status_code


async def test_the_theme_that_was_chosen_is_kept(stage: Stage) -> None:
    assert '<html lang="en">' in (await stage.http.get("/")).text
    assert 'data-theme="dark"' in (await stage.http.get("/", headers={"Cookie": "theme=dark"})).text
    assert "evil" not in (await stage.http.get("/", headers={"Cookie": 'theme="evil'})).text


async def test_a_permalink_leads_to_the_page_with_its_message_in_sight(stage: Stage) -> None:
    parent = await stage.slack.chat_postMessage(channel="payments-ops", text="Deployed")
    reply = await stage.slack.chat_postMessage(channel="payments-ops", text="details", thread_ts=parent["ts"])
    for posted, anchor in ((parent, f"#right-{parent['ts']}"), (reply, f"#thread-{reply['ts']}")):
        link = await stage.slack.chat_getPermalink(channel=posted["channel"], message_ts=posted["ts"])
        answer = await stage.http.get(link["permalink"])
        assert 303 == answer.status_code
        assert answer.headers["location"].endswith(anchor)
        page = (await stage.http.get(answer.headers["location"].partition("#")[0])).text
        assert f'id="{anchor[1:]}"' in page
