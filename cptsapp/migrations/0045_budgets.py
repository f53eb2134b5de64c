"""The budget of each year of a contract."""

from peewee import *


def up(migrator, db):
    class Contract(Model):
        class Meta:
            database = db
            table_name = "contract"
            legacy_table_names = False

    class Envelope(Model):
        contract = ForeignKeyField(Contract, on_delete="CASCADE")
        year = IntegerField()
        line = CharField(max_length=20)
        planned_cents = IntegerField(null=True)
        spent_cents = IntegerField(null=True)
        note = CharField(max_length=200, default="")

        class Meta:
            database = db
            table_name = "envelope"
            constraints = [
                Check("year BETWEEN 1 AND 10"),
                Check("planned_cents >= 0"),
                Check("spent_cents >= 0"),
                Check("planned_cents IS NOT NULL OR spent_cents IS NOT NULL"),
            ]
            legacy_table_names = False
            indexes = ((("contract", "year", "line"), True),)

    db.create_tables([Envelope])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("envelope"))
