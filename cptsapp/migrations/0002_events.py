"""The tables of events, and the files that a mail may carry."""

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

    class OutgoingMail(Model):
        class Meta:
            database = db
            table_name = 'outgoing_mail'
            legacy_table_names = False

    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class StoredFile(Model):
        class Meta:
            database = db
            table_name = 'stored_file'
            legacy_table_names = False

    class Series(Model):
        title = CharField(max_length=160)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'series'
            legacy_table_names = False
    db.create_tables([Series])

    class Event(Model):
        slug = CharField(unique=True, max_length=80)
        title = CharField(max_length=160)
        kind = CharField(max_length=20, default='webinar')
        status = CharField(max_length=12, default='draft')
        summary = CharField(max_length=300, default='')
        description = TextField(default='')
        agenda = TextField(default='')
        speakers = TextField(default='')
        image = ForeignKeyField(StoredFile, null=True, on_delete='SET NULL')
        image_alt = CharField(max_length=200, default='')
        theme = CharField(max_length=30, default='')
        mission = CharField(max_length=40, default='')
        action = CharField(max_length=80, default='')
        series = ForeignKeyField(Series, null=True, on_delete='SET NULL')
        starts_at = DateTimeField(index=True, null=True)
        ends_at = DateTimeField(index=True, null=True)
        place = CharField(max_length=160, default='')
        address = CharField(max_length=300, default='')
        commune = ForeignKeyField(Commune, null=True, on_delete='SET NULL')
        online_url = CharField(max_length=500, default='')
        online_note = CharField(max_length=300, default='')
        online_minutes = IntegerField(null=True)
        audience = CharField(max_length=20, default='everyone')
        professions = CharField(max_length=600, default='')
        is_public = BooleanField(default=True)
        booking = CharField(max_length=12, default='online')
        booking_note = CharField(max_length=300, default='')
        is_light = BooleanField(default=False)
        capacity = IntegerField(null=True)
        has_waiting_list = BooleanField(default=True)
        opens_at = DateTimeField(null=True)
        closes_at = DateTimeField(null=True)
        asks_speakers = BooleanField(default=False)
        counts_heads = BooleanField(default=False)
        gives_certificate = BooleanField(default=False)
        reminders = CharField(max_length=20, default='7d,1d')
        satisfaction_url = CharField(max_length=500, default='')
        typed_participants = IntegerField(null=True)
        typed_professionals = IntegerField(null=True)
        typed_source = CharField(max_length=160, default='')
        uid = CharField(unique=True, max_length=80)
        sequence = IntegerField(default=0)
        folded = TextField(default='')
        created_at = DateTimeField()
        created_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        published_at = DateTimeField(null=True)
        held_at = DateTimeField(null=True)
        cancelled_at = DateTimeField(null=True)
        cancel_reason = CharField(max_length=300, default='')
        thanked_at = DateTimeField(null=True)
        forgotten_at = DateTimeField(null=True)
        deleted_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'event'
            constraints = [
                Check("title <> ''"),
                Check('capacity IS NULL OR capacity > 0'),
                Check('(starts_at IS NULL) = (ends_at IS NULL)'),
                Check('ends_at IS NULL OR ends_at > starts_at'),
                Check("status = 'draft' OR starts_at IS NOT NULL"),
                Check("(status = 'cancelled') = (cancelled_at IS NOT NULL)"),
                Check('online_minutes IS NULL OR online_minutes >= 0'),
                Check('typed_participants IS NULL OR typed_participants >= 0'),
                Check('typed_professionals IS NULL OR typed_professionals >= 0'),
            ]
            legacy_table_names = False
            indexes = ((('status', 'starts_at'), False), (('deleted_at', 'starts_at'), False))
    db.create_tables([Event])

    class Registration(Model):
        event = ForeignKeyField(Event, on_delete='RESTRICT')
        form_key = CharField(unique=True, max_length=40)
        person = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        given_name = CharField(max_length=80, default='')
        family_name = CharField(max_length=80, default='')
        email = CharField(max_length=254, default='')
        email_normalised = CharField(max_length=254, default='')
        profession = CharField(max_length=12, default='')
        profession_other = CharField(max_length=120, default='')
        is_professional = BooleanField(default=False)
        organisation = CharField(max_length=160, default='')
        insee = CharField(max_length=5, default='')
        cpts = CharField(max_length=120, default='')
        state = CharField(max_length=12, default='confirmed')
        guests = IntegerField(default=0)
        priority = IntegerField(default=0)
        priority_reason = CharField(max_length=200, default='')
        speakers_question = TextField(default='')
        by_name = CharField(max_length=160, default='')
        by_email = CharField(max_length=254, default='')
        code = CharField(unique=True, max_length=12)
        link_version = IntegerField(default=1)
        folded = CharField(max_length=500, default='')
        registered_at = DateTimeField()
        confirmed_at = DateTimeField(null=True)
        state_at = DateTimeField()
        certificate_code = CharField(unique=True, null=True, max_length=20)
        certified_at = DateTimeField(null=True)
        forgotten_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'registration'
            constraints = [
                Check('guests >= 0'),
                Check('link_version > 0'),
                Check("state IN ('confirmed', 'waiting', 'cancelled', 'removed', 'walk_in')"),
            ]
            legacy_table_names = False
            indexes = ((('event', 'state', 'priority', 'id'), False), (('email_normalised', 'event'), False))
    db.create_tables([Registration])
    # An index over some rows only: the generator leaves it out.
    db.execute_sql(
        'CREATE UNIQUE INDEX "registration_one_living" ON "registration" ("event_id", "email_normalised") '
        "WHERE ((\"state\" IN ('confirmed', 'waiting', 'walk_in')) AND (\"email_normalised\" != ''))"
    )

    class Question(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        position = IntegerField(default=0)
        kind = CharField(max_length=10, default='text')
        label = CharField(max_length=160)
        choices_json = TextField(default='[]')
        is_required = BooleanField(default=False)
        most = IntegerField(default=5)
        class Meta:
            database = db
            table_name = 'question'
            constraints = [
                Check('most > 0'),
            ]
            legacy_table_names = False
            indexes = ((('event', 'position'), True),)
    db.create_tables([Question])

    class Answer(Model):
        registration = ForeignKeyField(Registration, on_delete='CASCADE')
        question = ForeignKeyField(Question, on_delete='CASCADE')
        text = TextField()
        class Meta:
            database = db
            table_name = 'answer'
            legacy_table_names = False
            indexes = ((('registration', 'question'), True),)
    db.create_tables([Answer])

    class Session(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        starts_at = DateTimeField()
        ends_at = DateTimeField()
        label = CharField(max_length=80, default='')
        class Meta:
            database = db
            table_name = 'event_session'
            constraints = [
                Check('ends_at > starts_at'),
            ]
            legacy_table_names = False
            indexes = ((('event', 'starts_at'), True),)
    db.create_tables([Session])

    class Attendance(Model):
        registration = ForeignKeyField(Registration, on_delete='CASCADE')
        session = ForeignKeyField(Session, on_delete='CASCADE')
        is_present = BooleanField(default=True)
        ticked_at = DateTimeField()
        recorded_at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'attendance'
            legacy_table_names = False
            indexes = ((('registration', 'session'), True), (('session', 'is_present'), False))
    db.create_tables([Attendance])

    class CoOrganiser(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        name = CharField(max_length=160)
        url = CharField(max_length=500, default='')
        logo = ForeignKeyField(StoredFile, null=True, on_delete='SET NULL')
        position = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'co_organiser'
            legacy_table_names = False
            indexes = ((('event', 'name'), True),)
    db.create_tables([CoOrganiser])

    class FeedKey(Model):
        person = ForeignKeyField(Person, primary_key=True, on_delete='CASCADE')
        version = IntegerField(default=1)
        renewed_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'feed_key'
            legacy_table_names = False
    db.create_tables([FeedKey])

    class HeadCount(Model):
        session = ForeignKeyField(Session, on_delete='CASCADE')
        band = CharField(max_length=20, default='')
        count = IntegerField()
        professionals = IntegerField(default=0)
        noted_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'head_count'
            constraints = [
                Check('count >= 0'),
                Check('professionals >= 0 AND professionals <= count'),
            ]
            legacy_table_names = False
            indexes = ((('session', 'band'), True),)
    db.create_tables([HeadCount])

    class Interest(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        person = ForeignKeyField(Person, null=True, on_delete='CASCADE')
        email = CharField(max_length=254)
        email_normalised = CharField(max_length=254)
        name = CharField(max_length=160, default='')
        asked_at = DateTimeField()
        told_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'interest'
            legacy_table_names = False
            indexes = ((('event', 'email_normalised'), True),)
    db.create_tables([Interest])

    class Invitation(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        person = ForeignKeyField(Person, null=True, on_delete='CASCADE')
        name = CharField(max_length=160, default='')
        email = CharField(max_length=254)
        email_normalised = CharField(max_length=254)
        sent_at = DateTimeField(null=True)
        added_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'invitation'
            legacy_table_names = False
            indexes = ((('event', 'email_normalised'), True),)
    db.create_tables([Invitation])

    class MailFile(Model):
        mail = ForeignKeyField(OutgoingMail, on_delete='CASCADE')
        name = CharField(max_length=100)
        media_type = CharField(max_length=120)
        content = BlobField()
        class Meta:
            database = db
            table_name = 'mail_file'
            legacy_table_names = False
    db.create_tables([MailFile])

    class MailWords(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        mail = CharField(max_length=20)
        words = TextField()
        class Meta:
            database = db
            table_name = 'mail_words'
            legacy_table_names = False
            indexes = ((('event', 'mail'), True),)
    db.create_tables([MailWords])

    class Material(Model):
        event = ForeignKeyField(Event, on_delete='CASCADE')
        kind = CharField(max_length=12, default='slides')
        title = CharField(max_length=160)
        file = ForeignKeyField(StoredFile, null=True, on_delete='RESTRICT')
        url = CharField(max_length=500, default='')
        readers = CharField(max_length=12, default='registered')
        position = IntegerField(default=0)
        added_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'material'
            constraints = [
                Check("(file_id IS NULL) <> (url = '')"),
            ]
            legacy_table_names = False
    db.create_tables([Material])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('material'))
    migrator.migrate(migrator.drop_table('mail_words'))
    migrator.migrate(migrator.drop_table('mail_file'))
    migrator.migrate(migrator.drop_table('invitation'))
    migrator.migrate(migrator.drop_table('interest'))
    migrator.migrate(migrator.drop_table('head_count'))
    migrator.migrate(migrator.drop_table('feed_key'))
    migrator.migrate(migrator.drop_table('co_organiser'))
    migrator.migrate(migrator.drop_table('attendance'))
    migrator.migrate(migrator.drop_table('event_session'))
    migrator.migrate(migrator.drop_table('answer'))
    migrator.migrate(migrator.drop_table('question'))
    migrator.migrate(migrator.drop_table('registration'))
    migrator.migrate(migrator.drop_table('event'))
    migrator.migrate(migrator.drop_table('series'))
