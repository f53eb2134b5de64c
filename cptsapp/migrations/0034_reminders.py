# Generated from a schema diff on 2026-11-28 05:44.
from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.add_column('introduction', 'reminded_on', DateField(null=True)))
    migrator.migrate(migrator.add_column('loan', 'reminded_on', DateField(null=True)))
    migrator.migrate(migrator.add_column('loan', 'said_on', DateField(null=True)))
    migrator.migrate(migrator.add_column('loan', 'said_note', CharField(max_length=200, default='')))


def down(migrator, db):
    migrator.migrate(migrator.drop_column('loan', 'said_note'))
    migrator.migrate(migrator.drop_column('loan', 'said_on'))
    migrator.migrate(migrator.drop_column('loan', 'reminded_on'))
    migrator.migrate(migrator.drop_column('introduction', 'reminded_on'))
