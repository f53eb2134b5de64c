"""The tables of the directories of volunteers, and the full-text index of their entries."""

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

    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Entry(Model):
        directory = CharField(max_length=60)
        person = ForeignKeyField(Person, null=True, on_delete='CASCADE')
        declared_by = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        slot = CharField(max_length=120, default='')
        title = CharField(max_length=160, default='')
        sort_name = CharField(max_length=200, default='')
        profession = CharField(max_length=12, default='')
        commune = ForeignKeyField(Commune, null=True, on_delete='SET NULL')
        email = CharField(max_length=254, default='')
        phone = CharField(max_length=30, default='')
        show_email = BooleanField(default=False)
        show_phone = BooleanField(default=False)
        is_public = BooleanField(default=False)
        is_speaker = BooleanField(default=False)
        values_json = TextField(default='{}')
        status = CharField(max_length=12, default='listed')
        stage = CharField(max_length=40, default='')
        stage_on = DateField(null=True)
        consented_on = DateField(null=True)
        consent_means = CharField(max_length=10, default='')
        consent_version = CharField(max_length=40, default='')
        consent_text = TextField(default='')
        confirmed_on = DateField()
        expires_on = DateField(null=True)
        created_at = DateTimeField()
        left_at = DateTimeField(null=True)
        link_version = IntegerField(default=1)
        class Meta:
            database = db
            table_name = 'repertoire_entry'
            constraints = [
                Check("status IN ('to_validate', 'listed', 'paused', 'expired', 'left')"),
                Check("(status = 'left') = (left_at IS NOT NULL)"),
                Check("person_id IS NULL OR (consented_on IS NOT NULL AND consent_means <> '')"),
                Check("person_id IS NOT NULL OR title <> ''"),
                Check("(stage = '') = (stage_on IS NULL)"),
            ]
            legacy_table_names = False
            indexes = ((('directory', 'status', 'sort_name', 'id', 'expires_on', 'is_public', 'person'), False), (('status', 'expires_on'), False), (('directory', 'stage', 'status'), False))
    db.create_tables([Entry])

    class EntryChange(Model):
        entry = ForeignKeyField(Entry, on_delete='CASCADE')
        directory = CharField(max_length=60)
        at = DateTimeField()
        act = CharField(max_length=12)
        status = CharField(max_length=12)
        stage = CharField(max_length=40, default='')
        note = CharField(max_length=500, default='')
        state_json = TextField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'repertoire_change'
            legacy_table_names = False
            indexes = ((('directory', 'at', 'entry'), False), (('directory', 'stage', 'at'), False))
    db.create_tables([EntryChange])

    class EntryHold(Model):
        entry = ForeignKeyField(Entry, on_delete='CASCADE')
        directory = CharField(max_length=60)
        key = CharField(max_length=200)
        class Meta:
            database = db
            table_name = 'repertoire_hold'
            legacy_table_names = False
            indexes = ((('directory', 'key'), True),)
    db.create_tables([EntryHold])

    class EntryUse(Model):
        entry = ForeignKeyField(Entry, on_delete='CASCADE')
        used_on = DateField()
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'repertoire_use'
            legacy_table_names = False
            indexes = ((('entry', 'used_on'), False),)
    db.create_tables([EntryUse])

    class EntryValue(Model):
        entry = ForeignKeyField(Entry, on_delete='CASCADE')
        directory = CharField(max_length=60)
        field = CharField(max_length=60)
        value = CharField(max_length=120)
        level = IntegerField()
        class Meta:
            database = db
            table_name = 'repertoire_value'
            legacy_table_names = False
            indexes = ((('directory', 'field', 'value', 'entry', 'level'), False),)
    db.create_tables([EntryValue])

    class Repertoire(Model):
        slug = CharField(unique=True, max_length=60)
        data_json = TextField(default='')
        closed_at = DateTimeField(null=True)
        changed_at = DateTimeField()
        changed_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'repertoire'
            legacy_table_names = False
    db.create_tables([Repertoire])

    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "repertoire_entry_one_live" '
        'ON "repertoire_entry" ("directory", "person_id", "slot") '
        'WHERE (("left_at" IS NULL) AND ("person_id" IS NOT NULL))'
    )
    create_words(db)


def create_words(db):
    """The full-text table, which no model declares: FTS5 on SQLite, a tsvector on PostgreSQL."""
    if isinstance(db, SqliteDatabase):
        db.execute_sql(
            "CREATE VIRTUAL TABLE IF NOT EXISTS repertoire_words USING fts5(words, prefix='3 4', tokenize='ascii')"
        )
        db.execute_sql("INSERT INTO repertoire_words(repertoire_words, rank) VALUES('secure-delete', 1)")
        return
    db.execute_sql("CREATE TABLE IF NOT EXISTS repertoire_words (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    db.execute_sql("CREATE INDEX IF NOT EXISTS repertoire_words_gin ON repertoire_words USING GIN (words)")


def down(migrator, db):
    migrator.migrate(migrator.drop_table('repertoire'))
    migrator.migrate(migrator.drop_table('repertoire_value'))
    migrator.migrate(migrator.drop_table('repertoire_use'))
    migrator.migrate(migrator.drop_table('repertoire_hold'))
    migrator.migrate(migrator.drop_table('repertoire_change'))
    migrator.migrate(migrator.drop_table('repertoire_entry'))
