# Generated from a schema diff on 2026-11-28 05:03.
from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Partner(Model):
        person = ForeignKeyField(Person, unique=True, on_delete='CASCADE')
        organisation = CharField(max_length=120)
        until = DateField()
        given_at = DateTimeField()
        given_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'repertoire_partner'
            constraints = [
                Check("organisation <> ''"),
            ]
            legacy_table_names = False
    db.create_tables([Partner])

    class PartnerList(Model):
        partner = ForeignKeyField(Partner, on_delete='CASCADE')
        directory = CharField(max_length=60)
        class Meta:
            database = db
            table_name = 'repertoire_partner_list'
            legacy_table_names = False
            indexes = ((('partner', 'directory'), True),)
    db.create_tables([PartnerList])

    class PartnerReading(Model):
        directory = CharField(max_length=60)
        read_on = DateField()
        count = IntegerField(default=0)
        class Meta:
            database = db
            table_name = 'repertoire_partner_reading'
            legacy_table_names = False
            indexes = ((('read_on', 'directory'), True),)
    db.create_tables([PartnerReading])

    migrator.migrate(migrator.add_column('repertoire_entry', 'is_shared', BooleanField(default=False)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column('repertoire_entry', 'is_shared'))
    migrator.migrate(migrator.drop_table('repertoire_partner_reading'))
    migrator.migrate(migrator.drop_table('repertoire_partner_list'))
    migrator.migrate(migrator.drop_table('repertoire_partner'))
