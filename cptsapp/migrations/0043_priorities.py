"""Votes on the priorities of fiches-actions."""

from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = "account"
            legacy_table_names = False

    class Fiche(Model):
        class Meta:
            database = db
            table_name = "fiche"
            legacy_table_names = False

    class Person(Model):
        class Meta:
            database = db
            table_name = "person"
            legacy_table_names = False

    class Round(Model):
        title = CharField(max_length=120)
        words = CharField(max_length=1000, default="")
        audience = CharField(max_length=10)
        choices = IntegerField()
        until = DateField()
        opened_at = DateTimeField()
        opened_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
        closed_at = DateTimeField(null=True)
        electors = IntegerField(null=True)
        voters = IntegerField(null=True)
        blanks = IntegerField(null=True)
        applied_at = DateTimeField(null=True)
        folded = CharField(max_length=120, default="")

        class Meta:
            database = db
            table_name = "priority_round"
            constraints = [
                Check("title <> ''"),
                Check("audience IN ('bureau', 'adherents')"),
                Check("choices BETWEEN 1 AND 10"),
                Check("(closed_at IS NULL) = (electors IS NULL)"),
                Check("(closed_at IS NULL) = (voters IS NULL)"),
                Check("(closed_at IS NULL) = (blanks IS NULL)"),
                Check("blanks BETWEEN 0 AND voters"),
                Check("applied_at IS NULL OR closed_at IS NOT NULL"),
            ]
            legacy_table_names = False

    db.create_tables([Round])

    class Ballot(Model):
        round = ForeignKeyField(Round, on_delete="CASCADE")
        person = ForeignKeyField(Person, on_delete="CASCADE")

        class Meta:
            database = db
            table_name = "priority_ballot"
            legacy_table_names = False
            indexes = ((("round", "person"), True),)

    db.create_tables([Ballot])

    class Option(Model):
        round = ForeignKeyField(Round, on_delete="CASCADE")
        fiche = ForeignKeyField(Fiche, on_delete="RESTRICT")
        votes = IntegerField(null=True)

        class Meta:
            database = db
            table_name = "priority_option"
            constraints = [
                Check("votes >= 0"),
            ]
            legacy_table_names = False
            indexes = ((("round", "fiche"), True),)

    db.create_tables([Option])

    class Mark(Model):
        option = ForeignKeyField(Option, on_delete="CASCADE")
        key = CharField(max_length=64)

        class Meta:
            database = db
            table_name = "priority_mark"
            legacy_table_names = False
            indexes = ((("option", "key"), True),)

    db.create_tables([Mark])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("priority_mark"))
    migrator.migrate(migrator.drop_table("priority_option"))
    migrator.migrate(migrator.drop_table("priority_ballot"))
    migrator.migrate(migrator.drop_table("priority_round"))
