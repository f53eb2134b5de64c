# Generated from a schema diff on 2026-11-28 02:21.
from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Passkey(Model):
        account = ForeignKeyField(Account, on_delete='CASCADE')
        name = CharField(max_length=60)
        credential = CharField(unique=True, max_length=1400)
        public_key = TextField()
        count = IntegerField(default=0)
        uses = IntegerField(default=0)
        created_at = DateTimeField()
        used_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'passkey'
            constraints = [
                Check("name <> ''"),
                Check('(uses = 0) = (used_at IS NULL)'),
            ]
            legacy_table_names = False
    db.create_tables([Passkey])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('passkey'))
