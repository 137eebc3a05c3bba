"""A stand-in for GitHub's REST API: deployments, statuses and ranges, paged and limited as GitHub does."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

PAGE = 3


@dataclass
class Repository:
    """A repository with a history. `troubles` are answers that come before the next good one, in order."""

    name: str = "acme/payments"
    token: str = "ghp_1"
    deployments: list[dict[str, Any]] = field(default_factory=list)
    statuses: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    commits: list[dict[str, Any]] = field(default_factory=list)
    troubles: list[Response] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def deploy(self, number: int, sha: str, at: datetime, *states: str, environment: str = "production") -> None:
        """Add a deployment and the states it came into, a minute apart."""
        created = _text(at)
        self.deployments.append(
            {
                "id": number,
                "sha": sha,
                "ref": "main",
                "task": "deploy",
                "environment": environment,
                "production_environment": environment == "production",
                "created_at": created,
                "creator": {"login": "ada"},
            }
        )
        self.statuses[number] = [
            {"id": number * 10 + n, "state": state, "created_at": _text(at + timedelta(minutes=n + 1))}
            for n, state in enumerate(states)
        ][::-1]

    def commit(self, sha: str, at: datetime, *, parents: int = 1) -> None:
        """Add a commit to the only branch there is."""
        told = {"author": {"name": "Ada", "date": _text(at)}, "committer": {"date": _text(at)}, "message": f"do {sha}"}
        self.commits.append({"sha": sha, "commit": told, "author": {"login": "ada"}, "parents": [{}] * parents})

    def app(self) -> Starlette:
        """Return it as an application."""
        return Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        return self.troubles.pop(0) if self.troubles else self._told(request)

    def _told(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"message": "Bad credentials"}, 401)
        root = f"/repos/{self.name}/"
        if not request.url.path.startswith(root):
            return JSONResponse({"message": "Not Found"}, 404)
        match request.url.path.removeprefix(root).split("/"):
            case ["deployments"]:
                return self._page(request, sorted(self.deployments, key=lambda d: d["created_at"], reverse=True))
            case ["deployments", number, "statuses"]:
                return self._page(request, self.statuses[int(number)])
            case ["compare", spec]:
                return self._range(request, *spec.split("..."))
        return JSONResponse({"message": "Not Found"}, 404)

    def _range(self, request: Request, base: str, head: str) -> Response:
        order = [commit["sha"] for commit in self.commits]
        if base not in order or head not in order:
            return JSONResponse({"message": "Not Found"}, 404)
        commits = self.commits[order.index(base) + 1 : order.index(head) + 1]
        return self._page(request, commits, wrap="commits")

    def _page(self, request: Request, items: list[Any], wrap: str | None = None) -> Response:
        number = int(request.query_params.get("page", "1"))
        shown = items[(number - 1) * PAGE : number * PAGE]
        headers = {}
        if number * PAGE < len(items):
            headers["Link"] = f'<{request.url.include_query_params(page=number + 1)}>; rel="next"'
        return JSONResponse({wrap: shown} if wrap else shown, headers=headers)


def limited(reset: datetime) -> Response:
    """Return the answer of a used-up primary limit."""
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(reset.timestamp()))}
    return JSONResponse({"message": "API rate limit exceeded"}, 403, headers)


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
