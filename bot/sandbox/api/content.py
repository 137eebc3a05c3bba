"""What a message may contain: text, blocks, attachments and metadata within Slack's limits."""

from dataclasses import dataclass
from typing import Any

from bot.sandbox.api.request import ApiError, Arguments, refused
from bot.sandbox.blocks import MOST_SHOWN, problems, size
from bot.sandbox.state import Json
from bot.sandbox.workspace import Workspace

# https://docs.slack.dev/reference/methods/chat.postMessage : 40,000 characters; …/chat.update : 4,000.
MOST_POSTED = 40_000
MOST_UPDATED = 4_000
# https://docs.slack.dev/reference/methods/chat.postMessage : "more than 100 attachments".
_MOST_ATTACHMENTS = 100
_NEWER = ("data_visualization", "data_table")


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a message. `blocks`, `attachments` and `metadata` are None where the call did not mention them."""

    text: str
    blocks: list[Json] | None
    attachments: list[Json] | None
    metadata: Json | None


def content(workspace: Workspace, arguments: Arguments, most: int = MOST_POSTED) -> Content:
    """Read and check the content of a message; ApiError as chat.postMessage answers."""
    text = arguments.text("text")
    blocks = arguments.structure("blocks", "invalid_blocks_format")
    attachments = _attachments(arguments)
    if not text.strip() and not blocks and not attachments:
        raise ApiError("no_text")
    if len(text) > most:
        raise ApiError("msg_too_long")
    if blocks is not None:
        check_blocks(workspace, blocks)
    for attachment in attachments or ():
        check_blocks(workspace, attachment.get("blocks", []))
    return Content(text, blocks, attachments, _metadata(arguments))


def check_blocks(workspace: Workspace, blocks: Any) -> None:
    """Refuse blocks as Slack does: invalid_blocks (with reasons), invalid_attachments, msg_blocks_too_long."""
    found = problems(blocks)
    if any(words.startswith("only_one_table_allowed") for words in found):
        raise refused("invalid_attachments", found)
    found = found or _unsupported(workspace, blocks) or _missing_files(workspace, blocks, "/blocks")
    if found:
        raise refused("invalid_blocks", found)
    if size(blocks) > MOST_SHOWN:
        raise ApiError("msg_blocks_too_long")


def _unsupported(workspace: Workspace, blocks: list[Json]) -> list[str]:
    if not workspace.refuse_data_blocks:
        return []
    newer = [(n, block["type"]) for n, block in enumerate(blocks) if block["type"] in _NEWER]
    return [f"unsupported type: {kind} [json-pointer:/blocks/{n}/type]" for n, kind in newer]


def _missing_files(workspace: Workspace, value: Any, pointer: str) -> list[str]:
    if isinstance(value, list):
        return [words for n, one in enumerate(value) for words in _missing_files(workspace, one, f"{pointer}/{n}")]
    if not isinstance(value, dict):
        return []
    found = [w for key, one in value.items() for w in _missing_files(workspace, one, f"{pointer}/{key}")]
    if pointer.endswith("/slack_file"):
        file = workspace.files.get(value.get("id", ""))
        by_url = any(value.get("url", "").endswith(f"/files/{f.id}/{f.name}") for f in workspace.files.values())
        if not by_url and (file is None or not file.complete):
            found.append(f"invalid slack file [json-pointer:{pointer}]")
    return found


def _attachments(arguments: Arguments) -> list[Json] | None:
    attachments = arguments.structure("attachments", "invalid_attachments")
    if attachments is None:
        return None
    if not isinstance(attachments, list) or not all(isinstance(one, dict) for one in attachments):
        raise ApiError("invalid_attachments")
    if len(attachments) > _MOST_ATTACHMENTS:
        raise ApiError("too_many_attachments")
    return attachments


def _metadata(arguments: Arguments) -> Json | None:
    # https://docs.slack.dev/messaging/message-metadata
    metadata = arguments.structure("metadata", "invalid_metadata_format")
    if metadata is None:
        return None
    if not isinstance(metadata, dict) or set(metadata) - {"event_type", "event_payload", "entities"}:
        raise ApiError("invalid_metadata_format")
    if not isinstance(metadata.get("event_type"), str) or not isinstance(metadata.get("event_payload"), dict):
        raise ApiError("invalid_metadata_format")
    return metadata
