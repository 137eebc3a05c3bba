"""files.*: the upload in three steps. https://docs.slack.dev/messaging/working-with-files#upload ."""

import mimetypes

from bot.sandbox.api.request import ApiError, Method, Request
from bot.sandbox.shapes import file_json
from bot.sandbox.state import File, Json, Message


def _upload_url(request: Request) -> Json:
    workspace, arguments = request.workspace, request.arguments
    name, length = arguments.required("filename"), arguments.number("length", 0)
    if length < 1:
        raise ApiError("invalid_arguments")
    file = File(
        id=workspace.new_id("F"),
        name=name,
        title=name,
        length=length,
        user=workspace.bot_user,
        mimetype=mimetypes.guess_type(name)[0] or "application/octet-stream",
        alt_text=arguments.text("alt_txt") or None,
    )
    workspace.files[file.id] = file
    return {"upload_url": f"{request.base_url}upload/{file.id}", "file_id": file.id}


def _uploaded(request: Request) -> list[File]:
    listed = request.arguments.structure("files")
    if not isinstance(listed, list) or not listed or not all(isinstance(one, dict) for one in listed):
        raise ApiError("invalid_arguments")
    files = []
    for one in listed:
        file = request.workspace.files.get(str(one.get("id")))
        if file is None or file.content is None:
            raise ApiError("file_not_found")
        file.title = str(one.get("title") or file.name)
        files.append(file)
    return files


def _complete(request: Request) -> Json:
    arguments, files = request.arguments, _uploaded(request)
    targets = arguments.text("channel_id") or arguments.text("channels")
    for id in targets.split(",") if targets else ():
        channel = request.workspace.channels.get(id)
        if channel is None or (channel.is_private and request.workspace.bot_user not in channel.members):
            raise ApiError("channel_not_found")
        if request.workspace.bot_user not in channel.members:
            raise ApiError("not_in_channel")
        _share(request, id, files)
    for file in files:
        file.complete = True
    return {"files": [file_json(request.workspace, file) for file in files]}


def _share(request: Request, channel: str, files: list[File]) -> None:
    for file in files:
        file.channels.append(channel)
    request.feed.post(
        Message(
            channel=channel,
            ts=request.workspace.new_ts(),
            user=request.workspace.bot_user,
            bot_id=request.workspace.bot_id,
            subtype="file_share",
            text=request.arguments.text("initial_comment"),
            blocks=request.arguments.structure("blocks") or [],
            thread_ts=request.arguments.text("thread_ts") or None,
            files=[file.id for file in files],
        )
    )


def _info(request: Request) -> Json:
    file = request.workspace.files.get(request.arguments.required("file"))
    if file is None or not file.complete:
        raise ApiError("file_not_found")
    return {"file": file_json(request.workspace, file)}


METHODS = {
    "files.getUploadURLExternal": Method(_upload_url, "tier 4", ("files:write",)),
    "files.completeUploadExternal": Method(_complete, "tier 4", ("files:write",)),
    "files.info": Method(_info, "tier 4", ("files:read",)),
}
