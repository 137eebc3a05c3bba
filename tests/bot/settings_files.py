"""Settings from a text, for the tests of settings."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.settings import InvalidSettings, Problem, Settings, load

AT = datetime(2026, 11, 2, 8, tzinfo=UTC)
MINIMAL = """\
bridges:
  payments: {dev: '#payments-dev', ops: '#payments-ops'}
services: [payments]
sources:
  ci: {kind: events, secret: '${CI_SECRET}'}
"""


def settings_of(text: str, tmp_path: Path, **variables: str) -> Settings:
    config = tmp_path / "twinspan.yaml"
    config.write_text(text, "utf-8")
    return load({"CI_SECRET": "ci-s3cret", **variables}, config, at=AT)


def problems_of(text: str, tmp_path: Path, **variables: str) -> list[Problem]:
    with pytest.raises(InvalidSettings) as caught:
        settings_of(text, tmp_path, **variables)
    return list(caught.value.problems)


def problems_with(environ: Mapping[str, str], *, serving: bool = False) -> dict[str, str]:
    with pytest.raises(InvalidSettings) as caught:
        load(environ, at=AT, serving=serving)
    return {problem.path: problem.what for problem in caught.value.problems}
