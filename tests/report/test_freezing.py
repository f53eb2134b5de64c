"""What is frozen is refused by the database itself: asked here in raw SQL, as somebody who holds its file would."""

import pytest
from peewee import IntegrityError

from cptsapp import create_app
from cptsapp.blueprints.indicator import rules as indicator_rules
from cptsapp.blueprints.report import rules
from cptsapp.blueprints.report.models import Section
from cptsapp.kernel import db as database
from cptsapp.kernel import freezing, instance
from cptsapp.kernel.db import db
from tests.postgresql import sqlite_only

SECRET = "une-cle-de-test-assez-longue-pour-convenir"
OF_A_DEFINITION = (
    "UPDATE measure_term SET target_thousandths = 1",
    "UPDATE measure_term SET label = 'Autre chose'",
    "UPDATE measure_term SET frozen_at = NULL",
    "DELETE FROM measure_term",
)
OF_A_REPORT = (
    "UPDATE report SET title = 'Autre chose'",
    "UPDATE report SET frozen_at = NULL",
    "DELETE FROM report",
    "UPDATE report_section SET text = 'Autre chose'",
    "DELETE FROM report_section",
    "UPDATE report_section_version SET text = 'Autre chose'",
    "UPDATE report_generation SET figures_json = '[]'",
)


@pytest.mark.parametrize("statement", OF_A_DEFINITION)
def test_a_frozen_definition_is_refused_any_change(contract, measure, statement):
    with db.atomic() as undone:
        db.execute_sql(statement)  # while it is not frozen, it goes
        undone.rollback()
    indicator_rules.freeze(measure.id, contract_id=contract.id, year=2)
    with pytest.raises(IntegrityError, match="frozen"), db.atomic():
        db.execute_sql(statement)


@pytest.mark.parametrize("statement", OF_A_REPORT)
def test_a_frozen_report_is_refused_any_change(report, statement):
    with db.atomic() as undone:
        db.execute_sql(statement)
        undone.rollback()
    rules.freeze(report.id)
    with pytest.raises(IntegrityError, match="frozen"), db.atomic():
        db.execute_sql(statement)


def test_a_frozen_report_may_still_go_to_the_bin_and_lose_the_name_of_who_froze_it(report, dossier):
    rules.freeze(report.id)
    db.execute_sql("UPDATE report SET frozen_by_id = NULL, created_by_id = NULL")
    rules.trash(report.id)
    rules.restore(report.id)
    Section.update(text="Autre chose").where(Section.report == dossier).execute()  # another report goes on


@sqlite_only  # its own list of triggers is read
def test_the_guards_come_back_when_a_migration_builds_a_table_again(tmp_path):
    create_app(tmp_path, secret_key=SECRET)
    instance.upgrade()
    with database.connection():
        made = {name for (name,) in db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        assert {f"{each.name}_{event}" for each in freezing.guards for event in ("update", "delete")} <= made
        db.execute_sql("DROP TRIGGER report_frozen_update")
    database.migrate()
    with database.connection():
        left = db.execute_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        assert "report_frozen_update" in {name for (name,) in left}
    db.close_all()
