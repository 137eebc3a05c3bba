"""What records were before something was learnt of them late."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.tables.base import Base, Json, UtcDateTime


class RevisionRow(Base):
    """What was known of a deployment or an incident (`kind`) until an instant; `was` is null where it did not count."""

    __tablename__ = "revisions"

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    record_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    was: Mapped[Any | None] = mapped_column(Json)

    __table_args__ = (Index("ix_revisions_until", "until"),)


class RevisionHorizonRow(Base):
    """Since when what records were is kept whole: at most one row (`id` 1), none where nothing was ever forgotten."""

    __tablename__ = "revision_horizon"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UtcDateTime)
