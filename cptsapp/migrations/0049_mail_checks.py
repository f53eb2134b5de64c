"""The states of a mail are checked one by one: SQLite builds a list of three or more again each time that a row changes,
and that was a tenth of the work of a sending. The rule is the same, and no row is read or written again."""

from peewee import *

# A word that PostgreSQL too keeps of each check, what it was, what it is.
CHECKS = (
    (
        "'pending'",
        "state IN ('pending', 'claimed', 'in_doubt', 'sent', 'refused', 'skipped', 'uncertain')",
        "state = 'pending' OR state = 'claimed' OR state = 'in_doubt' OR state = 'sent' OR state = 'refused' "
        "OR state = 'skipped' OR state = 'uncertain'",
    ),
    (
        'done_at',
        "(state IN ('sent', 'refused', 'skipped')) = (done_at IS NOT NULL)",
        "(state = 'sent' OR state = 'refused' OR state = 'skipped') = (done_at IS NOT NULL)",
    ),
    (
        'message_id',
        "state NOT IN ('in_doubt', 'sent', 'uncertain') OR message_id <> ''",
        "NOT (state = 'in_doubt' OR state = 'sent' OR state = 'uncertain') OR message_id <> ''",
    ),
)


def up(migrator, db):
    change(db, [(word, before, after) for word, before, after in CHECKS])


def down(migrator, db):
    change(db, [(word, after, before) for word, before, after in CHECKS])


def change(db, checks):
    if isinstance(db, SqliteDatabase):
        change_on_sqlite(db, checks)
        return
    named = 'SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = %s'
    made = db.execute_sql(named, ('outgoing_mail', 'c')).fetchall()
    for word, _, new in checks:
        [name] = [name for name, text in made if word in text]
        db.execute_sql(f'ALTER TABLE outgoing_mail DROP CONSTRAINT "{name}", ADD CONSTRAINT "{name}" CHECK ({new})')


def change_on_sqlite(db, checks):
    """Write the text of the table anew, as SQLite's manual says to change a CHECK (« Making other kinds of table schema
    changes »): building the table again would delete what hangs on its rows."""
    [version] = db.execute_sql('PRAGMA schema_version').fetchone()
    db.execute_sql('PRAGMA writable_schema = ON')
    for _, old, new in checks:
        text = "UPDATE sqlite_master SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'outgoing_mail'"
        db.execute_sql(text, (old, new))
    db.execute_sql(f'PRAGMA schema_version = {version + 1}')
    db.execute_sql('PRAGMA writable_schema = RESET')
