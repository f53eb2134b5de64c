"""What memberships were on past days: the type and the collège, until they changed."""

from peewee import *


def up(migrator, db):
    class College(Model):
        class Meta:
            database = db
            table_name = "college"
            legacy_table_names = False

    class Membership(Model):
        class Meta:
            database = db
            table_name = "membership"
            legacy_table_names = False

    class MembershipPast(Model):
        membership = ForeignKeyField(Membership, on_delete="CASCADE")
        until = DateField()
        type = CharField(max_length=12)
        college = ForeignKeyField(College, null=True, on_delete="SET NULL")

        class Meta:
            database = db
            table_name = "membership_past"
            legacy_table_names = False
            indexes = ((("membership", "until"), True),)

    db.create_tables([MembershipPast])


def down(migrator, db):
    migrator.migrate(migrator.drop_table("membership_past"))
