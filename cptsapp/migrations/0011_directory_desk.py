# Generated from a schema diff on 2026-11-28 01:59.
from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Entry(Model):
        class Meta:
            database = db
            table_name = 'repertoire_entry'
            legacy_table_names = False

    class EntryApart(Model):
        first = ForeignKeyField(Entry, on_delete='CASCADE')
        second = ForeignKeyField(Entry, on_delete='CASCADE')
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'repertoire_apart'
            constraints = [
                Check('first_id < second_id'),
            ]
            legacy_table_names = False
            indexes = ((('first', 'second'), True),)
    db.create_tables([EntryApart])

    class EntryNote(Model):
        entry = ForeignKeyField(Entry, on_delete='CASCADE')
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        text = TextField()
        class Meta:
            database = db
            table_name = 'repertoire_note'
            legacy_table_names = False
    db.create_tables([EntryNote])

    migrator.migrate(migrator.add_index('repertoire_entry', ('directory', 'sort_name', 'id')))


def down(migrator, db):
    migrator.migrate(migrator.drop_index('repertoire_entry', 'repertoire_entry_directory_sort_name_id'))
    migrator.migrate(migrator.drop_table('repertoire_note'))
    migrator.migrate(migrator.drop_table('repertoire_apart'))
