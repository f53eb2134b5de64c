"""The words by which members find each other, and the indexes of who is listed.

The words themselves are written once the tables are up to date: see `annuaire.finding`.
"""

from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.add_index("practice", ("in_directory", "person_id")))
    migrator.migrate(migrator.add_index("practice", ("public_listing", "person_id")))
    create_words(db)


def create_words(db):
    """The full-text table, which no model declares: FTS5 on SQLite, a tsvector on PostgreSQL."""
    if isinstance(db, SqliteDatabase):
        db.execute_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS annuaire_words USING fts5(words, prefix='2 3', tokenize='ascii')"
        )
        db.execute_sql("INSERT INTO annuaire_words(annuaire_words, rank) VALUES('secure-delete', 1)")
        return
    db.execute_sql("CREATE TABLE IF NOT EXISTS annuaire_words (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    db.execute_sql("CREATE INDEX IF NOT EXISTS annuaire_words_gin ON annuaire_words USING GIN (words)")


def down(migrator, db):
    db.execute_sql("DROP TABLE IF EXISTS annuaire_words")
    migrator.migrate(migrator.drop_index("practice", "practice_public_listing_person_id"))
    migrator.migrate(migrator.drop_index("practice", "practice_in_directory_person_id"))
