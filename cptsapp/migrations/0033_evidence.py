"""What each action of the project must prove, and the pieces attached to it."""

from peewee import *


def up(migrator, db):
    class Account(Model):
        class Meta:
            database = db
            table_name = 'account'
            legacy_table_names = False

    class Contract(Model):
        class Meta:
            database = db
            table_name = 'contract'
            legacy_table_names = False

    class Document(Model):
        class Meta:
            database = db
            table_name = 'document'
            legacy_table_names = False

    class Fiche(Model):
        class Meta:
            database = db
            table_name = 'fiche'
            legacy_table_names = False

    class StoredFile(Model):
        class Meta:
            database = db
            table_name = 'stored_file'
            legacy_table_names = False

    class Proof(Model):
        fiche = ForeignKeyField(Fiche, on_delete='CASCADE')
        kind = CharField(max_length=12, default='other')
        label = CharField(max_length=160)
        contract = ForeignKeyField(Contract, null=True, on_delete='RESTRICT')
        year = IntegerField(null=True)
        starts_on = DateField(null=True)
        ends_on = DateField(null=True)
        created_at = DateTimeField()
        class Meta:
            database = db
            table_name = 'expected_proof'
            constraints = [
                Check("label <> ''"),
                Check('(contract_id IS NULL) = (year IS NULL)'),
                Check('contract_id IS NULL OR starts_on IS NULL'),
                Check('(starts_on IS NULL) = (ends_on IS NULL)'),
                Check('starts_on <= ends_on'),
            ]
            legacy_table_names = False
    db.create_tables([Proof])

    class Piece(Model):
        proof = ForeignKeyField(Proof, on_delete='CASCADE')
        title = CharField(max_length=160)
        file = ForeignKeyField(StoredFile, null=True, on_delete='RESTRICT')
        document = ForeignKeyField(Document, null=True, on_delete='CASCADE')
        added_at = DateTimeField()
        added_by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'proof_piece'
            constraints = [
                Check("title <> ''"),
                Check('(file_id IS NULL) <> (document_id IS NULL)'),
            ]
            legacy_table_names = False
            indexes = ((('proof', 'file'), True), (('proof', 'document'), True))
    db.create_tables([Piece])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('proof_piece'))
    migrator.migrate(migrator.drop_table('expected_proof'))
