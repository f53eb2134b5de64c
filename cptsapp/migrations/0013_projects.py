"""The fiches-actions of the project, their versions, moves and evaluations."""

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

    class Person(Model):
        class Meta:
            database = db
            table_name = 'person'
            legacy_table_names = False

    class Fiche(Model):
        slug = CharField(unique=True, max_length=80)
        code = CharField(max_length=40, default='')
        label = CharField(max_length=60, default='')
        title = CharField(max_length=160)
        mission = CharField(max_length=20, default='')
        state = CharField(max_length=12, default='draft')
        pilot = ForeignKeyField(Person, null=True, on_delete='SET NULL')
        progress = IntegerField(default=0)
        priority = IntegerField(null=True)
        is_public = BooleanField(default=False)
        summary = CharField(max_length=400, default='')
        context = TextField(default='')
        framework = TextField(default='')
        goals = TextField(default='')
        objectives = TextField(default='')
        actions = TextField(default='')
        actors = TextField(default='')
        partners = TextField(default='')
        means = TextField(default='')
        results = TextField(default='')
        schedule = TextField(default='')
        folded = CharField(max_length=400, default='')
        revision = IntegerField(default=1)
        created_at = DateTimeField()
        updated_at = DateTimeField()
        deleted_at = DateTimeField(null=True)
        class Meta:
            database = db
            table_name = 'fiche'
            constraints = [
                Check("state IN ('draft', 'validated', 'presented', 'active', 'evaluated', 'closed')"),
                Check('progress BETWEEN 0 AND 100'),
                Check('priority BETWEEN 1 AND 3'),
                Check("title <> ''"),
            ]
            legacy_table_names = False
            indexes = ((('deleted_at', 'mission', 'id'), False),)
    db.create_tables([Fiche])

    class Evaluation(Model):
        fiche = ForeignKeyField(Fiche, on_delete='CASCADE')
        contract = ForeignKeyField(Contract, on_delete='RESTRICT')
        year = IntegerField()
        text = TextField()
        progress = IntegerField()
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'evaluation'
            constraints = [
                Check('progress BETWEEN 0 AND 100'),
                Check("text <> ''"),
            ]
            legacy_table_names = False
            indexes = ((('fiche', 'contract', 'year'), True),)
    db.create_tables([Evaluation])

    class FicheMove(Model):
        fiche = ForeignKeyField(Fiche, on_delete='CASCADE')
        state = CharField(max_length=12)
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        class Meta:
            database = db
            table_name = 'fiche_move'
            constraints = [
                Check("state IN ('draft', 'validated', 'presented', 'active', 'evaluated', 'closed')"),
            ]
            legacy_table_names = False
    db.create_tables([FicheMove])

    class FicheVersion(Model):
        fiche = ForeignKeyField(Fiche, on_delete='CASCADE')
        revision = IntegerField()
        at = DateTimeField()
        by = ForeignKeyField(Account, null=True, on_delete='SET NULL')
        values_json = TextField()
        class Meta:
            database = db
            table_name = 'fiche_version'
            legacy_table_names = False
            indexes = ((('fiche', 'revision'), True),)
    db.create_tables([FicheVersion])


def down(migrator, db):
    migrator.migrate(migrator.drop_table('fiche_version'))
    migrator.migrate(migrator.drop_table('fiche_move'))
    migrator.migrate(migrator.drop_table('evaluation'))
    migrator.migrate(migrator.drop_table('fiche'))
