"""Text from outside can neither ping nor link nor hide nor overflow."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.views import text

HOSTILE = st.one_of(
    st.text(max_size=400),
    st.lists(
        st.sampled_from(
            [
                "<!channel>",
                "<!here|here>",
                "<@U123ABC>",
                "<#C123>",
                "<https://evil.example|ok>",
                "@here",
                "@Channel",
                "&lt;!channel&gt;",
                "&",
                "<",
                ">",
                "`",
                "```",
                "*",
                "_",
                "~",
                "|",
                "\u202e",
                "\u2066",
                "\x00",
                "\ud800",
                "\r\n",
                "\u2028",
                "عربى",
                "word ",
                "🔥",
                "…",
            ]
        ),
        max_size=60,
    ).map("".join),
)
BROADCAST = re.compile(r"@(?:here|channel|everyone|group)\b", re.IGNORECASE)
ENTITY = re.compile(r"&(?!(?:amp|lt|gt);)")


def assert_harmless(shown: str) -> None:
    assert "<" not in shown
    assert ">" not in shown
    assert BROADCAST.search(shown) is None
    assert ENTITY.search(shown) is None
    assert re.search("[\u202a-\u202e\u2066\u2067\x00-\x08\ud800-\udfff]", shown) is None
    assert shown.count("\u2068") == shown.count("\u2069")
    shown.encode()


@given(HOSTILE, st.integers(1, 300))
def test_a_line_from_outside_is_harmless_and_is_one_line(hostile: str, limit: int) -> None:
    shown = text.line(hostile, limit)

    assert_harmless(shown)
    assert "\n" not in shown
    assert "`" not in shown


@given(HOSTILE, st.integers(1, 300))
def test_a_paragraph_from_outside_is_harmless(hostile: str, limit: int) -> None:
    shown = text.paragraph(hostile, limit)

    assert_harmless(shown)
    assert "`" not in shown


@given(HOSTILE)
def test_code_from_outside_is_harmless_and_stays_inside_its_quotes(hostile: str) -> None:
    shown = text.code(hostile)

    assert_harmless(shown)
    assert shown == "" or (shown[0] == shown[-1] == "`" and "`" not in shown[1:-1])


@given(HOSTILE, HOSTILE)
def test_a_link_cannot_be_broken_out_of(address: str, label: str) -> None:
    shown = text.link("https://ci.example/" + address, text.line(label))

    assert_harmless(re.sub(r"^<https?://[^<>|]*\|(.*)>$", r"\1", shown, flags=re.DOTALL))


@given(
    st.lists(st.sampled_from(["<https://a.example/x|label>", "&amp;", "&lt;", "word", " ", "*"])), st.integers(1, 90)
)
def test_markup_is_never_cut_inside_an_entity_or_a_token(pieces: list[str], limit: int) -> None:
    markup = "".join(pieces)
    shown = text.fit(markup, limit)

    assert len(shown) <= limit
    assert "<" not in re.sub(r"<https://a\.example/x\|label>", "", shown)
    assert ENTITY.search(shown) is None
    assert shown == markup or markup.startswith(shown.removesuffix(text.ELLIPSIS))


@pytest.mark.parametrize(
    ("shown", "given_text"),
    [
        ("Drop the retry", "Drop\r\n  the\tretry"),
        ("&lt;!channel&gt; hello", "<!channel> hello"),
        ("@\u2060here look", "@here look"),
        ("snake_case stays", "snake_case stays"),
        ("∗bold∗ and ˋcodeˋ", "*bold* and `code`"),
        ("a * b", "a * b"),
        ("reversed", "\u202ereversed\u202c"),
        ("\u2068שלום\u2069", "שלום"),
    ],
)
def test_a_line_shows_what_was_meant(shown: str, given_text: str) -> None:
    assert shown == text.line(given_text)


def test_a_long_line_is_cut_before_it_is_escaped() -> None:
    assert "&amp;" * 9 + "…" == text.line("&" * 50, 10)


@given(HOSTILE.map(lambda hostile: hostile * 3), st.sampled_from([text.line, text.paragraph, text.code]))
def test_what_is_cut_off_changes_nothing_of_what_is_shown(hostile: str, shown: Callable[[str, int], str]) -> None:
    for limit in (5, 20, 100):
        assert shown(text.clean(hostile), limit) == shown(hostile, limit)


@pytest.mark.parametrize("shown", [text.line, text.paragraph])
def test_words_behind_much_that_nobody_sees_are_shown(shown: Callable[[str, int], str]) -> None:
    assert "words" == shown("\u200e" * 5_000 + "words", 10)
    assert "wor…" == shown("\u200e" * 5_000 + "words", 4)


@pytest.mark.parametrize("address", ["javascript:alert(1)", "", None, "https://x y", "https://a|b", "ftp://a"])
def test_what_is_no_web_address_is_not_linked(address: str | None) -> None:
    assert "label" == text.link(address, "label")


@pytest.mark.parametrize(
    ("plain", "markup"),
    [
        ("see the run & <that>", "see <https://ci.example|the run> &amp; &lt;that&gt;"),
        ("@ada asked @here in #ops", "<@U1|ada> asked <!here> in <#C1|ops>"),
        ("https://ci.example", "<https://ci.example>"),
        ("@U1", "<@U1>"),
    ],
)
def test_a_message_of_a_person_becomes_plain_text(plain: str, markup: str) -> None:
    assert plain == text.readable(markup)


@pytest.mark.parametrize(
    ("words", "names"),
    [("", []), ("Ada", ["Ada"]), ("Ada and Bo", ["Ada", "Bo"]), ("A, B, C and 2 more", ["A", "B", "C", "D", "E"])],
)
def test_names_are_listed(words: str, names: list[str]) -> None:
    assert words == text.listed(names)


def test_counts_agree_with_their_noun() -> None:
    assert ("1 reply", "1,200 replies") == (text.plural(1, "reply", "replies"), text.plural(1200, "reply", "replies"))


def test_people_and_channels_are_shown_as_slack_shows_them_in_any_workspace() -> None:
    assert ["<@U123>", "<@partner/U123>", None] == [text.mention(one) for one in ("U123", "partner/U123", "zoe")]
    assert ["<#C0123456>", "<#partner/C0123456>"] == [
        text.channel_link(one) for one in ("C0123456", "partner/C0123456")
    ]
    assert ["direct messages to <@U123>", "#payments-dev"] == [
        text.place_link(one) for one in ("U123", "#payments-dev")
    ]
