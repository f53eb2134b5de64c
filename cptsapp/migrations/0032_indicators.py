"""The indicators of the project: measures, their definition in each year of a contract, the history of their values."""

from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Contract(Model):
        class Meta:
            database = db
            table_name = 'contract'
            legacy_table_names = False

    class Fiche(Model):
        class Meta:
            database = db
            table_name = 'fiche'
            legacy_table_names = False

    class Measure(Model):
        code = CharField(max_length=40, default='')
        fiche = ForeignKeyField(Fiche, null=True, on_delete='SET NULL')
        mission = CharField(max_length=20, default='')
        position = IntegerField(default=0)
        is_public = BooleanField(default=False)
        archived_at = DateTimeField(null=True)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'measure'
            legacy_table_names = False
            indexes = ((('fiche', 'position', 'id'), False), (('archived_at', 'position'), False))
    db.create_tables([Measure])

    class MeasureTerm(Model):
        measure = ForeignKeyField(Measure, on_delete='CASCADE')
        contract = ForeignKeyField(Contract, null=True, on_delete='RESTRICT')
        year = IntegerField(default=0)
        label = CharField(max_length=200)
        definition = CharField(max_length=600, default='')
        kind = CharField(max_length=10, default='counter')
        unit = CharField(max_length=40, default='')
        direction = CharField(max_length=8, default='up')
        initial_thousandths = BigIntegerField(null=True)
        target_thousandths = BigIntegerField(null=True)
        levels_json = TextField(default='[]')
        amount_cents = IntegerField(null=True)
        weight = IntegerField(default=1)
        origin = CharField(max_length=10, default='typed')
        origin_note = CharField(max_length=200, default='')
        key = CharField(max_length=80, default='')
        parameters_json = TextField(default='{}')
        over_key = CharField(max_length=80, default='')
        over_parameters_json = TextField(default='{}')
        since = CharField(max_length=10, default='year')
        frozen_at = DateTimeField(null=True)
        frozen_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        updated_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'measure_term'
            constraints = [
                Check("label <> ''"),
                Check("kind IN ('yes_no', 'counter', 'rate', 'series', 'levels')"),
                Check("direction IN ('up', 'down', 'binary')"),
                Check("(kind = 'yes_no') = (direction = 'binary')"),
                Check("origin IN ('computed', 'typed', 'imported', 'unwired')"),
                Check("(origin = 'computed') = (key <> '')"),
                Check("over_key = '' OR kind = 'rate'"),
                Check("since IN ('year', 'contract')"),
                Check("(kind = 'levels') = (levels_json <> '[]')"),
                Check("amount_cents IS NULL OR (amount_cents >= 0 AND kind <> 'levels')"),
                Check('initial_thousandths >= 0'),
                Check('target_thousandths >= 0'),
                Check('weight BETWEEN 1 AND 10'),
                Check('year BETWEEN 0 AND 10'),
                Check('(contract_id IS NULL) = (year = 0)'),
                Check('frozen_at IS NULL OR contract_id IS NOT NULL'),
            ]
            legacy_table_names = False
            indexes = ((('measure', 'contract', 'year'), True),)
    db.create_tables([MeasureTerm])
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "measure_term_one_before" ON "measure_term" ("measure_id") '
        'WHERE ("contract_id" IS NULL)'
    )

    class MeasureValue(Model):
        measure = ForeignKeyField(Measure, on_delete='CASCADE')
        on = DateField(column_name='valued_on')
        band = CharField(max_length=40, default='')
        number_thousandths = BigIntegerField()
        over_thousandths = BigIntegerField(null=True)
        origin = CharField(max_length=10, default='typed')
        source = CharField(max_length=200)
        note = CharField(max_length=300, default='')
        replaces = ForeignKeyField('self', unique=True, null=True, on_delete='RESTRICT')
        entered_at = DateTimeField()
        entered_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'measure_value'
            constraints = [
                Check("source <> ''"),
                Check('number_thousandths >= 0'),
                Check('over_thousandths >= 0'),
                Check("origin IN ('computed', 'typed', 'imported')"),
            ]
            legacy_table_names = False
            indexes = ((('measure', 'on', 'band'), False),)
    db.create_tables([MeasureValue])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('measure_value'))
    migrator.migrate(migrator.drop_table('measure_term'))
    migrator.migrate(migrator.drop_table('measure'))
