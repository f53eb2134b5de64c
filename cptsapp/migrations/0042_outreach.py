# Generated from a schema diff on 2026-11-28 08:00.
from peewee import *


def up(migrator, db):
    class Document(Model):
        class Meta:
            database = db
            table_name = 'document'
            legacy_table_names = False

    class Fiche(Model):
        class Meta:
            database = db
            table_name = 'fiche'
            legacy_table_names = False

    class StoredFile(Model):
        class Meta:
            database = db
            table_name = 'stored_file'
            legacy_table_names = False

    class Outreach(Model):
        title = CharField(max_length=160)
        audience = CharField(max_length=16, default='public')
        theme = CharField(max_length=30, default='')
        starts_on = DateField(index=True)
        ends_on = DateField(null=True)
        message = CharField(max_length=600, default='')
        other_channel = CharField(max_length=80, default='')
        relays = TextField(default='')
        reached = IntegerField(null=True)
        reached_source = CharField(max_length=200, default='')
        results = TextField(default='')
        folded = TextField(default='')
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'outreach'
            constraints = [
                Check("title <> ''"),
                Check("audience IN ('public', 'professionals')"),
                Check('ends_on >= starts_on'),
                Check('reached >= 0'),
                Check("(reached IS NULL) = (reached_source = '')"),
            ]
            legacy_table_names = False
    db.create_tables([Outreach])

    class Carrier(Model):
        outreach = ForeignKeyField(Outreach, on_delete='CASCADE')
        channel = CharField(max_length=16)
        class Meta:
            database = db
            table_name = 'outreach_channel'
            constraints = [
                Check("channel IN ('poster', 'leaflet', 'social', 'press', 'radio', 'municipal', 'pharmacies', 'practices', 'schools', 'letter', 'site', 'event', 'other')"),
            ]
            legacy_table_names = False
            indexes = ((('outreach', 'channel'), True),)
    db.create_tables([Carrier])

    class Material(Model):
        outreach = ForeignKeyField(Outreach, on_delete='CASCADE')
        title = CharField(max_length=160)
        file = ForeignKeyField(StoredFile, null=True, on_delete='RESTRICT')
        document = ForeignKeyField(Document, null=True, on_delete='CASCADE')
        url = CharField(max_length=500, default='')
        added_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'outreach_material'
            constraints = [
                Check("title <> ''"),
                Check("(CASE WHEN file_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN document_id IS NULL THEN 0 ELSE 1 END) + (CASE WHEN url = '' THEN 0 ELSE 1 END) = 1"),
            ]
            legacy_table_names = False
    db.create_tables([Material])

    class Service(Model):
        outreach = ForeignKeyField(Outreach, on_delete='CASCADE')
        fiche = ForeignKeyField(Fiche, on_delete='CASCADE')
        class Meta:
            database = db
            table_name = 'outreach_action'
            legacy_table_names = False
            indexes = ((('outreach', 'fiche'), True),)
    db.create_tables([Service])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('outreach_action'))
    migrator.migrate(migrator.drop_table('outreach_material'))
    migrator.migrate(migrator.drop_table('outreach_channel'))
    migrator.migrate(migrator.drop_table('outreach'))
