"""The contract, its missions and its years; the date of signature moves to it from the association."""

from peewee import *

THRESHOLDS = {40_000: 2, 80_000: 3, 175_000: 4}  # inhabitants from which a size begins; below, size 1


def keep_the_signature(db):
    """Make the contract that the association's date of signature stood for, of the size known today."""
    contracts = Table("contract", ("id", "signed_on", "years", "size", "population", "note")).bind(db)
    engagements = Table("engagement", ("id", "contract_id", "mission")).bind(db)
    told = db.execute_sql("SELECT contract_signed_on, mission_codes FROM association WHERE contract_signed_on IS NOT NULL")
    for signed_on, missions in told.fetchall():
        known = db.execute_sql("SELECT size, population FROM territory").fetchone() or (None, None)
        counted = db.execute_sql(
            "SELECT SUM(c.population) FROM territory_commune t JOIN commune c ON c.insee = t.commune_id"
        ).fetchone()[0]
        population = known[1] or counted or None
        size = known[0] or max((1, *(size for least, size in THRESHOLDS.items() if (population or 0) >= least)))
        row = {"signed_on": signed_on, "years": 5, "size": size, "population": population, "note": ""}
        contracts.insert(row).execute()
        contract = contracts.select(contracts.id).tuples().get()[0]
        for mission in missions.split():
            engagements.insert(contract_id=contract, mission=mission).execute()


def up(migrator, db):
    class Contract(Model):
        signed_on = DateField(unique=True)
        years = IntegerField(default=5)
        size = IntegerField()
        population = IntegerField(null=True)
        note = CharField(max_length=500, default='')
        class Meta:
            database = db
            table_name = 'contract'
            constraints = [
                Check('years BETWEEN 1 AND 10'),
                Check('size BETWEEN 1 AND 4'),
                Check('population > 0'),
            ]
            legacy_table_names = False
    db.create_tables([Contract])

    class Engagement(Model):
        contract = ForeignKeyField(Contract, on_delete='CASCADE')
        mission = CharField(max_length=20)
        started_on = DateField(null=True)
        deployed_on = DateField(null=True)
        class Meta:
            database = db
            table_name = 'engagement'
            constraints = [
                Check('deployed_on IS NULL OR (started_on IS NOT NULL AND started_on <= deployed_on)'),
            ]
            legacy_table_names = False
            indexes = ((('contract', 'mission'), True),)
    db.create_tables([Engagement])

    class YearLine(Model):
        contract = ForeignKeyField(Contract, on_delete='CASCADE')
        year = IntegerField()
        line = CharField(max_length=20)
        fixed_cents = IntegerField(null=True)
        variable_cents = IntegerField(null=True)
        achieved = IntegerField(null=True)
        source = CharField(max_length=200, default='')
        class Meta:
            database = db
            table_name = 'year_line'
            constraints = [
                Check('year BETWEEN 1 AND 10'),
                Check('fixed_cents >= 0'),
                Check('variable_cents >= 0'),
                Check('achieved BETWEEN 0 AND 100'),
            ]
            legacy_table_names = False
            indexes = ((('contract', 'year', 'line'), True),)
    db.create_tables([YearLine])

    keep_the_signature(db)
    migrator.migrate(migrator.drop_column('association', 'contract_signed_on'))


def down(migrator, db):
    migrator.migrate(migrator.add_column('association', 'contract_signed_on', DateField(null=True)))
    db.execute_sql("UPDATE association SET contract_signed_on = (SELECT MAX(signed_on) FROM contract)")
    migrator.migrate(migrator.drop_table('year_line'))
    migrator.migrate(migrator.drop_table('engagement'))
    migrator.migrate(migrator.drop_table('contract'))
