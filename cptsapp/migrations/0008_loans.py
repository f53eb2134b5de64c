"""Teleconsultation: the pairs, the equipment, its loans."""

from peewee import *


def up(migrator, db):
    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Equipment(Model):
        label = CharField(max_length=120)
        serial = CharField(max_length=80)
        folded = CharField(max_length=240, default='')
        cost_cents = IntegerField(default=0)
        bought_on = DateField(null=True)
        note = CharField(max_length=300, default='')
        retired_on = DateField(null=True)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'equipment'
            constraints = [
                Check("label <> ''"),
                Check("serial <> ''"),
                Check('cost_cents >= 0'),
            ]
            legacy_table_names = False
    db.create_tables([Equipment])

    class Loan(Model):
        equipment = ForeignKeyField(Equipment, on_delete='RESTRICT')
        holder = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        out_on = DateField()
        due_on = DateField(null=True)
        returned_on = DateField(index=True, null=True)
        state = CharField(max_length=200, default='')
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'loan'
            constraints = [
                Check('due_on IS NULL OR due_on >= out_on'),
                Check('returned_on IS NULL OR returned_on >= out_on'),
                Check('holder_id IS NOT NULL OR returned_on IS NOT NULL'),
            ]
            legacy_table_names = False
            indexes = ((('equipment', 'out_on'), False), (('holder', 'out_on'), False))
    db.create_tables([Loan])

    class Pair(Model):
        doctor = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        nurse = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        protocol_on = DateField(null=True)
        active_on = DateField(null=True)
        ended_on = DateField(null=True)
        end_reason = CharField(max_length=12, default='')
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'teleconsultation_pair'
            constraints = [
                Check('doctor_id <> nurse_id'),
                Check('active_on IS NULL OR active_on >= protocol_on'),
                Check('active_on IS NULL OR protocol_on IS NOT NULL'),
                Check('ended_on IS NULL OR active_on IS NULL OR ended_on >= active_on'),
                Check("(ended_on IS NULL) = (end_reason = '')"),
            ]
            legacy_table_names = False
    db.create_tables([Pair])
    create_partial_indexes(db)


def create_partial_indexes(db):
    """One running pair of the same two people, one serial number in the register, one holder at a time."""
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "teleconsultation_pair_once" ON "teleconsultation_pair" '
        '("doctor_id", "nurse_id") WHERE ("ended_on" IS NULL)'
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "equipment_one_serial" ON "equipment" ("serial") '
        'WHERE ("retired_on" IS NULL)'
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "loan_one_holder" ON "loan" ("equipment_id") WHERE ("returned_on" IS NULL)'
    )


def down(migrator, db):
    migrator.migrate(migrator.drop_table('teleconsultation_pair'))
    migrator.migrate(migrator.drop_table('loan'))
    migrator.migrate(migrator.drop_table('equipment'))
