"""users.* and usergroups.*: who is who."""

from bot.sandbox.api.paging import page
from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import user_json, usergroup_json
from bot.sandbox.state import Json, User, Usergroup


def _shown(request: Request, user: User) -> Json:
    """Return a user; the address only to who may read it (https://docs.slack.dev/reference/scopes/users.read.email)."""
    shown = user_json(request.workspace, user)
    if "users:read.email" not in request.scopes:
        shown["profile"].pop("email", None)
    return shown


def _info(request: Request) -> Json:
    user = request.workspace.users.get(request.arguments.required("user"))
    if user is None:
        raise ApiError("user_not_found")
    return {"user": _shown(request, user)}


def _list(request: Request) -> Json:
    users, more = page(request.arguments, list(request.workspace.users.values()), 100)
    return {"members": [_shown(request, user) for user in users], **more}


def _by_email(request: Request) -> Json:
    email = request.arguments.required("email").lower()
    for user in request.workspace.users.values():
        if user.email.lower() == email:
            return {"user": user_json(request.workspace, user)}
    raise ApiError("users_not_found")


def _group(request: Request) -> Usergroup:
    group = request.workspace.usergroups.get(request.arguments.required("usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return group


def _groups(request: Request) -> Json:
    users = request.arguments.flag("include_users")
    groups = request.workspace.usergroups.values()
    return {"usergroups": [usergroup_json(request.workspace, group, users=users) for group in groups]}


def _group_users(request: Request) -> Json:
    return {"users": _group(request).users}


def _update_group(request: Request) -> Json:
    group = _group(request)
    users = request.arguments.text("users").split(",")
    if any(user not in request.workspace.users for user in users):
        raise ApiError("invalid_users")
    group.users = users
    return {"usergroup": usergroup_json(request.workspace, group, users=True)}


METHODS = {
    "users.info": Method(_info, "tier 4", ("users:read",)),
    "users.list": Method(_list, "tier 2", ("users:read",)),
    "users.lookupByEmail": Method(_by_email, "tier 3", ("users:read.email",)),
    "usergroups.list": Method(_groups, "tier 2", ("usergroups:read",)),
    "usergroups.users.list": Method(_group_users, "tier 2", ("usergroups:read",)),
    "usergroups.users.update": Method(_update_group, "tier 2", ("usergroups:write",)),
}
