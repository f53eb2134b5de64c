"""Introductions, and the lists handed to training bodies."""

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

    class Introduction(Model):
        demand = ForeignKeyField(Entry, null=True, on_delete='SET NULL')
        offer = ForeignKeyField(Entry, null=True, on_delete='SET NULL')
        directory = CharField(max_length=60)
        proposed_at = DateTimeField(index=True)
        proposed_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        expires_on = DateField()
        demand_agreed_at = DateTimeField(null=True)
        offer_agreed_at = DateTimeField(null=True)
        agreed_at = DateTimeField(index=True, null=True)
        closed_at = DateTimeField(index=True, null=True)
        outcome = CharField(max_length=12, default='')
        link_version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'introduction'
            constraints = [
                Check("(closed_at IS NULL) = (outcome = '')"),
                Check('(agreed_at IS NOT NULL) = (demand_agreed_at IS NOT NULL AND offer_agreed_at IS NOT NULL)'),
                Check("outcome NOT IN ('success', 'no_follow') OR agreed_at IS NOT NULL"),
                Check("outcome NOT IN ('declined', 'expired') OR agreed_at IS NULL"),
            ]
            legacy_table_names = False
    db.create_tables([Introduction])

    class TrainingList(Model):
        recipient = CharField(max_length=160)
        sent_at = DateTimeField(index=True)
        sent_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        number = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'training_list'
            constraints = [
                Check("recipient <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([TrainingList])

    class TrainingListEntry(Model):
        list = ForeignKeyField(TrainingList, on_delete='CASCADE')
        entry = ForeignKeyField(Entry, on_delete='CASCADE')
        class Meta:
            database = db
            table_name = 'training_list_entry'
            legacy_table_names = False
            indexes = ((('list', 'entry'), True),)
    db.create_tables([TrainingListEntry])
    create_partial_indexes(db)


def create_partial_indexes(db):
    """Of the same two entries, one introduction runs at a time."""
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "introduction_one_open" ON "introduction" ("demand_id", "offer_id") '
        'WHERE ("closed_at" IS NULL)'
    )


def down(migrator, db):
    migrator.migrate(migrator.drop_table('training_list_entry'))
    migrator.migrate(migrator.drop_table('training_list'))
    migrator.migrate(migrator.drop_table('introduction'))
