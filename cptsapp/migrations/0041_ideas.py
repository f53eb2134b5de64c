"""The idea box: what members propose, who supports it."""

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

    class Idea(Model):
        title = CharField(max_length=120)
        problem = TextField()
        proposal = TextField()
        mission = CharField(max_length=20, default="")
        author = ForeignKeyField(Person, null=True, on_delete="SET NULL")
        is_signed = BooleanField(default=False)
        state = CharField(max_length=10, default="new")
        reason = TextField(default="")
        fiche = ForeignKeyField(Fiche, unique=True, null=True, on_delete="RESTRICT")
        proposed_at = DateTimeField(index=True)
        edited_at = DateTimeField(null=True)
        decided_at = DateTimeField(index=True, null=True)
        decided_by = ForeignKeyField(Account, null=True, on_delete="SET NULL")
        hidden_at = DateTimeField(null=True)
        folded = TextField(default="")

        class Meta:
            database = db
            table_name = "idea"
            constraints = [
                Check("title <> '' AND problem <> '' AND proposal <> ''"),
                Check("state IN ('new', 'studied', 'kept', 'action', 'declined')"),
                Check("(state = 'action') = (fiche_id IS NOT NULL)"),
                Check("state <> 'declined' OR reason <> ''"),
                Check("(state = 'new') = (decided_at IS NULL)"),
            ]
            legacy_table_names = False

    db.create_tables([Idea])

    class Support(Model):
        idea = ForeignKeyField(Idea, on_delete="CASCADE")
        person = ForeignKeyField(Person, on_delete="CASCADE")
        at = DateTimeField(index=True)

        class Meta:
            database = db
            table_name = "idea_support"
            legacy_table_names = False
            indexes = ((("idea", "person"), True),)

    db.create_tables([Support])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("idea_support"))
    migrator.migrate(migrator.drop_table("idea"))
