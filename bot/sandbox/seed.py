"""Fills an empty workspace from its configuration."""

from bot.sandbox.config import Group, Person, Room, SandboxConfig
from bot.sandbox.workspace import Channel, User, Usergroup, Workspace


def seeded(config: SandboxConfig) -> Workspace:
    """A workspace with the configured people, groups, channels, and the bot."""
    workspace = Workspace(config.clock)
    workspace.refuse_data_blocks = config.refuse_data_blocks
    for person in config.people:
        _add_person(workspace, person)
    workspace.bot_user = workspace.new_id("U")
    workspace.users[workspace.bot_user] = User(
        id=workspace.bot_user, name=config.bot_name, real_name=config.bot_name.title(), is_bot=True
    )
    for room in config.rooms:
        _add_room(workspace, room)
    for group in config.groups:
        _add_group(workspace, group)
    return workspace


def _add_person(workspace: Workspace, person: Person) -> None:
    user = User(
        id=workspace.new_id("U"),
        name=person.name,
        real_name=person.real_name,
        display_name=person.name if person.display_name is None else person.display_name,
        title=person.title,
        email=f"{person.name}@example.com",
        timezone=person.timezone,
        color=person.color,
    )
    workspace.users[user.id] = user


def _add_room(workspace: Workspace, room: Room) -> None:
    members = [workspace.user(name).id for name in room.members]
    if room.bot:
        members.append(workspace.bot_user)
    channel = Channel(
        id=workspace.new_id("C"), name=room.name, is_private=room.private, topic=room.topic, members=members
    )
    workspace.channels[channel.id] = channel


def _add_group(workspace: Workspace, group: Group) -> None:
    users = [workspace.user(name).id for name in group.members]
    made = Usergroup(id=workspace.new_id("S"), handle=group.handle, name=group.name, users=users)
    workspace.usergroups[made.id] = made
