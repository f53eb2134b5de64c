# Generated from a schema diff on 2026-11-28 14:45.
from peewee import *


def up(migrator, db):
    class Census(Model):
        state = CharField(max_length=8, default='running')
        stage = CharField(max_length=8, default='fetching')
        done = BigIntegerField(default=0)
        total = BigIntegerField(default=0)
        asked_at = DateTimeField()
        claimed_at = DateTimeField(null=True)
        published_on = DateField(null=True)
        found_json = TextField(default='{}')
        message = TextField(default='')
        class Meta:
            database = db
            table_name = 'census'
            constraints = [
                Check("state IN ('running', 'ready', 'kept', 'failed')"),
            ]
            legacy_table_names = False
    db.create_tables([Census])
    db.execute_sql("CREATE UNIQUE INDEX census_one_running ON census (state) WHERE (state = 'running')")


def down(migrator, db):
    migrator.migrate(migrator.drop_table('census'))
