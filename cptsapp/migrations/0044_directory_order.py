"""The values of entries in the order of their list: a page of those who have one is read no further."""

from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.drop_index('repertoire_value', 'repertoire_value_directory_field_value_entry_id_level'))
    migrator.migrate(migrator.add_column('repertoire_value', 'sort_name', CharField(max_length=200, default='')))
    db.execute_sql(
        "UPDATE repertoire_value SET sort_name = (SELECT sort_name FROM repertoire_entry WHERE id = repertoire_value.entry_id)"
    )
    migrator.migrate(migrator.add_index('repertoire_value', ('directory', 'field', 'value', 'sort_name', 'entry_id', 'level')))


def down(migrator, db):
    migrator.migrate(migrator.drop_index('repertoire_value', 'repertoire_value_directory_field_value_sort_name_entry_id_level'))
    migrator.migrate(migrator.drop_column('repertoire_value', 'sort_name'))
    migrator.migrate(migrator.add_index('repertoire_value', ('directory', 'field', 'value', 'entry_id', 'level')))
