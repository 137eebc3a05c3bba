"""views.*: modals and the App Home. https://docs.slack.dev/surfaces/modals ."""

import json
from typing import Any

from bot.sandbox.api.request import ApiError, Method, Request, refused
from bot.sandbox.blocks import view_problems, with_ids
from bot.sandbox.shapes import view_json
from bot.sandbox.state import Json, View
from bot.sandbox.triggers import TriggerError
from bot.sandbox.workspace import Workspace

# https://docs.slack.dev/surfaces/modals : "up to 3 views at a time"; a view is at most 250 KB.
_MOST_VIEWS = 3
_MOST_BYTES = 250_000


def checked(workspace: Workspace, view: Any, kind: str) -> Json:
    """The view as it is shown (ids filled in), or ApiError as views.* answer."""
    if found := view_problems(view):
        raise refused("invalid_arguments", ["failed to match all allowed schemas [json-pointer:/view]", *found])
    if view["type"] != kind:
        raise refused("invalid_arguments", [f"unsupported type: {view['type']} [json-pointer:/view/type]"])
    if len(json.dumps(view)) > _MOST_BYTES:
        raise ApiError("view_too_large")
    return {**view, "blocks": with_ids(view["blocks"], workspace.new_id)}


def _payload(request: Request, kind: str) -> Json:
    return checked(request.workspace, request.arguments.structure("view"), kind)


def show_modal(workspace: Workspace, user: str, payload: Json, *, push: bool) -> View:
    """Put a checked modal on the person's screen, on top of the others (`push`) or instead of them."""
    below = workspace.modals(user)
    if push and len(below) >= _MOST_VIEWS:
        raise ApiError("push_limit_reached")
    if not push:
        workspace.drop_views(below)
        below = []
    id = workspace.new_id("V")
    view = View(
        id=id,
        type="modal",
        user=user,
        payload=payload,
        hash=workspace.new_id("h"),
        root_view_id=below[0].id if below else id,
        previous_view_id=below[-1].id if below else None,
    )
    return workspace.put_view(view)


def replace_view(workspace: Workspace, view: View, payload: Json) -> View:
    """Show a checked payload in a view's place; what was typed stays where block and action ids stay."""
    kept = {block["block_id"] for block in payload["blocks"]}
    view.state = {block_id: values for block_id, values in view.state.items() if block_id in kept}
    view.payload, view.hash, view.errors = payload, workspace.new_id("h"), {}
    return workspace.put_view(view)


def _show(request: Request, *, push: bool) -> Json:
    trigger = request.arguments.text("trigger_id") or request.arguments.required("interactivity_pointer")
    try:
        user, within = request.triggers.check(trigger)
    except TriggerError as error:
        raise ApiError(error.code) from None
    if push and within not in request.workspace.views:
        raise ApiError("not_found")
    payload = _payload(request, "modal")
    view = show_modal(request.workspace, user, payload, push=push)
    request.triggers.use(trigger)
    return {"view": view_json(request.workspace, view)}


def _open(request: Request) -> Json:
    return _show(request, push=False)


def _push(request: Request) -> Json:
    return _show(request, push=True)


def _find(request: Request) -> View:
    if id := request.arguments.text("view_id"):
        found = request.workspace.views.get(id)
    else:
        external = request.arguments.required("external_id")
        views = request.workspace.views.values()
        found = next((view for view in views if view.payload.get("external_id") == external), None)
    if found is None:
        raise ApiError("not_found")
    return found


def _guard(request: Request, view: View) -> None:
    if (hash := request.arguments.text("hash")) and hash != view.hash:
        raise ApiError("hash_conflict")


def _update(request: Request) -> Json:
    view = _find(request)
    _guard(request, view)
    replace_view(request.workspace, view, _payload(request, view.type))
    return {"view": view_json(request.workspace, view)}


def _publish(request: Request) -> Json:
    workspace, user = request.workspace, request.arguments.required("user_id")
    if user not in workspace.users:
        raise ApiError("invalid_arguments")
    payload = _payload(request, "home")
    view = workspace.home(user)
    if view is not None:
        _guard(request, view)
        replace_view(workspace, view, payload)
    else:
        id = workspace.new_id("V")
        view = View(id=id, type="home", user=user, payload=payload, hash=workspace.new_id("h"), root_view_id=id)
        workspace.put_view(view)
    return {"view": view_json(workspace, view)}


METHODS = {
    "views.open": Method(_open, "tier 4"),
    "views.push": Method(_push, "tier 4"),
    "views.update": Method(_update, "tier 4"),
    "views.publish": Method(_publish, "tier 4"),
}
