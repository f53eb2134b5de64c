"""The tables of sendings and of the reports that come back; the delivery table is read by sending."""

from peewee import *


def up(migrator, db):
    class OutgoingMail(Model):
        class Meta:
            database = db
            table_name = 'outgoing_mail'
            legacy_table_names = False

    class MailBounce(Model):
        digest = CharField(unique=True, max_length=64)
        at = DateTimeField(index=True)
        kind = CharField(max_length=10)
        address = CharField(index=True, max_length=254, default='')
        mail = ForeignKeyField(OutgoingMail, null=True, on_delete='SET NULL')
        status = CharField(max_length=20, default='')
        words = TextField(default='')
        content = BlobField(null=True)
        handled_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'mail_bounce'
            constraints = [
                Check("kind IN ('hard', 'soft', 'policy', 'delayed', 'complaint', 'reply', 'unknown')"),
            ]
            legacy_table_names = False
    db.create_tables([MailBounce])

    class Mailing(Model):
        source_key = CharField(max_length=30)
        source_id = IntegerField()
        audience_json = TextField(default='[]')
        subject = CharField(max_length=300, default='')
        folded = CharField(max_length=300, default='')
        trouble = CharField(max_length=400, default='')
        state = CharField(max_length=12, default='draft')
        scheduled_at = DateTimeField(null=True)
        created_at = DateTimeField()
        started_at = DateTimeField(null=True)
        finished_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'mailing'
            constraints = [
                Check("state IN ('draft', 'scheduled', 'sending', 'paused', 'sent', 'cancelled')"),
                Check("state <> 'scheduled' OR scheduled_at IS NOT NULL"),
                Check("(state IN ('sending', 'paused', 'sent', 'cancelled')) = (started_at IS NOT NULL)"),
                Check("(state IN ('sent', 'cancelled')) = (finished_at IS NOT NULL)"),
            ]
            legacy_table_names = False
            indexes = ((('source_key', 'source_id'), False), (('state', 'scheduled_at'), False))
    db.create_tables([Mailing])
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "mailing_one_open" ON "mailing" ("source_key", "source_id") '
        "WHERE (\"state\" IN ('draft', 'scheduled'))"
    )

    class MailingTally(Model):
        mailing = ForeignKeyField(Mailing, on_delete='CASCADE')
        name = CharField(max_length=12)
        count = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'mailing_tally'
            legacy_table_names = False
            indexes = ((('mailing', 'name'), True),)
    db.create_tables([MailingTally])

    class MailingText(Model):
        mailing = ForeignKeyField(Mailing, unique=True, on_delete='CASCADE')
        compiled_json = TextField()
        class Meta:
            database = db
            table_name = 'mailing_text'
            legacy_table_names = False
    db.create_tables([MailingText])

    class SavedAudience(Model):
        name = CharField(unique=True, max_length=120)
        steps_json = TextField()
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'saved_audience'
            constraints = [
                Check("name <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([SavedAudience])

    migrator.migrate(migrator.drop_index('outgoing_mail', 'outgoing_mail_state_kind_next_try_at_id'))
    migrator.migrate(migrator.add_index('outgoing_mail', ('state', 'campaign_id', 'kind', 'next_try_at', 'id')))


def down(migrator, db):
    migrator.migrate(migrator.drop_index('outgoing_mail', 'outgoing_mail_state_campaign_id_kind_next_try_at_id'))
    migrator.migrate(migrator.add_index('outgoing_mail', ('state', 'kind', 'next_try_at', 'id')))
    migrator.migrate(migrator.drop_table('saved_audience'))
    migrator.migrate(migrator.drop_table('mailing_text'))
    migrator.migrate(migrator.drop_table('mailing_tally'))
    migrator.migrate(migrator.drop_table('mailing'))
    migrator.migrate(migrator.drop_table('mail_bounce'))
