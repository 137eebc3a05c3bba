"""Webhook bodies as the senders write them, for services that do not exist: what the day in a minute is made of."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the day; its sha is derived from its message, so that a push and a deployment agree."""

    message: str
    author: str
    age: timedelta

    def sha(self, run: int) -> str:
        """The full sha of this commit in one run of the day."""
        return hashlib.sha1(f"{run} {self.message}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One deployment of the day. `number` tells it from the others of a run; `commits` are in it, the newest last."""

    number: int
    repository: str
    environment: Literal["production", "staging"]
    ref: str
    actor: str
    description: str
    commits: Sequence[Commit]
    task: str = "deploy"


def instant(at: datetime) -> str:
    """A time as GitHub writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def github_push(
    repository: str, commits: Sequence[Commit], run: int, at: datetime, onto: Sequence[Commit] = ()
) -> Json:
    """A `push` event, after those of `onto`: https://docs.github.com/en/webhooks/webhook-events-and-payloads#push."""
    listed = [_github_commit(repository, commit, run, at) for commit in commits]
    unseen = hashlib.sha1(f"before {repository} {listed[0]['id']}".encode(), usedforsecurity=False).hexdigest()
    before = onto[-1].sha(run) if onto else unseen
    pusher = commits[-1].author
    return {
        "ref": "refs/heads/main", "before": before, "after": listed[-1]["id"], "created": False, "deleted": False,
        "forced": False, "base_ref": None, "compare": f"https://github.com/{repository}/compare/{before[:12]}...{listed[-1]['id'][:12]}",
        "commits": listed, "head_commit": listed[-1],
        "repository": _github_repository(repository), "sender": _github_user(pusher),
        "pusher": {"name": pusher, "email": f"{pusher}@example.com"},
    }  # fmt: skip


def github_deployment_status(rollout: Rollout, state: str, run: int, started: datetime, at: datetime) -> Json:
    """A `deployment_status` event: https://docs.github.com/en/webhooks/webhook-events-and-payloads#deployment_status.

    `started` is when the deployment was created, `at` when it came into this state.
    """
    identity = run * 100 + rollout.number
    base = f"https://api.github.com/repos/{rollout.repository}"
    log = f"https://github.com/{rollout.repository}/actions/runs/{identity}"
    live = rollout.environment == "production"
    deployment = {
        "url": f"{base}/deployments/{identity}", "id": identity, "task": rollout.task, "ref": rollout.ref,
        "sha": rollout.commits[-1].sha(run), "environment": rollout.environment,
        "original_environment": rollout.environment, "description": rollout.description, "payload": {},
        "creator": _github_user(rollout.actor), "created_at": instant(started), "updated_at": instant(at),
        "statuses_url": f"{base}/deployments/{identity}/statuses", "repository_url": base,
        "transient_environment": False, "production_environment": live,
    }  # fmt: skip
    status = {
        "url": f"{base}/deployments/{identity}/statuses/{identity * 10}", "id": identity * 10, "state": state,
        "creator": _github_user(rollout.actor), "description": "", "environment": rollout.environment,
        "target_url": log, "log_url": log, "environment_url": "", "created_at": instant(at), "updated_at": instant(at),
        "deployment_url": f"{base}/deployments/{identity}", "repository_url": base,
    }  # fmt: skip
    return {
        "action": "created", "deployment_status": status, "deployment": deployment, "check_run": None, "workflow": None,
        "workflow_run": None, "repository": _github_repository(rollout.repository),
        "sender": _github_user(rollout.actor),
    }  # fmt: skip


def gitlab_deployment(rollout: Rollout, status: str, run: int, at: datetime) -> Json:
    """A Deployment Hook: https://docs.gitlab.com/user/project/integrations/webhook_events/#deployment-events."""
    name = rollout.repository.rpartition("/")[2]
    web = f"https://gitlab.example.com/{rollout.repository}"
    commit = rollout.commits[-1]
    sha = commit.sha(run)
    return {
        "object_kind": "deployment", "status": status, "status_changed_at": at.strftime("%Y-%m-%d %H:%M:%S +0000"),
        "deployment_id": run * 100 + rollout.number, "deployable_id": run * 100 + rollout.number + 50,
        "deployable_url": f"{web}/-/jobs/{run}", "environment": rollout.environment,
        "environment_slug": rollout.environment, "environment_tier": rollout.environment,
        "environment_external_url": f"https://{name}.example.com",
        "project": {
            "id": 30, "name": name, "description": "", "web_url": web, "namespace": "acme", "visibility_level": 0,
            "path_with_namespace": rollout.repository, "default_branch": "main", "homepage": web,
        },
        "short_sha": sha[:8], "ref": rollout.ref, "commit_url": f"{web}/-/commit/{sha}", "commit_title": commit.message,
        "user": {"id": 1, "name": rollout.actor.title(), "username": rollout.actor, "email": "[REDACTED]"},
        "user_url": f"https://gitlab.example.com/{rollout.actor}",
    }  # fmt: skip


def alertmanager_group(
    service: str, alerts: Sequence[tuple[str, str]], started: datetime, ended: datetime | None
) -> Json:
    """A group of alerts (name, summary), all firing or all resolved, as Alertmanager's webhook sends it.

    https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    """
    shared = {"cluster": "production", "service": service, "severity": "critical", "team": service}
    status = "resolved" if ended else "firing"
    return {
        "receiver": "twinspan", "status": status,
        "alerts": [_alert(shared, name, summary, started, ended) for name, summary in alerts],
        "groupLabels": {"service": service}, "commonLabels": shared, "commonAnnotations": {},
        "externalURL": "http://alertmanager.example.com:9093", "version": "4",
        "groupKey": f'{{}}/{{team="{service}"}}:{{service="{service}"}}', "truncatedAlerts": 0,
    }  # fmt: skip


def flag_change(service: str, flag: str, actor: str, run: int, at: datetime) -> Json:
    """A small change in the bot's own generic form."""
    return {
        "id": f"flag-{run}-{flag}", "source": "flagpole", "type": "change", "occurred_at": instant(at),
        "service": service, "environment": {"id": "production", "tier": "production"}, "actor": actor,
        "url": f"https://flags.example.com/{flag}",
        "change": {
            "change_id": f"{flag}-{run}", "kind": "flag", "summary": f"Flag {flag} on for 25 % of customers",
            "status": "done", "risk": "standard", "revert": f"flagpole off {flag}",
        },
    }  # fmt: skip


def _alert(shared: Json, name: str, summary: str, started: datetime, ended: datetime | None) -> Json:
    fingerprint = hashlib.blake2s(f"{shared['service']} {name}".encode(), digest_size=8).hexdigest()
    return {
        "status": "resolved" if ended else "firing", "labels": {"alertname": name, **shared},
        "annotations": {"summary": summary, "runbook_url": f"https://runbooks.example.com/{name}"},
        "startsAt": started.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "endsAt": ended.isoformat(timespec="milliseconds").replace("+00:00", "Z") if ended else "0001-01-01T00:00:00Z",
        "generatorURL": f"http://prometheus.example.com/graph?g0.expr={name}", "fingerprint": fingerprint,
    }  # fmt: skip


def _github_commit(repository: str, commit: Commit, run: int, at: datetime) -> Json:
    person = {"name": commit.author.title(), "email": f"{commit.author}@example.com", "username": commit.author}
    sha = commit.sha(run)
    return {
        "id": sha, "tree_id": sha[::-1], "distinct": True, "message": commit.message,
        "timestamp": (at - commit.age).isoformat(timespec="seconds"), "url": f"https://github.com/{repository}/commit/{sha}",
        "author": person, "committer": person, "added": [], "removed": [], "modified": ["src/pool.py"],
    }  # fmt: skip


def _github_repository(repository: str) -> Json:
    owner, _, name = repository.partition("/")
    return {
        "id": 1296269 + len(name), "name": name, "full_name": repository, "private": True, "owner": _github_user(owner),
        "html_url": f"https://github.com/{repository}", "url": f"https://api.github.com/repos/{repository}",
        "default_branch": "main", "fork": False,
    }  # fmt: skip


def _github_user(login: str) -> Json:
    return {"login": login, "id": 1000 + len(login), "type": "User", "html_url": f"https://github.com/{login}"}
