"""A whole base goes from SQLite to PostgreSQL and back, and is the same.

With `CPTS_TEST_DATABASE_URL` (an address of PostgreSQL where a schema of our own may be made) and psycopg.
"""

import pytest
from peewee import IntegrityError

from cptsapp import create_app
from cptsapp.blueprints.account import rules as accounts
from cptsapp.blueprints.person import finding
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import backup, copying, instance, search
from cptsapp.kernel import db as database
from cptsapp.kernel.db import db
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.journal import JournalEntry
from cptsapp.kernel.search import SearchDocument
from cptsapp.kernel.settings import settings
from tests.conftest import SECRET
from tests.postgresql import SERVER, needs_postgresql, sqlite_only

SCHEMA = "cptsapp_copy"


@pytest.fixture
def filled(tmp_path):
    """A migrated SQLite instance with people, dates, blanks and accents in it."""
    folder = tmp_path / "instance"
    instance.create(folder)
    app = create_app(folder, secret_key=SECRET)
    app.testing = True
    with app.app_context(), database.connection():
        instance.upgrade()
        people = [{"given_name": f"Zoé {n}", "family_name": "L’Œuvre", "phone": str(n)} for n in range(1200)]
        Person.insert_many(people).execute()
        accounts.create("coordination@exemple.fr", by=None, name="Camille Exemple", roles=["coordination"])
        search.index("page", "a", title="Dépistage", body="diabète", url="/a", visibility="public")
        yield app
    db.close_all()


@pytest.fixture
def url():
    """The address of an empty schema."""
    address = f"{SERVER}{'&' if '?' in SERVER else '?'}options=-csearch_path%3D{SCHEMA}"
    with copying._postgresql(address) as base:
        base.execute_sql(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        base.execute_sql(f"CREATE SCHEMA {SCHEMA}")
    yield address
    db.close_all()
    with copying._postgresql(address) as base:
        base.execute_sql(f"DROP SCHEMA {SCHEMA} CASCADE")


def everything() -> dict[str, list]:
    return {
        model._meta.table_name: sorted(map(repr, model.select().tuples()))
        for model in database.tables()
        if model is not JournalEntry
    }


@needs_postgresql
def test_a_base_goes_to_postgresql_and_its_backup_comes_back_to_sqlite_row_by_row(filled, url, tmp_path):
    before, acts = everything(), JournalEntry.select().count()
    rows = copying.copy_instance(url)
    assert rows["person"] == Person.select().count()
    with pytest.raises(RuleError, match="déjà des tables"):
        copying.copy_instance(url)

    create_app(settings.instance, secret_key=SECRET, database_url=url)
    with database.connection():
        search.refill()
        assert everything() == before
        assert Person.select().where(Person.id.in_(finding.found(["camille"]))).count() == 1
        assert search.search("depistage", visibilities=["public"]).total == 1
        last = max(id for (id,) in Person.select(Person.id).tuples())
        assert Person.create(given_name="Après", family_name="Copie").id == last + 1
        with pytest.raises(IntegrityError), db.atomic():  # links are checked at once again
            SearchDocument.insert(kind="page", subject_id="a", title="", body="", url="", visibility="").execute()
        plain, saved = backup.save(), backup.save(with_secrets=True)
    db.close_all()

    back = tmp_path / "retour"
    assert backup.check(saved)["database"]["rows"]["person"] == rows["person"] + 1
    backup.restore(saved, back)
    create_app(back, secret_key=SECRET)
    with database.connection():
        assert JournalEntry.select().count() >= acts
        assert Person.select().where(Person.id.in_(finding.found(["camille"]))).count() == 1
        assert Person.select().count() == rows["person"] + 1
    db.close_all()

    # And the same archive goes into an empty PostgreSQL.
    with copying._postgresql(url) as base:
        base.execute_sql(f"DROP SCHEMA {SCHEMA} CASCADE")
        base.execute_sql(f"CREATE SCHEMA {SCHEMA}")
    there = tmp_path / "ailleurs"
    there.mkdir()
    (there / "cpts.toml").write_text(f'secret_key = "{SECRET}"\ndatabase_url = "{url}"\n')
    backup.restore(plain, there)
    create_app(there)
    with database.connection():
        assert Person.select().count() == rows["person"] + 1
        assert not (there / "cpts.db").exists()
    with pytest.raises(RuleError, match="déjà des tables"):
        backup.restore(plain, there)


@sqlite_only  # it is where a copy comes from
def test_what_is_no_empty_postgresql_is_refused_with_a_sentence(app):
    with pytest.raises(RuleError, match="adresse postgresql"):
        copying.copy_instance("sqlite:///ailleurs.db")
    with pytest.raises(RuleError, match="ne s’ouvre pas"):
        copying.copy_instance("postgresql://personne@127.0.0.1:1/rien")
