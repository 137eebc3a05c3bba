"""`twinspan metrics`: the numbers between the two sides, as JSON, as a table and as CSV."""

from tests.bot.test_import_and_metrics import INCIDENTS, Program, program

__all__ = ("program",)


def test_numbers_between_the_two_sides_come_in_every_form(program: Program) -> None:
    program.run("import", program.file(INCIDENTS + "i1,shop,2026-03-03T09:00:00Z,,sev2\n", "incidents.csv"))
    when = ["--date", "2026-03-02", "--timezone", "UTC", "--as-of", "2026-03-11T00:00:00Z"]
    numbers = program.numbers()
    assert (0, 1, 1) == tuple(numbers["between"][name] for name in ("both", "of", "no_cause"))
    assert numbers["previous"]["between"]["both"] is None
    table = program.run("metrics", *when).output
    assert "Both sides took part         0 of 1" in table
    assert "Answer of the other side     –" in table
    assert "Cause not recorded           1 of 1" in table
    assert "between.both,0," in program.run("metrics", "--format", "csv", *when).output.splitlines()
