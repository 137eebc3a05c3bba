"""Notes that are points: read from what people type, and everything else stays a note."""

import pytest

from models.points import Marked, PointKind, PointOutcome, Settled, instant_in, read_note

H, R, D = PointKind.HYPOTHESIS, PointKind.RUNNING, PointKind.DECISION


@pytest.mark.parametrize(
    ("expected", "words"),
    [
        (Marked(kind=H, text="the pool leaks"), "hypothesis: the pool leaks"),
        (
            Marked(kind=H, text="the pool leaks", who="@bob", check="heap dump at 03:20"),
            "Theory @bob: the pool leaks, next check heap dump at 03:20",
        ),
        (Marked(kind=H, text="DNS, mtr is clean", outcome=PointOutcome.RULED_OUT), "ruled out: DNS, mtr is clean"),
        (Marked(kind=H, text="eu-1 is full", outcome=PointOutcome.CONFIRMED), "known: eu-1 is full"),
        (
            Marked(kind=R, text="replay the queue", who="<@U2|bob>", check="until lag < 100"),
            "running <@U2|bob>: replay the queue until lag < 100",
        ),
        (
            Marked(kind=H, text="the pool leaks", who="<@partner/U2|bob>"),
            "theory <@partner/U2|bob>: the pool leaks",
        ),
        (Marked(kind=R, text="draining eu-1"), "running: draining eu-1"),
        (Marked(kind=D, text="fail over to eu-2?", check="by 03:40"), "decide: fail over to eu-2? by 03:40"),
        (Marked(kind=R, text="until it is green"), "running: until it is green"),
        (Settled(7, PointOutcome.RULED_OUT, "the heap is flat"), "P7 ruled out: the heap is flat"),
        (Settled(7, PointOutcome.DONE, ""), "p7 done"),
        (None, "running fine again"),
        (None, "hypothesis"),
        (None, "decision was: none"),
        (None, "P1 customers complain"),
        (None, "we drained eu-1"),
    ],
)
def test_a_note_is_a_point_only_where_it_says_so(expected: object, words: str) -> None:
    assert expected == read_note(words)


@pytest.mark.parametrize(
    ("expected", "check"),
    [("03:20", "heap dump at 03:20"), ("20m", "look in 20m"), (None, "when lag < 100"), ("03:40", "by 03:40")],
)
def test_a_check_may_name_its_instant(expected: str | None, check: str) -> None:
    assert expected == instant_in(check)
