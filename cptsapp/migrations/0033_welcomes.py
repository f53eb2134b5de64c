# Generated from a schema diff on 2026-11-28 05:27.
from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Welcome(Model):
        person = ForeignKeyField(Person, unique=True, on_delete='CASCADE')
        asked_on = DateField(null=True)
        met_on = DateField(null=True)
        is_needless = BooleanField(default=False)
        note = CharField(max_length=1000, default='')
        done_at = DateTimeField(null=True)
        done_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'welcome'
            constraints = [
                Check('met_on IS NULL OR done_at IS NOT NULL'),
                Check('done_at IS NOT NULL OR asked_on IS NOT NULL'),
            ]
            legacy_table_names = False
    db.create_tables([Welcome])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('welcome'))
