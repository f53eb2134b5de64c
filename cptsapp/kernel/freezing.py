"""What the database itself refuses to change or delete once it is frozen, whatever writes: a rule, a command, raw SQL.

    keep(Report, [Report.title, Report.starts_on], frozen="OLD.frozen_at IS NOT NULL")

A trigger does it on both engines, and what it refuses is an IntegrityError. Migrations that build a table again drop
its triggers: they are all made anew at the end of every run of migrations.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .db import is_sqlite, renewed_schema

REFUSED = "frozen: this row changes no more"
_POSTGRESQL = """
CREATE OR REPLACE FUNCTION "{name}"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {frozen} THEN
        RAISE EXCEPTION '{refused}' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END
$$"""


@dataclass(frozen=True)
class Guard:
    """The columns of a table that no longer change, nor their row go, once `frozen` (SQL, about OLD) is true."""

    table: str
    columns: tuple[str, ...]
    frozen: str

    @property
    def name(self) -> str:
        return f"{self.table}_frozen"

    def statements(self) -> list[str]:
        """Return the SQL that makes it on the open database, or makes it again."""
        columns = ", ".join(f'"{each}"' for each in self.columns)
        if is_sqlite():
            refusal = f"ON \"{self.table}\" WHEN {self.frozen} BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
            return [
                f'DROP TRIGGER IF EXISTS "{self.name}_update"',
                f'CREATE TRIGGER "{self.name}_update" BEFORE UPDATE OF {columns} {refusal}',
                f'DROP TRIGGER IF EXISTS "{self.name}_delete"',
                f'CREATE TRIGGER "{self.name}_delete" BEFORE DELETE {refusal}',
            ]
        return [
            _POSTGRESQL.format(name=self.name, frozen=self.frozen, refused=REFUSED),
            f'DROP TRIGGER IF EXISTS "{self.name}" ON "{self.table}"',
            f'CREATE TRIGGER "{self.name}" BEFORE UPDATE OF {columns} OR DELETE ON "{self.table}" '
            f'FOR EACH ROW EXECUTE FUNCTION "{self.name}"()',
        ]


guards: list[Guard] = []


def keep(model, fields: Iterable, *, frozen: str) -> None:
    """Have the database keep some fields of a model as they are, and their row, once `frozen` is true of it."""
    guards.append(Guard(model._meta.table_name, tuple(each.column_name for each in fields), frozen))


def all_but(model, *fields) -> list:
    """Return the fields of a model without those that go on changing, nor its number."""
    left = {each.name for each in fields}
    return [each for each in model._meta.sorted_fields if each.name not in left and not each.primary_key]


def install(database) -> None:
    for each in guards:
        for statement in each.statements():
            database.execute_sql(statement)


renewed_schema.append(install)
