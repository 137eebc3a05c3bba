import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")


def copied() -> list[str]:
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    return [source for line in lines for source in line.split()[:-1]]


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text("utf-8"))
    return found


def test_everything_the_image_is_made_of_exists_and_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert [] == [source for source in copied() if not (ROOT / source).exists()]
    assert set(copied()) == kept


def test_the_image_runs_as_nobody_special_and_says_how_it_is() -> None:
    last = DOCKERFILE.rpartition("FROM ")[2]
    for needed in (
        "USER twinspan",
        "VOLUME /data",
        "HEALTHCHECK",
        "/livez",
        'ENTRYPOINT ["twinspan"]',
        'CMD ["serve"]',
    ):
        assert needed in last


def test_both_stages_are_of_one_named_release() -> None:
    assert {"python:3.12-slim-bookworm"} == set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE))


def test_what_the_image_and_compose_set_is_read_by_the_program(compose: dict[str, Any]) -> None:
    variables = (ROOT / "docs" / "configuration.md").read_text("utf-8")
    ours = set(re.findall(r"\b((?:DATABASE|TWINSPAN|SLACK)_[A-Z_]+)=", DOCKERFILE)) | set(
        compose["services"]["twinspan"]["environment"]
    )
    assert {"DATABASE_URL", "TWINSPAN_CONFIG", "TWINSPAN_LISTEN"} == ours
    assert [] == [name for name in ours if f"`{name}`" not in variables]


def test_compose_mounts_the_configuration_where_the_image_looks_for_it(compose: dict[str, Any]) -> None:
    [mounted] = compose["services"]["twinspan"]["volumes"]
    looked_for = re.findall(r"TWINSPAN_CONFIG=(\S+)", DOCKERFILE)
    assert [mounted.split(":")[1]] == looked_for


def test_the_image_installs_only_what_is_locked() -> None:
    installs = [line for line in DOCKERFILE.splitlines() if "pip install" in line]
    assert all("--require-hashes" in line or "--no-deps" in line for line in installs)


def test_compose_migrates_between_a_healthy_database_and_the_bot(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert "postgres:15-bookworm" == services["postgres"]["image"]
    assert "pg_isready" in services["postgres"]["healthcheck"]["test"][1]
    assert {"postgres": {"condition": "service_healthy"}} == services["migrate"]["depends_on"]
    assert {"migrate": {"condition": "service_completed_successfully"}} == services["twinspan"]["depends_on"]
    assert services["migrate"]["environment"] == services["twinspan"]["environment"]


def test_compose_mounts_and_names_only_what_there_is(compose: dict[str, Any]) -> None:
    assert {"postgres"} == set(compose["volumes"])
    assert (ROOT / "deploy" / compose["services"]["twinspan"]["build"] / "Dockerfile").exists()
