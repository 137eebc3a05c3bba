import re
from datetime import timedelta
from pathlib import Path

import pytest

from bot.settings import load
from models.operations import Objective
from tests.bot.settings_files import AT, MINIMAL, problems_of, settings_of
from tests.bot.test_settings import EXAMPLE, SECRETS, SLACK

MEASURED = MINIMAL.replace(
    "services: [payments]",
    """\
services:
  payments:
    operations:
      availability: sum(rate(ok{job="$service"}[$window])) / sum(rate(all{job="$service"}[$window]))
      latency: avg_over_time(p95{job="$service"}[$window])
      target: 0.999
      latency_target: 0.5
prometheus:
  url: http://prometheus:9090/
  token: ${PROMETHEUS_TOKEN}""",
)
QUERIES = """\
bridges:
  payments: {dev: '#payments-dev', ops: '#payments-ops'}
services:
  payments:
    operations:
      availability: up{job="$servcie"}[$__rate_interval]
      latency_target: 0.5
      target: 99.9
  checkout: {operations: {target: 0.9}}
  'o"clock': {operations: {latency: 'up{job="$service"}', budget_days: 0}}
  ledger: {operations: {latency: ' ', availabilty: up}}
"""
NO_TOKEN = "the token is empty, or has characters that no token has"


def test_where_prometheus_is_and_what_a_service_promises_are_read(tmp_path: Path) -> None:
    settings = settings_of(MEASURED, tmp_path, PROMETHEUS_TOKEN="prom-s3cret")
    server = settings.prometheus
    assert server is not None
    assert ("http://prometheus:9090", "prom-s3cret", 10.0) == (server.url, server.token, server.timeout)
    assert Objective(
        target=0.999,
        latency_target_s=0.5,
        availability_query='sum(rate(ok{job="$service"}[$window])) / sum(rate(all{job="$service"}[$window]))',
        latency_query='avg_over_time(p95{job="$service"}[$window])',
        budget=timedelta(days=28),
    ) == (settings.topology.services[0].operations)


def test_without_the_section_there_is_no_prometheus(tmp_path: Path) -> None:
    assert settings_of(MINIMAL, tmp_path).prometheus is None
    assert settings_of(MINIMAL + "prometheus:\n", tmp_path).prometheus is None
    assert settings_of(MINIMAL, tmp_path).topology.services[0].operations is None


def test_what_the_example_shows_commented_out_is_valid_too(tmp_path: Path) -> None:
    # What begins like a key, and what stands below one; the first lines are words for people.
    head, rest = EXAMPLE.read_text("utf-8").split("\n\n", 1)
    text = f"{head}\n\n" + re.sub(r"^(\s*)# (?=\w+:|  )", r"\1", rest, flags=re.MULTILINE)
    config = tmp_path / "twinspan.yaml"
    config.write_text(text, "utf-8")
    named = dict.fromkeys(re.findall(r"\$\{([A-Z_]+)\}", text), "s3cret")
    named |= {"PARTNER_BOT_TOKEN": "xoxb-partner", "PAGERDUTY_ROUTING_KEY": "0" * 32}
    settings = load({**named, **SECRETS, **SLACK, "PROMETHEUS_PASSWORD": "prom-s3cret"}, config, at=AT)
    assert settings.prometheus is not None
    assert settings.topology.paging.policies
    assert ("twinspan", "prom-s3cret") == (settings.prometheus.username, settings.prometheus.password)
    assert [0.999, None] == [s.operations.target if s.operations else None for s in settings.topology.services]


