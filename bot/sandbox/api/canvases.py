"""canvases.*: documents in Slack. https://docs.slack.dev/surfaces/canvases ."""

from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.state import File, Json

_LEVELS = ("read", "write", "owner")
# https://docs.slack.dev/reference/methods/canvases.create : "limited to 1 MiB (1,048,576 characters)".
_MOST = 1_048_576


def _create(request: Request) -> Json:
    arguments, workspace = request.arguments, request.workspace
    content = arguments.structure("document_content") or {}
    if not isinstance(content, dict) or content.get("type") != "markdown":
        raise ApiError("invalid_arguments")
    written = str(content.get("markdown") or "")
    if len(written) > _MOST:
        raise ApiError("invalid_arguments")
    title = arguments.text("title", "Untitled")
    canvas = File(
        id=workspace.new_id("F"), name=title, title=title, length=len(written.encode()), user=workspace.bot_user,
        mimetype="application/vnd.slack-docs", content=written.encode(), complete=True,
    )  # fmt: skip
    if arguments.text("channel_id"):
        canvas.channels.append(request.channel(name="channel_id", member=True).id)
    workspace.files[canvas.id] = canvas
    return {"canvas_id": canvas.id}


def _set_access(request: Request) -> Json:
    arguments, workspace = request.arguments, request.workspace
    canvas = workspace.files.get(arguments.required("canvas_id"))
    if canvas is None or canvas.mimetype != "application/vnd.slack-docs":
        raise ApiError("canvas_not_found")
    if arguments.required("access_level") not in _LEVELS:
        raise ApiError("invalid_arguments")
    users, channels = _listed(request, "user_ids"), _listed(request, "channel_ids")
    if bool(users) == bool(channels):
        raise ApiError("invalid_arguments")
    if any(user not in workspace.users for user in users):
        raise ApiError("user_not_found")
    canvas.channels += [*users, *channels]
    return {}


def _listed(request: Request, name: str) -> list[str]:
    """Return ids that are given as a list, or with commas, as the SDK does."""
    value = request.arguments.values.get(name) or []
    return [str(one) for one in value] if isinstance(value, list) else str(value).split(",")


METHODS = {
    "canvases.create": Method(_create, "tier 2", ("canvases:write",)),
    "canvases.access.set": Method(_set_access, "tier 3", ("canvases:write",)),
}
