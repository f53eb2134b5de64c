# Generated from a schema diff on 2026-11-28 01:32.
from peewee import *


def up(migrator, db):
    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class AddressPace(Model):
        address_hash = CharField(unique=True, max_length=64)
        times_json = TextField(default='[]')
        last_at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'address_pace'
            legacy_table_names = False
    db.create_tables([AddressPace])

    class LastingKey(Model):
        name = CharField(unique=True, max_length=40)
        encrypted = CharField(max_length=200)
        class Meta:
            database = db
            table_name = 'lasting_key'
            legacy_table_names = False
    db.create_tables([LastingKey])

    class MailHold(Model):
        address_hash = CharField(max_length=64)
        kind = CharField(max_length=12)
        reason = CharField(max_length=12)
        at = DateTimeField(index=True)
        detail = CharField(max_length=300, default='')
        class Meta:
            database = db
            table_name = 'mail_hold'
            constraints = [
                Check("kind IN ('reminder', 'collective')"),
                Check("reason IN ('complained', 'opposed', 'unsubscribed', 'bounced')"),
                Check('length(address_hash) = 64'),
            ]
            legacy_table_names = False
            indexes = ((('address_hash', 'kind', 'reason'), True),)
    db.create_tables([MailHold])

    class Partner(Model):
        person = ForeignKeyField(Person, unique=True, on_delete='CASCADE')
        kind = CharField(index=True, max_length=16)
        organisation = CharField(max_length=160, default='')
        function = CharField(max_length=120, default='')
        source = CharField(max_length=200, default='')
        folded = CharField(index=True, max_length=300, default='')
        informed_at = DateTimeField(null=True)
        created_at = DateTimeField()
        removed_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'partner'
            constraints = [
                Check("kind IN ('cpam', 'ars', 'collectivite', 'establishment', 'medico_social', 'association', 'cpts', 'order', 'education', 'press', 'other')"),
            ]
            legacy_table_names = False
    db.create_tables([Partner])

    class Refusal(Model):
        person = ForeignKeyField(Person, on_delete='CASCADE')
        kind = CharField(max_length=12)
        reason = CharField(max_length=12)
        address_hash = CharField(index=True, max_length=64)
        at = DateTimeField()
        class Meta:
            database = db
            table_name = 'refusal'
            constraints = [
                Check("kind IN ('reminder', 'collective')"),
                Check("reason IN ('complained', 'opposed', 'unsubscribed')"),
            ]
            legacy_table_names = False
            indexes = ((('person', 'kind', 'reason'), True),)
    db.create_tables([Refusal])

    class Subscription(Model):
        person = ForeignKeyField(Person, unique=True, on_delete='CASCADE')
        email = CharField(max_length=254)
        wording = TextField()
        page = CharField(max_length=200)
        asked_at = DateTimeField()
        confirmed_at = DateTimeField(index=True)
        alive_at = DateTimeField(index=True)
        asked_again_at = DateTimeField(null=True)
        ended_at = DateTimeField(index=True, null=True)
        class Meta:
            database = db
            table_name = 'subscription'
            constraints = [
                Check("wording <> ''"),
                Check('confirmed_at >= asked_at'),
            ]
            legacy_table_names = False
    db.create_tables([Subscription])

    class SubscriptionRequest(Model):
        kind = CharField(max_length=12, default='subscribe')
        email = CharField(max_length=254)
        email_normalised = CharField(index=True, max_length=254)
        given_name = CharField(max_length=80, default='')
        family_name = CharField(max_length=80, default='')
        topics_json = TextField(default='[]')
        persons_json = TextField(default='[]')
        kinds = CharField(default='collective', max_length=40)
        wording = TextField(default='')
        page = CharField(max_length=200, default='')
        asked_at = DateTimeField(index=True)
        class Meta:
            database = db
            table_name = 'subscription_request'
            constraints = [
                Check("kind IN ('subscribe', 'change')"),
                Check("kind = 'change' OR wording <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([SubscriptionRequest])

    class SubscriptionTally(Model):
        day = DateField()
        what = CharField(max_length=16)
        count = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'subscription_tally'
            legacy_table_names = False
            indexes = ((('day', 'what'), True),)
    db.create_tables([SubscriptionTally])

    class Topic(Model):
        name = CharField(max_length=80)
        folded = CharField(unique=True, max_length=80)
        description = CharField(max_length=200, default='')
        position = IntegerField(default=0)
        created_at = DateTimeField()
        closed_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'topic'
            constraints = [
                Check("name <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([Topic])

    class TopicChoice(Model):
        person = ForeignKeyField(Person, on_delete='CASCADE')
        topic = ForeignKeyField(Topic, on_delete='CASCADE')
        chosen_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'topic_choice'
            legacy_table_names = False
            indexes = ((('person', 'topic'), True),)
    db.create_tables([TopicChoice])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('topic_choice'))
    migrator.migrate(migrator.drop_table('topic'))
    migrator.migrate(migrator.drop_table('subscription_tally'))
    migrator.migrate(migrator.drop_table('subscription_request'))
    migrator.migrate(migrator.drop_table('subscription'))
    migrator.migrate(migrator.drop_table('refusal'))
    migrator.migrate(migrator.drop_table('partner'))
    migrator.migrate(migrator.drop_table('mail_hold'))
    migrator.migrate(migrator.drop_table('lasting_key'))
    migrator.migrate(migrator.drop_table('address_pace'))
