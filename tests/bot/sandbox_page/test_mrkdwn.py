"""Slack's markup as HTML: what it means, and that nothing written in it can become markup of the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.page.markdown import markdown
from bot.sandbox.page.mrkdwn import Naming, mrkdwn, plain
from tests.bot.sandbox_page.pages import read, words

NAMING = Naming({"U1": "Ada Okafor", "U2": "Mira"}, {"C1": "payments-ops"}, {"S1": "payments-oncall"}, viewer="U2")

HOSTILE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</li></ol><b>", "\"'><svg onload=alert(1)>",
    "<javascript:alert(1)|press>", "<https://a.example/\"onmouseover=\"alert(1)|x>", "<!date^1^{date}^javascript:x|y>",
    "<@U1|<b>>", "<!subteam^S9|<i>x</i>>", "<!--", "```", "`", "*", "_", "~", "&lt;b&gt;", "&amp;lt;", "&#60;", "> ",
    ":rocket:", "\N{RIGHT-TO-LEFT OVERRIDE}", "\U000f0000", "\x00", "]]>", "{{ 7*7 }}", "<!channel>", "\n",
)  # fmt: skip
hostile_text = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12)), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~struck~", "<b>bold</b> <i>italic</i> <s>struck</s>"),
        ("*a _b_ c*", "<b>a <i>b</i> c</b>"),
        ("2 * 3 * 4 snake_case_name a~b~c", "2 * 3 * 4 snake_case_name a~b~c"),
        ("`a *b* <https://x.example|c>`", "<code>a *b* c</code>"),
        ("one\ntwo", "one<br>two"),
        ("> said\n> twice\nthen", "<blockquote>said<br>twice</blockquote>then"),
        ("&gt; said", "<blockquote>said</blockquote>"),
        ("```\nif a < b:\n  *no*\n```", "<pre>if a &lt; b:\n  *no*</pre>"),
        ("open ``` fence", "open ``` fence"),
        ("a &lt;b&gt; &amp;amp;", "a &lt;b&gt; &amp;amp;"),
        ("<@U1>", '<span class="mention mention-user">@Ada Okafor</span>'),
        ("<@U2>", '<span class="mention mention-user mention-mine">@Mira</span>'),
        ("<@U9|ghost>", '<span class="mention mention-user">@ghost</span>'),
        ("<#C1|old-name>", '<span class="mention mention-channel">#payments-ops</span>'),
        ("<!subteam^S1>", '<span class="mention mention-group">@payments-oncall</span>'),
        ("<!here>", '<span class="mention mention-broadcast mention-mine">@here</span>'),
    ],
)
def test_mrkdwn_means_what_slack_says(text: str, html: str) -> None:
    assert html == str(mrkdwn(text, NAMING))


def test_a_link_shows_its_label_and_opens_beside_the_page() -> None:
    anchor = dict(read(mrkdwn("*<https://a.example/?b=1&amp;c=2|See>*", NAMING)).tags)["a"]
    assert {"href": "https://a.example/?b=1&c=2", "target": "_blank", "rel": "noopener noreferrer"} == anchor


def test_a_bare_address_is_a_link_without_the_full_stop_behind_it() -> None:
    assert "https://a.example/x" == dict(read(mrkdwn("See https://a.example/x.", NAMING)).tags)["a"]["href"]


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//a.example", "vbscript:x"]
)
def test_only_web_mail_and_telephone_addresses_are_links(url: str) -> None:
    assert "press" == str(mrkdwn(f"<{url}|press>", NAMING))


def test_a_date_carries_its_moment_and_form_for_the_readers_own_zone() -> None:
    time = dict(read(mrkdwn("<!date^1764000000^{date_short} at {time}^https://a.example|then>", NAMING)).tags)["time"]
    assert "2025-11-24T16:00:00+00:00" == time["datetime"]
    assert "{date_short} at {time}" == time["data-form"]


def test_a_date_that_is_none_shows_its_fallback() -> None:
    assert "then" == str(mrkdwn("<!date^soon^{date}|then>", NAMING))


def test_an_emoji_is_named_for_those_who_do_not_see_it_and_an_unknown_one_stays_as_written() -> None:
    html = str(mrkdwn(":rocket: :no_such_emoji: 12:30:45", NAMING))
    assert 'aria-label="rocket"' in html
    assert "🚀 :no_such_emoji: 12:30:45" == words(html)


def test_plain_text_knows_neither_bold_nor_links() -> None:
    assert "*a* &lt;https://a.example|b&gt;" == str(plain("*a* <https://a.example|b>"))


@given(hostile_text)
def test_nothing_written_in_mrkdwn_becomes_markup(text: str) -> None:
    read(mrkdwn(text, NAMING))


@given(hostile_text)
def test_nothing_written_in_plain_text_becomes_markup(text: str) -> None:
    read(plain(text))


@given(hostile_text)
def test_nothing_written_in_markdown_becomes_markup(text: str) -> None:
    read(markdown(text))


@given(st.text(alphabet=st.characters(exclude_characters="<>&`*_~:\n", exclude_categories=["Co", "Cs", "Cc"])))
def test_plain_words_are_shown_as_they_are(text: str) -> None:
    assert text == words(mrkdwn(text, NAMING))


def test_markdown_has_headings_lists_fences_and_emphasis() -> None:
    text = "# Title\n\nSome **bold** and `code` and [a link](https://a.example).\n\n- one\n- two\n\n"
    text += "```sh\nls <x>\n```\n> said"
    expected = (
        "<h4>Title</h4><p>Some <b>bold</b> and <code>code</code> and "
        '<a href="https://a.example" target="_blank" rel="noopener noreferrer">a link</a>.</p>'
        "<ul><li>one</li><li>two</li></ul><pre>ls &lt;x&gt;</pre><blockquote>said</blockquote>"
    )
    assert expected == str(markdown(text))


def test_a_very_long_line_of_opened_marks_is_read_quickly() -> None:
    assert words(mrkdwn("*a _b ~c `d <e " * 1_000, NAMING)).startswith("*a _b")
