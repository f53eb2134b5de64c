"""Consultations on fiches-actions, and what members said in them."""

from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Fiche(Model):
        class Meta:
            database = db
            table_name = 'fiche'
            legacy_table_names = False

    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Consultation(Model):
        fiche = ForeignKeyField(Fiche, on_delete='CASCADE')
        words = CharField(max_length=1000, default='')
        opened_at = DateTimeField()
        opened_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        until = DateField()
        closed_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'consultation'
            legacy_table_names = False
    db.create_tables([Consultation])
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "consultation_one_open" ON "consultation" ("fiche_id") '
        'WHERE ("closed_at" IS NULL)'
    )

    class Comment(Model):
        consultation = ForeignKeyField(Consultation, on_delete='CASCADE')
        author = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        text = TextField()
        folded = TextField(default='')
        written_at = DateTimeField(index=True)
        edited_at = DateTimeField(null=True)
        answer = TextField(default='')
        answers = IntegerField(default=0)
        answered_at = DateTimeField(index=True, null=True)
        answered_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'consultation_comment'
            constraints = [
                Check("text <> '' OR author_id IS NULL"),
                Check('(answered_at IS NULL) = (answers = 0)'),
                Check("answer = '' OR answers > 0"),
            ]
            legacy_table_names = False
    db.create_tables([Comment])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('consultation_comment'))
    migrator.migrate(migrator.drop_table('consultation'))
