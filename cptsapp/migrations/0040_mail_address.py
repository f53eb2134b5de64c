"""The mails of an address, the last first, without reading all those that left."""


def up(migrator, db):
    db.execute_sql('CREATE INDEX IF NOT EXISTS "outgoing_mail_address" ON "outgoing_mail" (LOWER("to_address"), "id")')


def down(migrator, db):
    db.execute_sql('DROP INDEX IF EXISTS "outgoing_mail_address"')
