"""How questions across fared: asked, answered, waiting, and how soon."""

from dataclasses import replace
from datetime import datetime, timedelta

from models.questions import Answered, Question, fared

MINUTE = timedelta(minutes=1)


def _question(at: datetime) -> Question:
    return Question(
        key="k", bridge="payments", side="ops", channel="#ops", home="#dev", text="?", asker="Ada", asked_at=at
    )


def test_the_median_is_over_first_answers_and_what_was_taken_back_does_not_count(at: datetime) -> None:
    asked = _question(at)
    answered = [replace(asked, answered_at=at + n * MINUTE) for n in (2, 4, 30)]
    taken_back = replace(asked, closed_at=at + MINUTE)
    expected = Answered(asked=4, answered=3, waiting=1, answer_median_s=240.0)
    assert expected == fared([asked, *answered, taken_back])


def test_without_questions_there_is_no_median() -> None:
    assert Answered(asked=0, answered=0, waiting=0, answer_median_s=None) == fared([])
