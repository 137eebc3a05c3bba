"""What follows from a reply in a thread of the bot: it is carried over, and may be the answer to a question."""

from datetime import datetime

from handlers import mirroring
from handlers.context import Context
from handlers.heard import Said
from handlers.questions import take_answer


async def hear(ctx: Context, said: Said, at: datetime) -> None:
    """Do all that follows from a reply, as it reads now; doing it again changes nothing."""
    await mirroring.hear(ctx, said, at)
    await take_answer(ctx, said, at)
