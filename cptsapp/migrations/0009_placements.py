"""The register of placements."""

from peewee import *


def up(migrator, db):
    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Placement(Model):
        starts_on = DateField()
        host = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        level = CharField(max_length=16)
        number = IntegerField(default=1)
        sites = TextField(default='')
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'placement'
            constraints = [
                Check('number BETWEEN 1 AND 20'),
            ]
            legacy_table_names = False
            indexes = ((('starts_on', 'host', 'level'), True),)
    db.create_tables([Placement])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('placement'))
