"""Reports, the figures of each drafting, their sections and every version of these."""

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

    class Report(Model):
        kind = CharField(max_length=10)
        title = CharField(max_length=160)
        starts_on = DateField()
        ends_on = DateField()
        contract = ForeignKeyField(Contract, null=True, on_delete='RESTRICT')
        year = IntegerField(null=True)
        folded = CharField(max_length=200, default='')
        created_at = DateTimeField()
        created_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        frozen_at = DateTimeField(null=True)
        frozen_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        deleted_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'report'
            constraints = [
                Check("kind IN ('activity', 'dossier')"),
                Check("title <> ''"),
                Check('starts_on <= ends_on'),
                Check('(contract_id IS NULL) = (year IS NULL)'),
                Check("kind <> 'dossier' OR contract_id IS NOT NULL"),
            ]
            legacy_table_names = False
            indexes = ((('deleted_at', 'starts_on'), False),)
    db.create_tables([Report])

    class Generation(Model):
        report = ForeignKeyField(Report, on_delete='CASCADE')
        number = IntegerField()
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        figures_json = TextField()
        class Meta:
            database = db
            table_name = 'report_generation'
            legacy_table_names = False
            indexes = ((('report', 'number'), True),)
    db.create_tables([Generation])

    class Section(Model):
        report = ForeignKeyField(Report, on_delete='CASCADE')
        key = CharField(max_length=40)
        position = IntegerField()
        title = CharField(max_length=160)
        text = TextField(default='')
        draft = TextField(default='')
        settled = TextField(default='')
        revision = IntegerField(default=1)
        edited_at = DateTimeField(null=True)
        edited_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'report_section'
            legacy_table_names = False
            indexes = ((('report', 'key'), True),)
    db.create_tables([Section])

    class SectionVersion(Model):
        section = ForeignKeyField(Section, on_delete='CASCADE')
        revision = IntegerField()
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        text = TextField()
        class Meta:
            database = db
            table_name = 'report_section_version'
            legacy_table_names = False
            indexes = ((('section', 'revision'), True),)
    db.create_tables([SectionVersion])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('report_section_version'))
    migrator.migrate(migrator.drop_table('report_section'))
    migrator.migrate(migrator.drop_table('report_generation'))
    migrator.migrate(migrator.drop_table('report'))
