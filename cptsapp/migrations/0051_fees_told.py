"""How a fee is paid, from which month a new member has the next year too, and which years came that way."""

from peewee import *


def up(migrator, db):
    migrator.migrate(migrator.add_column('association', 'fee_payment', TextField(default='')))
    month = IntegerField(null=True, constraints=[Check('late_month BETWEEN 1 AND 12')])
    migrator.migrate(migrator.add_column('association', 'late_month', month))
    migrator.migrate(migrator.add_column('year', 'by_joining', BooleanField(default=False)))


def down(migrator, db):
    migrator.migrate(migrator.drop_column('year', 'by_joining'))
    migrator.migrate(migrator.drop_column('association', 'late_month'))
    migrator.migrate(migrator.drop_column('association', 'fee_payment'))
