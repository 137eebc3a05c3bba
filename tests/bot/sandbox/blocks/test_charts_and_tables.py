"""The newer blocks: data_visualization, data_table and table."""

from typing import Any

import pytest

from bot.sandbox.blocks import problems

Block = dict[str, Any]

DAYS = ["Mon", "Tue"]


def series(name: str = "Deploys", days: list[str] | None = None) -> Block:
    return {"name": name, "data": [{"label": day, "value": 1} for day in days or DAYS]}


def chart(*lines: Block, kind: str = "line", days: list[str] | None = None, **more: Any) -> Block:
    axis = {"categories": days or DAYS, "x_label": "Day"}
    body = {"type": kind, "series": list(lines or (series(days=days),)), "axis_config": axis}
    return {"type": "data_visualization", "title": "Deploys a day", "chart": body, **more}


def pie(*values: float, label: str = "ok") -> Block:
    segments = [{"label": f"{label}{n}", "value": value} for n, value in enumerate(values)]
    return {"type": "data_visualization", "title": "By service", "chart": {"type": "pie", "segments": segments}}


def raw(text: str = "x") -> Block:
    return {"type": "raw_text", "text": text}


def rich(text: str) -> Block:
    part = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [part]}


def table(*rows: list[Block], **more: Any) -> Block:
    return {"type": "data_table", "caption": "Deploys", "rows": list(rows), **more}


def test_each_kind_of_chart_is_accepted() -> None:
    twenty = [f"day {n}" for n in range(20)]
    six = [series(f"s{n}", twenty) for n in range(6)]
    for kind in ("line", "bar", "area"):
        assert [] == problems([chart(*six, kind=kind, days=twenty)])
    assert [] == problems([pie(1, 2.5, 3, 4, 5, 6), chart()])


_BODY = "/blocks/0/chart"
REFUSED_CHARTS: list[tuple[str, Block]] = [
    ("must be less than 51 characters [json-pointer:/blocks/0/title]", chart(title="x" * 51)),
    (f"no more than 6 items allowed [json-pointer:{_BODY}/series]", chart(*[series(f"s{n}") for n in range(7)])),
    (f"series 'a' already exists [json-pointer:{_BODY}/series/1]", chart(series("a"), series("a"))),
    (f"must be less than 21 characters [json-pointer:{_BODY}/series/0/name]", chart(series("x" * 21))),
    (
        f"must have exactly one data point for every category [json-pointer:{_BODY}/series/0/data]",
        chart(series(days=["Mon"])),
    ),
    (f"category 'Mon' already exists [json-pointer:{_BODY}/axis_config/categories/1]", chart(days=["Mon", "Mon"])),
    (f"unsupported type: scatter [json-pointer:{_BODY}/type]", chart(kind="scatter")),
    (f"no more than 6 items allowed [json-pointer:{_BODY}/segments]", pie(1, 1, 1, 1, 1, 1, 1)),
    (f"must be greater than 0 [json-pointer:{_BODY}/segments/0/value]", pie(0)),
    (f"must be less than 21 characters [json-pointer:{_BODY}/segments/0/label]", pie(1, label="x" * 20)),
    ("invalid additional property: subtitle [json-pointer:/blocks/0]", chart(subtitle="x")),
]


@pytest.mark.parametrize(("words", "block"), REFUSED_CHARTS)
def test_a_chart_against_the_rules_is_refused(words: str, block: Block) -> None:
    assert [words] == problems([block])


def test_a_point_without_a_number_is_refused() -> None:
    gap = {"name": "a", "data": [{"label": "Mon", "value": None}, {"label": "Tue", "value": True}]}
    pointer = "/blocks/0/chart/series/0/data"
    assert [
        f"must provide a number [json-pointer:{pointer}/0/value]",
        f"must provide a number [json-pointer:{pointer}/1/value]",
    ] == problems([chart(gap)])


def test_a_third_chart_in_a_message_is_refused() -> None:
    assert ["no more than 2 data_visualization blocks allowed [json-pointer:/blocks/2]"] == problems([chart()] * 3)


@pytest.mark.parametrize("surface", ["modal", "home"])
def test_charts_stand_in_messages_only(surface: Any) -> None:
    assert ["unsupported type: data_visualization [json-pointer:/blocks/0/type]"] == problems([chart()], surface)


def test_a_data_table_with_each_kind_of_cell_is_accepted() -> None:
    number = {"type": "raw_number", "value": 4.5, "text": "4.5 h"}
    rows = [[raw("Service"), raw("Time")], *[[rich("payments"), number]] * 100]
    assert [] == problems([table(*rows, page_size=10, row_header_column_index=0)])
    assert [] == problems([table(*rows)], "home")


REFUSED_TABLES: list[tuple[str, Block]] = [
    ("must have at least 2 items [json-pointer:/blocks/0/rows]", table([raw()])),
    ("no more than 101 items allowed [json-pointer:/blocks/0/rows]", table(*[[raw()]] * 102)),
    ("no more than 20 items allowed [json-pointer:/blocks/0/rows/0]", table([raw()] * 21, [raw()])),
    ("all rows must have the same number of cells [json-pointer:/blocks/0/rows/1]", table([raw(), raw()], [raw()])),
    ("unsupported type: rich_text [json-pointer:/blocks/0/rows/0/0/type]", table([rich("x")], [raw()])),
    ("must be more than 0 characters [json-pointer:/blocks/0/rows/1/0/text]", table([raw()], [raw("")])),
    ("missing required field: caption [json-pointer:/blocks/0]", {"type": "data_table", "rows": [[raw()], [raw()]]}),
    ("must be less than 101 [json-pointer:/blocks/0/page_size]", table([raw()], [raw()], page_size=101)),
    (
        "must be the index of a column [json-pointer:/blocks/0/row_header_column_index]",
        table([raw()], [raw()], row_header_column_index=1),
    ),
    (
        "must be less than 10001 characters over all cells [json-pointer:/blocks/0/rows]",
        table([raw()], [raw("x" * 10_000)]),
    ),
]


@pytest.mark.parametrize(("words", "block"), REFUSED_TABLES)
def test_a_data_table_against_the_rules_is_refused(words: str, block: Block) -> None:
    assert [words] == problems([block])


def test_a_second_table_of_either_kind_is_refused() -> None:
    simple = {"type": "table", "rows": [[raw()]], "column_settings": [{"align": "right"}, None]}
    assert [] == problems([simple])
    assert ["only_one_table_allowed [json-pointer:/blocks/1]"] == problems([simple, table([raw()], [raw()])])


def test_tables_do_not_stand_in_modals() -> None:
    found = problems([table([raw()], [raw()])], "modal")
    assert ["unsupported type: data_table [json-pointer:/blocks/0/type]"] == found
