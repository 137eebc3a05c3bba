"""Many rows in few statements, in each database's own way."""

from typing import Any

from sqlalchemy.engine import make_url

from models.store.inserts import statements, unless_there
from models.tables import CommitRow

SQLITE, POSTGRESQL = (make_url(url).get_dialect()() for url in ("sqlite+aiosqlite://", "postgresql+asyncpg://"))
TABLE: Any = CommitRow.__table__
COLUMNS = ("repository", "sha", "is_merge")
ROWS = [("acme/payments", f"{n:040x}", n % 2 == 0) for n in range(70)]


def test_sqlite_is_given_pieces_of_few_sizes() -> None:
    made = list(statements(TABLE, COLUMNS, ROWS, SQLITE, unless_there))

    assert [32 * 3, 32 * 3, 4 * 3, 2 * 3] == [len(parameters) for _, parameters in made]
    assert ("acme/payments", f"{0:040x}") == made[0][1][:2]


def test_postgresql_is_given_one_statement_with_an_array_for_each_column() -> None:
    ((sql, parameters),) = statements(TABLE, COLUMNS, ROWS, POSTGRESQL, unless_there)

    assert (
        "INSERT INTO commits (repository, sha, is_merge) "
        "SELECT * FROM unnest($1::VARCHAR[], $2::VARCHAR[], $3::BOOLEAN[]) ON CONFLICT DO NOTHING"
    ) == sql
    assert tuple(map(list, zip(*ROWS, strict=True))) == parameters


def test_no_rows_are_no_statement() -> None:
    for dialect in (SQLITE, POSTGRESQL):
        assert [] == list(statements(TABLE, COLUMNS, [], dialect, unless_there))
