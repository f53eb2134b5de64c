"""The tallies: what is counted, and each tap."""

from peewee import *


def up(migrator, db):
    class Commune(Model):
        insee = CharField(primary_key=True, max_length=5)
        class Meta:
            database = db
            table_name = 'commune'
            legacy_table_names = False

    class TallyKind(Model):
        key = CharField(max_length=40, default='')
        label = CharField(max_length=120)
        hint = CharField(max_length=200, default='')
        position = IntegerField(default=0)
        closed_at = DateTimeField(null=True)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'tally_kind'
            constraints = [
                Check("label <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([TallyKind])

    class Tally(Model):
        kind = ForeignKeyField(TallyKind, on_delete='RESTRICT')
        on = DateField(column_name='counted_on')
        commune = ForeignKeyField(Commune, null=True, on_delete='RESTRICT')
        number = IntegerField(default=1)
        is_correction = BooleanField(default=False)
        key = CharField(unique=True, max_length=64)
        at = DateTimeField()
        undone_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'tally'
            constraints = [
                Check('number <> 0'),
                Check('is_correction OR number = 1'),
            ]
            legacy_table_names = False
            indexes = ((('kind', 'on'), False), (('on', 'kind', 'commune', 'number'), False))
    db.create_tables([Tally])
    create_partial_indexes(db)


def create_partial_indexes(db):
    """Two open kinds never have the same name; a usual kind is there once."""
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "tally_kind_one_open_label" ON "tally_kind" ("label") '
        'WHERE ("closed_at" IS NULL)'
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "tally_kind_one_key" ON "tally_kind" ("key") WHERE ("key" != \'\')'
    )


def down(migrator, db):
    migrator.migrate(migrator.drop_table('tally'))
    migrator.migrate(migrator.drop_table('tally_kind'))
