"""The tables that the product starts with: people, accounts, members, content, messages, mail, journal, search."""

from peewee import *


def up(migrator, db):
    class Person(Model):
        kind = CharField(max_length=10, default='person')
        given_name = CharField(max_length=80, default='')
        family_name = CharField(max_length=80, default='')
        name = CharField(max_length=160, default='')
        email = CharField(null=True, max_length=254)
        phone = CharField(max_length=30, default='')
        note = TextField(default='')
        folded = CharField(index=True, max_length=500, default='')
        email_normalised = CharField(index=True, max_length=254, default='')
        created_at = DateTimeField()
        deleted_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'person'
            constraints = [
                Check("kind IN ('person', 'structure')"),
                Check("(kind = 'structure') = (name <> '')"),
                Check("(kind = 'person') = (family_name <> '')"),
            ]
            legacy_table_names = False
            indexes = ((('deleted_at', 'folded'), False),)
    db.create_tables([Person])

    class Account(Model):
        person = ForeignKeyField(Person, on_delete='RESTRICT')
        email = CharField(unique=True, max_length=254)
        new_email = CharField(null=True, max_length=254)
        password_hash = CharField(null=True, max_length=200)
        activated_at = DateTimeField(null=True)
        disabled_at = DateTimeField(null=True)
        totp_secret = CharField(null=True, max_length=300)
        totp_last_step = IntegerField(default=0)
        factor_set_at = DateTimeField(null=True)
        last_login_at = DateTimeField(null=True)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'account'
            constraints = [
                Check('factor_set_at IS NULL OR totp_secret IS NOT NULL'),
                Check("email <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([Account])

    class Commune(Model):
        insee = CharField(primary_key=True, max_length=5)
        name = CharField(max_length=80)
        sort_name = CharField(index=True, max_length=80)
        postal_codes = CharField(max_length=200)
        departement = CharField(max_length=3)
        interco_siren = CharField(max_length=9)
        interco_name = CharField(max_length=120)
        population = IntegerField()
        class Meta:
            database = db
            table_name = 'commune'
            constraints = [
                Check('population >= 0'),
            ]
            legacy_table_names = False
    db.create_tables([Commune])

    class Application(Model):
        form_key = CharField(unique=True, max_length=40)
        type = CharField(max_length=12)
        given_name = CharField(max_length=80, default='')
        family_name = CharField(max_length=80, default='')
        name = CharField(max_length=160, default='')
        email = CharField(max_length=254)
        email_normalised = CharField(max_length=254)
        phone = CharField(max_length=30, default='')
        profession = CharField(max_length=12, default='')
        profession_other = CharField(max_length=120, default='')
        rpps = CharField(index=True, max_length=20, default='')
        adeli = CharField(index=True, max_length=20, default='')
        commune = ForeignKeyField(Commune, null=True, on_delete='SET NULL')
        mode = CharField(max_length=120, default='')
        organisation = CharField(max_length=160, default='')
        representative_json = TextField(default='{}')
        shows = CharField(max_length=200, default='')
        message = TextField(default='')
        folded = CharField(index=True, max_length=500, default='')
        folded_name = CharField(index=True, max_length=300, default='')
        origin = CharField(max_length=40, default='')
        statutes_version = CharField(max_length=80, default='')
        charter_version = CharField(max_length=80, default='')
        accepted_at = DateTimeField()
        created_at = DateTimeField(index=True)
        email_confirmed_at = DateTimeField(null=True)
        asked_at = DateTimeField(null=True)
        question = TextField(default='')
        answered_at = DateTimeField(null=True)
        decided_at = DateTimeField(index=True, null=True)
        decided_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        accepted = BooleanField(null=True)
        reason = TextField(default='')
        person = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'application'
            constraints = [
                Check('(decided_at IS NULL) = (accepted IS NULL)'),
                Check('decided_at IS NULL OR email_confirmed_at IS NOT NULL'),
            ]
            legacy_table_names = False
    db.create_tables([Application])

    class Prospect(Model):
        given_name = CharField(max_length=80, default='')
        family_name = CharField(max_length=80, default='')
        organisation = CharField(max_length=160, default='')
        profession = CharField(max_length=12, default='')
        profession_other = CharField(max_length=120, default='')
        commune = ForeignKeyField(Commune, null=True, on_delete='SET NULL')
        email = CharField(max_length=254, default='')
        phone = CharField(max_length=30, default='')
        source = CharField(max_length=200, default='')
        informed_on = DateField(null=True)
        note = TextField(default='')
        folded = CharField(index=True, max_length=600, default='')
        email_normalised = CharField(index=True, max_length=254, default='')
        last_approach_on = DateField(index=True, null=True)
        stopped_on = DateField(null=True)
        converted_at = DateTimeField(null=True)
        person = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        created_at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'prospect'
            constraints = [
                Check("family_name <> '' OR converted_at IS NOT NULL"),
            ]
            legacy_table_names = False
    db.create_tables([Prospect])

    class Approach(Model):
        prospect = ForeignKeyField(Prospect, on_delete='CASCADE')
        on = DateField(column_name='approached_on')
        means = CharField(max_length=10)
        informed = BooleanField(default=False)
        text = TextField(default='')
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        at = DateTimeField()
        class Meta:
            database = db
            table_name = 'approach'
            legacy_table_names = False
    db.create_tables([Approach])

    class StoredFile(Model):
        name = CharField(unique=True, max_length=60)
        media_type = CharField(max_length=100)
        size_bytes = IntegerField()
        width = IntegerField(null=True)
        height = IntegerField(null=True)
        original_name = CharField(max_length=120)
        visibility = CharField(max_length=20, default='coordination')
        created_at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'stored_file'
            constraints = [
                Check('size_bytes > 0'),
                Check('(width IS NULL) = (height IS NULL)'),
            ]
            legacy_table_names = False
    db.create_tables([StoredFile])

    class Association(Model):
        name = CharField(max_length=120, default='Votre CPTS')
        short_name = CharField(max_length=40, default='')
        subtitle = CharField(max_length=120, default='')
        legal_form = CharField(max_length=80, default='Association loi 1901')
        address = TextField(default='')
        phone = CharField(max_length=30, default='')
        email = CharField(max_length=254, default='')
        opening_hours = CharField(max_length=200, default='')
        founded_on = DateField(null=True)
        contract_signed_on = DateField(null=True)
        mission_codes = CharField(max_length=200, default='')
        links_text = TextField(default='')
        colour = CharField(max_length=7, default='#0b6e69')
        logo = ForeignKeyField(StoredFile, null=True, on_delete='RESTRICT')
        sender_name = CharField(max_length=120, default='')
        sender_email = CharField(max_length=254, default='')
        collective_sender_name = CharField(max_length=120, default='')
        collective_sender_email = CharField(max_length=254, default='')
        reply_to = CharField(max_length=254, default='')
        bounce_email = CharField(max_length=254, default='')
        mail_tested_at = DateTimeField(null=True)
        membership_month = IntegerField(default=1)
        fee_cents = IntegerField(default=0)
        rna = CharField(max_length=10, default='')
        siret = CharField(max_length=14, default='')
        publication_director = CharField(max_length=120, default='')
        host_name = CharField(max_length=120, default='')
        host_address = TextField(default='')
        host_phone = CharField(max_length=30, default='')
        dpo_contact = CharField(max_length=254, default='')
        legal_complement = TextField(default='')
        privacy_complement = TextField(default='')
        accessibility_level = CharField(max_length=10, default='none')
        accessibility_on = DateField(null=True)
        accessibility_contact = CharField(max_length=254, default='')
        accessibility_gaps = TextField(default='')
        online_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'association'
            constraints = [
                Check('membership_month BETWEEN 1 AND 12'),
                Check('fee_cents >= 0'),
            ]
            legacy_table_names = False
    db.create_tables([Association])

    class Period(Model):
        label = CharField(max_length=40)
        starts_on = DateField(unique=True)
        ends_on = DateField(unique=True)
        receipts = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'period'
            constraints = [
                Check('ends_on > starts_on'),
            ]
            legacy_table_names = False
    db.create_tables([Period])

    class Campaign(Model):
        period = ForeignKeyField(Period, unique=True, on_delete='RESTRICT')
        offsets = CharField(max_length=60, default='15 30')
        prepared_at = DateTimeField()
        opened_at = DateTimeField(null=True)
        closed_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'campaign'
            legacy_table_names = False
    db.create_tables([Campaign])

    class Certificate(Model):
        code = CharField(unique=True, max_length=20)
        person = ForeignKeyField(Person, on_delete='CASCADE')
        issued_on = DateField()
        until = DateField(null=True)
        class Meta:
            database = db
            table_name = 'certificate'
            legacy_table_names = False
            indexes = ((('person', 'until'), False),)
    db.create_tables([Certificate])

    class College(Model):
        name = CharField(unique=True, max_length=120)
        description = TextField(default='')
        seats = IntegerField(null=True)
        position = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'college'
            constraints = [
                Check('seats >= 0'),
            ]
            legacy_table_names = False
    db.create_tables([College])

    class CollegeRule(Model):
        type = CharField(max_length=12, default='')
        practice = CharField(max_length=20, default='')
        college = ForeignKeyField(College, on_delete='CASCADE')
        class Meta:
            database = db
            table_name = 'college_rule'
            legacy_table_names = False
            indexes = ((('type', 'practice'), True),)
    db.create_tables([CollegeRule])

    class CommuneHeadcount(Model):
        commune = ForeignKeyField(Commune, on_delete='CASCADE')
        counted_on = DateField()
        number = IntegerField()
        source = CharField(max_length=200, default='')
        class Meta:
            database = db
            table_name = 'commune_headcount'
            constraints = [
                Check('number >= 0'),
            ]
            legacy_table_names = False
            indexes = ((('commune', 'counted_on'), True),)
    db.create_tables([CommuneHeadcount])

    class ContactMessage(Model):
        form_key = CharField(unique=True, max_length=40)
        at = DateTimeField(index=True)
        name = CharField(max_length=120)
        email = CharField(max_length=254)
        email_normalised = CharField(index=True, max_length=254)
        topic = CharField(max_length=20)
        subject = CharField(max_length=150)
        body = TextField()
        folded = TextField()
        note = TextField(default='')
        handled_at = DateTimeField(null=True)
        handled_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        spam_at = DateTimeField(null=True)
        deleted_at = DateTimeField(null=True)
        erased_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'contact_message'
            constraints = [
                Check('handled_at IS NULL OR spam_at IS NULL'),
                Check("(erased_at IS NULL) = (email <> '')"),
            ]
            legacy_table_names = False
    db.create_tables([ContactMessage])

    class Directory(Model):
        public_on = BooleanField(default=False)
        introduction = TextField(default='')
        class Meta:
            database = db
            table_name = 'directory'
            legacy_table_names = False
    db.create_tables([Directory])

    class Document(Model):
        slug = CharField(unique=True, max_length=80)
        title = CharField(max_length=160)
        kind = CharField(index=True, max_length=20)
        summary = CharField(max_length=300, default='')
        visibility = CharField(max_length=20, default='adherents')
        folded = TextField()
        created_at = DateTimeField()
        deleted_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'document'
            constraints = [
                Check("title <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([Document])

    class DocumentVersion(Model):
        document = ForeignKeyField(Document, on_delete='CASCADE')
        number = IntegerField()
        label = CharField(max_length=80)
        dated_on = DateField()
        file = ForeignKeyField(StoredFile, null=True, on_delete='RESTRICT')
        text = TextField(default='')
        added_at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'document_version'
            constraints = [
                Check("(file_id IS NULL) <> (text = '')"),
                Check('number > 0'),
            ]
            legacy_table_names = False
            indexes = ((('document', 'number'), True), (('document', 'label'), True))
    db.create_tables([DocumentVersion])

    class Fee(Model):
        type = CharField(primary_key=True, max_length=12)
        cents = IntegerField()
        class Meta:
            database = db
            table_name = 'fee'
            constraints = [
                Check('cents >= 0'),
            ]
            legacy_table_names = False
    db.create_tables([Fee])

    class OutgoingMail(Model):
        key = CharField(unique=True, null=True, max_length=190)
        kind = CharField(max_length=12, default='personal')
        template = CharField(max_length=120, default='')
        campaign_id = IntegerField(index=True, null=True)
        values_json = TextField(default='{}')
        secret = CharField(max_length=200, default='')
        headers_json = TextField(default='{}')
        to_address = CharField(max_length=254)
        reply_to = CharField(max_length=254, default='')
        person_ids = CharField(max_length=500, default='')
        subject = CharField(max_length=300, default='')
        folded = CharField(max_length=600, default='')
        message_id = CharField(max_length=250, default='')
        state = CharField(max_length=12, default='pending')
        skip_reason = CharField(max_length=300, default='')
        created_at = DateTimeField(index=True)
        next_try_at = DateTimeField()
        attempts = IntegerField(default=0)
        doubts = IntegerField(default=0)
        doubt_at = DateTimeField(null=True)
        claimed_by = CharField(max_length=120, default='')
        lease_until = DateTimeField(null=True)
        smtp_code = IntegerField(null=True)
        last_error = TextField(default='')
        done_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'outgoing_mail'
            constraints = [
                Check("state IN ('pending', 'claimed', 'in_doubt', 'sent', 'refused', 'skipped', 'uncertain')"),
                Check("kind IN ('personal', 'reminder', 'collective')"),
                Check("(template <> '') <> (campaign_id IS NOT NULL)"),
                Check("(state IN ('claimed', 'in_doubt')) = (claimed_by <> '')"),
                Check("(claimed_by <> '') = (lease_until IS NOT NULL)"),
                Check("(state IN ('sent', 'refused', 'skipped')) = (done_at IS NOT NULL)"),
                Check("(state = 'skipped') = (skip_reason <> '')"),
                Check("state NOT IN ('in_doubt', 'sent', 'uncertain') OR message_id <> ''"),
                Check('(doubts = 0) = (doubt_at IS NULL)'),
            ]
            legacy_table_names = False
            indexes = ((('state', 'kind', 'next_try_at', 'id'), False),)
    db.create_tables([OutgoingMail])

    class FrozenMail(Model):
        mail = ForeignKeyField(OutgoingMail, unique=True, on_delete='CASCADE')
        content = BlobField()
        class Meta:
            database = db
            table_name = 'frozen_mail'
            legacy_table_names = False
    db.create_tables([FrozenMail])

    class Grant(Model):
        account = ForeignKeyField(Account, on_delete='CASCADE')
        role = CharField(max_length=20)
        given_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        given_at = DateTimeField()
        until = DateField(null=True)
        class Meta:
            database = db
            table_name = 'grant'
            legacy_table_names = False
            indexes = ((('account', 'role'), True),)
    db.create_tables([Grant])

    class Headcount(Model):
        profession = CharField(max_length=12)
        counted_on = DateField()
        number = IntegerField()
        source = CharField(max_length=200, default='')
        class Meta:
            database = db
            table_name = 'headcount'
            constraints = [
                Check('number >= 0'),
            ]
            legacy_table_names = False
            indexes = ((('profession', 'counted_on'), True),)
    db.create_tables([Headcount])

    class Import(Model):
        kind = CharField(index=True, max_length=40)
        file_name = CharField(max_length=120)
        state = CharField(max_length=10, default='columns')
        rows = IntegerField(default=0)
        headers_json = TextField(default='[]')
        mapping_json = TextField(default='{}')
        summary_json = TextField(default='{}')
        digest = CharField(max_length=64, default='')
        doubt = CharField(max_length=8, default='skip')
        message = TextField(default='')
        created_at = DateTimeField(index=True)
        claimed_at = DateTimeField(null=True)
        confirmed_at = DateTimeField(null=True)
        undone_at = DateTimeField(null=True)
        author = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'import'
            legacy_table_names = False
    db.create_tables([Import])

    class ImportColumns(Model):
        kind = CharField(max_length=40)
        signature = CharField(max_length=40)
        mapping_json = TextField()
        used_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'import_columns'
            legacy_table_names = False
            indexes = ((('kind', 'signature'), True),)
    db.create_tables([ImportColumns])

    class ImportEffect(Model):
        run = ForeignKeyField(Import, on_delete='CASCADE')
        subject = IntegerField()
        created = BooleanField()
        before_json = TextField(default='{}')
        after = CharField(max_length=32)
        class Meta:
            database = db
            table_name = 'import_effect'
            legacy_table_names = False
            indexes = ((('run', 'subject'), True), (('subject',), False))
    db.create_tables([ImportEffect])

    class Indexed(Model):
        kind = CharField(max_length=20)
        slug = CharField(max_length=120)
        mark = CharField(max_length=120)
        class Meta:
            database = db
            table_name = 'indexed'
            legacy_table_names = False
            indexes = ((('kind', 'slug'), True),)
    db.create_tables([Indexed])

    class JobClock(Model):
        name = CharField(unique=True, max_length=120)
        ran_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'job_clock'
            legacy_table_names = False
    db.create_tables([JobClock])

    class JobRun(Model):
        name = CharField(max_length=120)
        due_on = DateField()
        started_at = DateTimeField()
        finished_at = DateTimeField(null=True)
        tries = IntegerField(default=1)
        error = TextField(default='')
        class Meta:
            database = db
            table_name = 'job_run'
            legacy_table_names = False
            indexes = ((('name', 'due_on'), True),)
    db.create_tables([JobRun])

    class JournalEntry(Model):
        at = DateTimeField(index=True)
        action = CharField(index=True, max_length=60)
        subject_kind = CharField(max_length=40)
        subject_id = CharField(max_length=120)
        detail_json = TextField(default='{}')
        actor = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'journal_entry'
            legacy_table_names = False
            indexes = ((('subject_kind', 'subject_id'), False),)
    db.create_tables([JournalEntry])

    class KnownAddress(Model):
        hash = CharField(unique=True, max_length=64)
        account = ForeignKeyField(Account, on_delete='CASCADE')
        seen_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'known_address'
            legacy_table_names = False
    db.create_tables([KnownAddress])

    class Membership(Model):
        person = ForeignKeyField(Person, on_delete='RESTRICT')
        type = CharField(max_length=12, default='liberal')
        started_on = DateField()
        ended_on = DateField(index=True, null=True)
        left_at = DateTimeField(null=True)
        left_reason = CharField(max_length=200, default='')
        college = ForeignKeyField(College, null=True, on_delete='SET NULL')
        college_decided = BooleanField(default=False)
        origin = CharField(max_length=40, default='')
        statutes_version = CharField(max_length=80, default='')
        charter_version = CharField(max_length=80, default='')
        accepted_at = DateTimeField(null=True)
        confirmed_on = DateField(null=True)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'membership'
            constraints = [
                Check('ended_on IS NULL OR ended_on >= started_on'),
                Check('left_at IS NULL OR ended_on IS NOT NULL'),
            ]
            legacy_table_names = False
            indexes = ((('left_at', 'started_on', 'ended_on', 'person'), False),)
    db.create_tables([Membership])

    class LeftOut(Model):
        campaign = ForeignKeyField(Campaign, on_delete='CASCADE')
        membership = ForeignKeyField(Membership, on_delete='CASCADE')
        reason = CharField(max_length=200, default='')
        at = DateTimeField()
        class Meta:
            database = db
            table_name = 'left_out'
            legacy_table_names = False
            indexes = ((('campaign', 'membership'), True),)
    db.create_tables([LeftOut])

    class LinkRequest(Model):
        purpose = CharField(max_length=20)
        email = CharField(max_length=254)
        path = CharField(max_length=500, default='')
        at = DateTimeField()
        class Meta:
            database = db
            table_name = 'link_request'
            legacy_table_names = False
    db.create_tables([LinkRequest])

    class MailSender(Model):
        paused_until = DateTimeField(null=True)
        paused_since = DateTimeField(null=True)
        pause_words = TextField(default='')
        pauses = IntegerField(default=0)
        failures = IntegerField(default=0)
        refusals = IntegerField(default=0)
        minute_at = DateTimeField(null=True)
        minute_count = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'mail_sender'
            constraints = [
                Check('(pauses > 0) = (paused_since IS NOT NULL)'),
                Check('id = 1'),
            ]
            legacy_table_names = False
    db.create_tables([MailSender])

    class MailTally(Model):
        day = DateField()
        kind = CharField(max_length=12)
        count = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'mail_tally'
            legacy_table_names = False
            indexes = ((('day', 'kind'), True),)
    db.create_tables([MailTally])

    class MailTry(Model):
        mail = ForeignKeyField(OutgoingMail, on_delete='CASCADE')
        at = DateTimeField()
        outcome = CharField(max_length=12)
        smtp_code = IntegerField(null=True)
        words = TextField(default='')
        class Meta:
            database = db
            table_name = 'mail_try'
            legacy_table_names = False
    db.create_tables([MailTry])

    class OriginVisit(Model):
        tag = CharField(max_length=40)
        day = DateField()
        number = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'origin_visit'
            legacy_table_names = False
            indexes = ((('tag', 'day'), True),)
    db.create_tables([OriginVisit])

    class PersonNote(Model):
        person = ForeignKeyField(Person, on_delete='CASCADE')
        author = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        at = DateTimeField()
        text = TextField()
        class Meta:
            database = db
            table_name = 'person_note'
            legacy_table_names = False
    db.create_tables([PersonNote])

    class Tag(Model):
        name = CharField(max_length=60)
        folded = CharField(unique=True, max_length=60)
        class Meta:
            database = db
            table_name = 'tag'
            legacy_table_names = False
    db.create_tables([Tag])

    class PersonTag(Model):
        person = ForeignKeyField(Person, on_delete='CASCADE')
        tag = ForeignKeyField(Tag, on_delete='CASCADE')
        class Meta:
            database = db
            table_name = 'person_tag'
            legacy_table_names = False
            indexes = ((('person', 'tag'), True),)
    db.create_tables([PersonTag])

    class Portrait(Model):
        person = ForeignKeyField(Person, primary_key=True, on_delete='CASCADE')
        file = ForeignKeyField(StoredFile, on_delete='RESTRICT')
        at = DateTimeField()
        class Meta:
            database = db
            table_name = 'portrait'
            legacy_table_names = False
    db.create_tables([Portrait])

    class Practice(Model):
        person = ForeignKeyField(Person, primary_key=True, on_delete='CASCADE')
        profession = CharField(max_length=12, default='')
        profession_other = CharField(max_length=120, default='')
        rpps = CharField(index=True, max_length=20, default='')
        adeli = CharField(index=True, max_length=20, default='')
        mode = CharField(max_length=120, default='')
        commune = ForeignKeyField(Commune, null=True, on_delete='SET NULL')
        organisation = CharField(max_length=160, default='')
        works_at = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        area_json = TextField(default='[]')
        competences = TextField(default='')
        hours = TextField(default='')
        show_email = BooleanField(default=False)
        show_phone = BooleanField(default=False)
        show_hours = BooleanField(default=False)
        show_photo = BooleanField(default=False)
        in_directory = BooleanField(default=True)
        public_listing = BooleanField(default=False)
        shown_changed_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'practice'
            legacy_table_names = False
            indexes = ((('profession', 'commune', 'person'), False), (('commune', 'profession', 'person'), False))
    db.create_tables([Practice])

    class ProfileChange(Model):
        person = ForeignKeyField(Person, on_delete='CASCADE')
        at = DateTimeField(index=True)
        changes_json = TextField()
        seen_at = DateTimeField(index=True, null=True)
        seen_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'profile_change'
            legacy_table_names = False
    db.create_tables([ProfileChange])

    class ProfileRequest(Model):
        kind = CharField(max_length=10)
        person = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        reason = TextField(default='')
        memory_json = TextField(default='{}')
        asked_at = DateTimeField(index=True)
        decided_at = DateTimeField(null=True)
        decided_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        outcome = CharField(max_length=10, default='')
        class Meta:
            database = db
            table_name = 'profile_request'
            legacy_table_names = False
    db.create_tables([ProfileRequest])

    class PublicChoice(Model):
        person = ForeignKeyField(Person, primary_key=True, on_delete='CASCADE')
        fields = CharField(max_length=200, default='')
        class Meta:
            database = db
            table_name = 'public_choice'
            legacy_table_names = False
    db.create_tables([PublicChoice])

    class Quartier(Model):
        commune = ForeignKeyField(Commune, on_delete='CASCADE')
        name = CharField(max_length=80)
        sort_name = CharField(max_length=80)
        class Meta:
            database = db
            table_name = 'quartier'
            legacy_table_names = False
            indexes = ((('commune', 'sort_name'), True),)
    db.create_tables([Quartier])

    class RecoveryCode(Model):
        account = ForeignKeyField(Account, on_delete='CASCADE')
        hash = CharField(unique=True, max_length=64)
        used_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'recovery_code'
            legacy_table_names = False
    db.create_tables([RecoveryCode])

    class Redirect(Model):
        path_from = CharField(unique=True, max_length=200)
        path_to = CharField(index=True, max_length=200)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'redirect'
            legacy_table_names = False
    db.create_tables([Redirect])

    class RenewalMail(Model):
        campaign = ForeignKeyField(Campaign, on_delete='CASCADE')
        membership = ForeignKeyField(Membership, on_delete='CASCADE')
        offset = IntegerField()
        at = DateTimeField()
        class Meta:
            database = db
            table_name = 'renewal_mail'
            legacy_table_names = False
            indexes = ((('campaign', 'membership', 'offset'), True),)
    db.create_tables([RenewalMail])

    class Revision(Model):
        number = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'revision'
            legacy_table_names = False
    db.create_tables([Revision])

    class SavedView(Model):
        list = CharField(max_length=40)
        name = CharField(max_length=80)
        query = TextField()
        owner = ForeignKeyField(Account, null=True, on_delete='CASCADE')
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'saved_view'
            legacy_table_names = False
    db.create_tables([SavedView])

    class SearchDocument(Model):
        kind = CharField(max_length=40)
        subject_id = CharField(max_length=200)
        title = CharField(max_length=300)
        body = TextField()
        url = CharField(max_length=500)
        visibility = CharField(max_length=20)
        at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'search_document'
            legacy_table_names = False
            indexes = ((('kind', 'subject_id'), True),)
    db.create_tables([SearchDocument])

    class Session(Model):
        id_hash = CharField(unique=True, max_length=64)
        data_json = TextField(default='{}')
        factor_at = DateTimeField(null=True)
        reauthenticated_at = DateTimeField(null=True)
        created_at = DateTimeField()
        seen_at = DateTimeField()
        expires_at = DateTimeField(index=True)
        address = CharField(max_length=45, default='')
        agent = CharField(max_length=200, default='')
        account = ForeignKeyField(Account, null=True, on_delete='CASCADE')
        class Meta:
            database = db
            table_name = 'session'
            legacy_table_names = False
    db.create_tables([Session])

    class StructureRole(Model):
        structure = ForeignKeyField(Person, primary_key=True, on_delete='CASCADE')
        representative = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        deputy = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        changed_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'structure_role'
            legacy_table_names = False
    db.create_tables([StructureRole])

    class Territory(Model):
        population = IntegerField(null=True)
        population_on = DateField(null=True)
        population_source = TextField(default='')
        size = IntegerField(null=True)
        size_on = DateField(null=True)
        size_source = TextField(default='')
        class Meta:
            database = db
            table_name = 'territory'
            constraints = [
                Check('population > 0'),
                Check('size BETWEEN 1 AND 4'),
            ]
            legacy_table_names = False
    db.create_tables([Territory])

    class TerritoryCommune(Model):
        commune = ForeignKeyField(Commune, primary_key=True, on_delete='RESTRICT')
        class Meta:
            database = db
            table_name = 'territory_commune'
            legacy_table_names = False
    db.create_tables([TerritoryCommune])

    class Token(Model):
        purpose = CharField(max_length=40)
        subject = CharField(max_length=120)
        hash = CharField(unique=True, max_length=64)
        expires_at = DateTimeField(index=True)
        used_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'token'
            legacy_table_names = False
            indexes = ((('purpose', 'subject'), False),)
    db.create_tables([Token])

    class Tries(Model):
        kind = CharField(max_length=40)
        who = CharField(max_length=64)
        level = FloatField(default=0)
        strikes = IntegerField(default=0)
        next_at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'tries'
            legacy_table_names = False
            indexes = ((('kind', 'who'), True),)
    db.create_tables([Tries])

    class Year(Model):
        membership = ForeignKeyField(Membership, on_delete='CASCADE')
        period = ForeignKeyField(Period, on_delete='RESTRICT')
        fee_cents = IntegerField(default=0)
        paid_on = DateField(null=True)
        paid_means = CharField(max_length=20, default='')
        receipt_number = CharField(unique=True, null=True, max_length=20)
        renewed_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'year'
            constraints = [
                Check('(paid_on IS NULL) = (receipt_number IS NULL)'),
                Check('fee_cents >= 0'),
            ]
            legacy_table_names = False
            indexes = ((('membership', 'period'), True),)
    db.create_tables([Year])

    create_partial_indexes(db)
    create_words(db)


def create_partial_indexes(db):
    """Of a person one membership runs at a time; of an address one request is open."""
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "membership_one_running" ON "membership" ("person_id") '
        'WHERE ("left_at" IS NULL)'
    )
    db.execute_sql(
        'CREATE UNIQUE INDEX IF NOT EXISTS "application_one_open" ON "application" ("email_normalised") '
        'WHERE ("decided_at" IS NULL)'
    )


def create_words(db):
    """The full-text tables, which no model declares: FTS5 on SQLite, a tsvector on PostgreSQL."""
    if isinstance(db, SqliteDatabase):
        for name, columns in (("search_words", "visibility, kind, title, body"), ("person_words", "words")):
            db.execute_sql(
                f"CREATE VIRTUAL TABLE IF NOT EXISTS {name} USING fts5({columns}, prefix='2 3', tokenize='ascii')"
            )
            db.execute_sql(f"INSERT INTO {name}({name}, rank) VALUES('secure-delete', 1)")
        return
    db.execute_sql(
        "CREATE TABLE IF NOT EXISTS search_words (document_id BIGINT PRIMARY KEY, vector TSVECTOR NOT NULL)"
    )
    db.execute_sql("CREATE INDEX IF NOT EXISTS search_words_vector ON search_words USING GIN (vector)")
    db.execute_sql("CREATE TABLE IF NOT EXISTS person_words (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
    db.execute_sql("CREATE INDEX IF NOT EXISTS person_words_gin ON person_words USING GIN (words)")
