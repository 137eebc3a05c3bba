"""auth.test, apps.connections.open, bots.info, team.info: who is asking, and where."""

from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import bot_json
from bot.sandbox.state import Json


def _test(request: Request) -> Json:
    workspace = request.workspace
    bot = workspace.users[workspace.bot_user]
    return {
        "url": request.base_url,
        "team": workspace.name,
        "team_id": workspace.team_id,
        "user": bot.name,
        "user_id": bot.id,
        "bot_id": workspace.bot_id,
        "is_enterprise_install": False,
    }


def _connect(request: Request) -> Json:
    return {"url": f"{request.base_url.replace('http', 'ws', 1)}socket?ticket={request.ticket()}"}


def _bot(request: Request) -> Json:
    workspace = request.workspace
    if request.arguments.text("bot", workspace.bot_id) != workspace.bot_id:
        raise ApiError("bot_not_found")
    return {"bot": bot_json(workspace, workspace.users[workspace.bot_user])}


def _team(request: Request) -> Json:
    workspace = request.workspace
    return {"team": {"id": workspace.team_id, "name": workspace.name, "domain": workspace.domain, "icon": {}}}


METHODS = {
    "auth.test": Method(_test, "special"),
    "apps.connections.open": Method(_connect, "tier 1", app_level=True),
    "bots.info": Method(_bot, "tier 3", ("users:read",)),
    "team.info": Method(_team, "tier 3", ("team:read",)),
}
