"""The number of a row of the search says of which kind it is too: what is found of each kind is counted by it alone."""

import zlib

from peewee import *

BITS, MASK = 20, (1 << 20) - 1
COLUMNS = 'visibility, kind, title, body'


def up(migrator, db):
    if isinstance(db, SqliteDatabase):
        kinds = [kind for (kind,) in db.execute_sql('SELECT DISTINCT kind FROM search_words').fetchall()]
        copy(db, f'rowid << {BITS} | {code(kinds)}')
        return
    kinds = [kind for (kind,) in db.execute_sql('SELECT DISTINCT kind FROM search_document').fetchall()]
    db.execute_sql('ALTER TABLE search_words RENAME COLUMN document_id TO rowid')
    db.execute_sql('DELETE FROM search_words WHERE rowid NOT IN (SELECT id FROM search_document)')
    # Through negative numbers: each is free when it is given.
    number = f'rowid << {BITS} | {code(kinds)}'
    db.execute_sql(f'UPDATE search_words SET rowid = -({number}) FROM search_document AS d WHERE d.id = rowid')  # noqa: S608
    db.execute_sql('UPDATE search_words SET rowid = -rowid')


def down(migrator, db):
    if isinstance(db, SqliteDatabase):
        copy(db, f'rowid >> {BITS}')
        return
    db.execute_sql(f'UPDATE search_words SET rowid = -(rowid >> {BITS})')  # noqa: S608
    db.execute_sql('UPDATE search_words SET rowid = -rowid')
    db.execute_sql('ALTER TABLE search_words RENAME COLUMN rowid TO document_id')


def code(kinds):
    """Return the SQL that numbers a kind."""
    quoted = [(kind.replace("'", "''"), zlib.crc32(kind.encode()) & MASK) for kind in kinds]
    return ' '.join(["CASE kind WHEN '' THEN 0", *(f"WHEN '{kind}' THEN {number}" for kind, number in quoted), 'END'])


def copy(db, number):
    """Make the full-text table again with other numbers; its words need not be cut again."""
    db.execute_sql('ALTER TABLE search_words RENAME TO search_words_before')
    db.execute_sql(
        f"CREATE VIRTUAL TABLE search_words USING fts5({COLUMNS}, prefix='2 3', tokenize='ascii')"
    )
    db.execute_sql("INSERT INTO search_words(search_words, rank) VALUES('secure-delete', 1)")
    old = f'SELECT {number}, {COLUMNS} FROM search_words_before ORDER BY search_words_before.rowid'  # noqa: S608
    db.execute_sql(f'INSERT INTO search_words(rowid, {COLUMNS}) {old}')
    db.execute_sql('DROP TABLE search_words_before')
