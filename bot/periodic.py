"""What the bot does every so often, and how often."""

from collections.abc import Callable, Mapping
from datetime import datetime

from slack_sdk.web.async_client import AsyncWebClient

from bot import sweeps
from bot.calendars import Calendars
from bot.pagerduty_schedules import PagerDutySchedules
from bot.schedule import Sweep
from bot.settings_environment import PagerDuty
from bot.usergroups import Usergroups
from bot.windows import coming
from handlers.action_items import remind_of_items
from handlers.context import Context
from handlers.debts import tell_of_ended
from handlers.freeze_sweep import tend as tend_freezes
from handlers.hung import tend_hung
from handlers.incident_channels import IncidentChannels
from handlers.links import load_links
from handlers.mirror_catch_up import Missed
from handlers.oncall_troubles import tell_troubles
from handlers.paging import page
from handlers.pictures import fetch_pictures
from handlers.questions import remind as remind_of_questions
from handlers.reminders import remind
from handlers.shift_handoffs import tend
from handlers.silences import tell_silences
from handlers.soaks import tend_soaks


def sweeps_of(
    ctx: Context,
    clients: Mapping[str, AsyncWebClient],
    now: Callable[[], datetime],
    pagerduty: PagerDuty,
    missed: Missed,
) -> list[Sweep]:
    """Return everything that comes back by itself; `clients` are those of the workspaces, by name."""
    notices = sweeps.Notices(ctx=ctx, now=now)
    calendars = Calendars(ctx, now, PagerDutySchedules(pagerduty))
    usergroups = Usergroups(ctx, clients)
    channels = IncidentChannels(ctx)
    return [
        Sweep("prune", sweeps.PRUNE_EVERY, lambda: sweeps.prune(ctx, now())),
        Sweep("silence", sweeps.SILENCE_EVERY, lambda: tell_silences(ctx, now())),
        Sweep("held_names", sweeps.MAPPINGS_EVERY, notices.tell_of_held_names),
        Sweep("attribution", sweeps.ATTRIBUTE_EVERY, lambda: sweeps.attribute_all(ctx)),
        Sweep("paging", sweeps.PAGING_EVERY, lambda: page(ctx, now())),
        Sweep("calls", sweeps.CALLS_EVERY, lambda: sweeps.call_out(ctx, now)),
        Sweep("remind", sweeps.REMIND_EVERY, lambda: remind(ctx, now())),
        Sweep("incident_channels", sweeps.CHANNELS_EVERY, lambda: channels.tend(now())),
        Sweep("action_items", sweeps.ITEMS_EVERY, lambda: remind_of_items(ctx, now())),
        Sweep("calendars", sweeps.CALENDARS_EVERY, calendars.copy),
        Sweep("handoffs", sweeps.HANDOFFS_EVERY, lambda: tend(ctx, now())),
        Sweep("freezes", sweeps.FREEZES_EVERY, lambda: tend_freezes(ctx, now(), coming(ctx.topology.freezes, now()))),
        Sweep("usergroups", sweeps.USERGROUPS_EVERY, lambda: usergroups.keep(now())),
        Sweep("oncall_troubles", sweeps.TROUBLES_EVERY, lambda: tell_troubles(ctx, now())),
        Sweep("questions", sweeps.QUESTIONS_EVERY, lambda: remind_of_questions(ctx, now())),
        Sweep("links", sweeps.LINKS_EVERY, lambda: load_links(ctx)),
        Sweep("heard", sweeps.HEARD_EVERY, lambda: missed.beat(now())),
        Sweep("hung", sweeps.HUNG_EVERY, lambda: tend_hung(ctx, now())),
        Sweep("soaks", sweeps.SOAKS_EVERY, lambda: tend_soaks(ctx, now())),
        Sweep("pictures", sweeps.PICTURES_EVERY, lambda: fetch_pictures(ctx, now())),
        Sweep("debts", sweeps.DEBTS_EVERY, lambda: tell_of_ended(ctx, now())),
        Sweep("undo", sweeps.UNDO_EVERY, notices.end_undo),
    ]
