# The tables of letters, their blocks, versions, pictures and readings.
from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class StoredFile(Model):
        class Meta:
            database = db
            table_name = 'stored_file'
            legacy_table_names = False

    class Issue(Model):
        kind = CharField(max_length=12, default='newsletter')
        name = CharField(max_length=120, default='')
        number = IntegerField(unique=True, null=True)
        month = DateField(null=True)
        subject = CharField(max_length=200, default='')
        preheader = CharField(max_length=200, default='')
        editorial = TextField(default='')
        theme = CharField(max_length=40, default='')
        archive = CharField(max_length=12, default='public')
        slug = CharField(unique=True, null=True, max_length=80)
        folded = TextField(default='')
        revision = IntegerField(default=1)
        created_at = DateTimeField()
        updated_at = DateTimeField()
        out_at = DateTimeField(index=True, null=True)
        deleted_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'issue'
            constraints = [
                Check("kind IN ('newsletter', 'message', 'model')"),
                Check("archive IN ('public', 'adherents', 'none')"),
                Check("(kind = 'newsletter' AND deleted_at IS NULL) = (number IS NOT NULL)"),
                Check('number > 0'),
                Check("(kind = 'model') = (name <> '')"),
                Check("(kind = 'model') = (slug IS NULL)"),
                Check("kind <> 'model' OR out_at IS NULL"),
                Check('deleted_at IS NULL OR out_at IS NULL'),
            ]
            legacy_table_names = False
    db.create_tables([Issue])

    class IssueItem(Model):
        issue = ForeignKeyField(Issue, on_delete='CASCADE')
        position = IntegerField()
        kind = CharField(max_length=10, default='text')
        source = CharField(max_length=30, default='')
        key = CharField(max_length=120, default='')
        title = CharField(max_length=200, default='')
        blurb = TextField(default='')
        details = CharField(max_length=300, default='')
        url = CharField(max_length=500, default='')
        link_label = CharField(max_length=80, default='')
        readers = CharField(max_length=20, default='public')
        on = DateField(null=True, column_name='on_day')
        image = ForeignKeyField(StoredFile, null=True, on_delete='RESTRICT')
        image_alt = CharField(max_length=300, default='')
        shows_image = BooleanField(default=True)
        class Meta:
            database = db
            table_name = 'issue_item'
            constraints = [
                Check("kind IN ('picked', 'text', 'heading')"),
                Check("(kind = 'picked') = (source <> '')"),
                Check("(source = '') = (key = '')"),
            ]
            legacy_table_names = False
    db.create_tables([IssueItem])

    class IssuePicture(Model):
        issue = ForeignKeyField(Issue, on_delete='CASCADE')
        file = ForeignKeyField(StoredFile, on_delete='RESTRICT')
        class Meta:
            database = db
            table_name = 'issue_picture'
            legacy_table_names = False
            indexes = ((('issue', 'file'), True),)
    db.create_tables([IssuePicture])

    class IssueReading(Model):
        issue = ForeignKeyField(Issue, on_delete='CASCADE')
        day = DateField()
        number = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'issue_reading'
            legacy_table_names = False
            indexes = ((('issue', 'day'), True),)
    db.create_tables([IssueReading])

    class IssueVersion(Model):
        issue = ForeignKeyField(Issue, on_delete='CASCADE')
        at = DateTimeField()
        author = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        is_auto = BooleanField(default=False)
        content_json = TextField()
        class Meta:
            database = db
            table_name = 'issue_version'
            legacy_table_names = False
    db.create_tables([IssueVersion])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('issue_version'))
    migrator.migrate(migrator.drop_table('issue_reading'))
    migrator.migrate(migrator.drop_table('issue_picture'))
    migrator.migrate(migrator.drop_table('issue_item'))
    migrator.migrate(migrator.drop_table('issue'))