def test_a_token_may_be_in_a_file_and_is_in_no_repr(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    settings = settings_of(MEASURED, tmp_path, PROMETHEUS_TOKEN_FILE=str(tmp_path / "token"))
    assert settings.prometheus is not None
    assert "from-a-file" == settings.prometheus.token
    assert "from-a-file" not in repr(settings)
    assert "from-a-file" in settings.secrets


def test_the_password_and_every_header_are_secrets(tmp_path: Path) -> None:
    text = MEASURED.replace(
        "token: ${PROMETHEUS_TOKEN}", "username: me\n  password: ${PW}\n  headers: {X-Scope-OrgID: 7}"
    )
    settings = settings_of(text, tmp_path, PW="prom-s3cret")
    assert settings.prometheus is not None
    assert (("X-Scope-OrgID", "7"),) == settings.prometheus.headers
    assert {"ci-s3cret", "prom-s3cret", "7"} == set(settings.secrets)
    assert "s3cret" not in repr(settings)


def test_every_wrong_query_and_target_is_said_at_once_with_its_line(tmp_path: Path) -> None:
    found = problems_of(QUERIES + "prometheus: {url: http://p:9090, tokn: x}\n", tmp_path)
    assert [
        (6, "services.payments.operations.availability", "nothing is filled in for $servcie"),
        (6, "services.payments.operations.availability", "nothing is filled in for $__rate_interval"),
        (7, "services.payments.operations.latency_target", "a target for what is not asked: latency"),
        (8, "services.payments.operations.target", "must be less than 1"),
        (9, "services.checkout.operations", "nothing to ask"),
        (9, "services.checkout.operations.target", "a target for what is not asked: availability"),
        (10, 'services.o"clock.operations.budget_days', "must be greater than or equal to 1"),
        (10, 'services.o"clock.operations.latency', "the name of this service cannot stand in a query"),
        (11, "services.ledger.operations.availabilty", "unknown key availabilty"),
        (11, "services.ledger.operations.latency", "an empty query"),
        (12, "prometheus.tokn", "unknown key tokn"),
    ] == [(p.line, p.path, p.what) for p in found]
    fixes = {p.path: p.fix for p in found}
    assert "I know $service, $window." == fixes["services.payments.operations.availability"]
    assert "Did you mean $service?" == found[0].fix
    assert "Did you mean availability?" == fixes["services.ledger.operations.availabilty"]
    assert "Did you mean token?" == fixes["prometheus.tokn"]


def test_a_service_cannot_ask_a_prometheus_that_is_not_there(tmp_path: Path) -> None:
    text = MEASURED.partition("prometheus:\n")[0] + "sources: {}\n"
    (problem,) = problems_of(text, tmp_path)
    assert ("services.payments.operations", "there is no Prometheus to ask") == (problem.path, problem.what)
    assert ["promtheus"] == [p.path for p in problems_of(text + "promtheus: {url: http://p}\n", tmp_path)]


@pytest.mark.parametrize(
    ("section", "path", "what"),
    [
        ("{}", "prometheus.url", "missing"),
        ("{url: prometheus:9090}", "prometheus.url", "is not a web address"),
        ("{url: 'http://p:99999'}", "prometheus.url", "is not a web address"),
        ("{url: 'http://p q'}", "prometheus.url", "is not a web address"),
        ("{url: 'http://me:s3cret@p'}", "prometheus.url", "holds credentials"),
        ("{url: 'http://p/api/v1/query'}", "prometheus.url", "is more than the address of the server"),
        ("{url: 'http://p/?x=1'}", "prometheus.url", "is more than the address of the server"),
        ("{url: http://p, token: ''}", "prometheus.token", NO_TOKEN),
        (
            "{url: http://p, token: 's3crét'}",
            "prometheus.token",
            "the token is empty, or has characters that no token has",
        ),
        ("{url: http://p, token: a, username: b, password: c}", "prometheus.token", "there is a token and a username"),
        ("{url: http://p, username: b}", "prometheus.username", "a username without a password"),
        ("{url: http://p, password: b}", "prometheus.password", "a password without a username"),
        ("{url: http://p, username: 'a:b', password: c}", "prometheus.username", "a username with a colon"),
        ("{url: http://p, timeout: 0}", "prometheus.timeout", "must be greater than 0"),
        ("{url: http://p, headers: {'a b': c}}", "prometheus.headers.a b", "not the name of a header"),
        ('{url: http://p, headers: {a: "s3cret\\nb"}}', "prometheus.headers.a", "not the value of a header"),
        (
            "{url: http://p, headers: {authorization: Basic s3cret}}",
            "prometheus.headers.authorization",
            "credentials have settings of their own",
        ),
    ],
)
def test_what_is_wrong_with_the_way_to_prometheus_is_said(section: str, path: str, what: str, tmp_path: Path) -> None:
    (problem,) = problems_of(MINIMAL + f"prometheus: {section}\n", tmp_path)
    assert (6, path, what) == (problem.line, problem.path, problem.what)
    assert "s3cr" not in str(problem)
