# Generated from a schema diff on 2026-11-28 08:24.
from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Commune(Model):
        insee = CharField(primary_key=True, max_length=5)
        class Meta:
            database = db
            table_name = 'commune'
            legacy_table_names = False

    class Chapter(Model):
        slug = CharField(unique=True, max_length=80)
        title = CharField(max_length=120)
        tag = CharField(max_length=30, default='')
        intro = TextField(default='')
        learnt = TextField(default='')
        position = IntegerField(default=0)
        published_at = DateTimeField(null=True)
        created_at = DateTimeField()
        updated_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'observatory_theme'
            constraints = [
                Check("title <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([Chapter])

    class ChapterFigure(Model):
        chapter = ForeignKeyField(Chapter, on_delete='CASCADE')
        key = CharField(max_length=60)
        added_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'observatory_figure'
            legacy_table_names = False
            indexes = ((('chapter', 'key'), True),)
    db.create_tables([ChapterFigure])

    class ChapterPiece(Model):
        chapter = ForeignKeyField(Chapter, on_delete='CASCADE')
        key = CharField(max_length=230)
        added_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'observatory_publication'
            legacy_table_names = False
            indexes = ((('chapter', 'key'), True),)
    db.create_tables([ChapterPiece])

    class Contribution(Model):
        form_key = CharField(unique=True, max_length=40)
        at = DateTimeField(index=True)
        chapter = ForeignKeyField(Chapter, null=True, on_delete='SET NULL')
        kind = CharField(max_length=12)
        speaker = CharField(max_length=12)
        commune = ForeignKeyField(Commune, null=True, on_delete='RESTRICT')
        text = TextField()
        folded = TextField()
        note = TextField(default='')
        state = CharField(max_length=8, default='new')
        decided_at = DateTimeField(null=True)
        decided_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        is_erased = BooleanField(default=False)
        class Meta:
            database = db
            table_name = 'observatory_contribution'
            constraints = [
                Check("kind IN ('subject', 'reaction')"),
                Check("speaker IN ('inhabitant', 'carer', 'professional', 'association', 'elected', 'other')"),
                Check("state IN ('new', 'kept', 'filed', 'spam')"),
                Check("(state = 'new') = (decided_at IS NULL)"),
            ]
            legacy_table_names = False
    db.create_tables([Contribution])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('observatory_contribution'))
    migrator.migrate(migrator.drop_table('observatory_publication'))
    migrator.migrate(migrator.drop_table('observatory_figure'))
    migrator.migrate(migrator.drop_table('observatory_theme'))
