"""Many at once: one référent, the places that there are, the entries that a list takes, one entry each."""

import threading

from cptsapp.blueprints.directory import catalogue, places, rules
from cptsapp.blueprints.directory.models import Entry, EntryHold, EntryUse, Status
from cptsapp.blueprints.directory.rules import Agreement, Typed
from cptsapp.kernel import db as database
from cptsapp.kernel.errors import RuleError

from .conftest import answers, declared, practitioner

AT_ONCE = 4  # a connection each, of those that the pool of a test has


def race(app, act, arguments):
    """Call `act` with each argument, all at the same moment; return how many were done and the refusals."""
    start, done, refusals = threading.Barrier(len(arguments)), [], []

    def run(argument):
        with app.app_context(), database.connection():
            start.wait(timeout=20)
            try:
                done.append(act(argument))
            except RuleError as error:
                refusals.append(str(error))

    threads = [threading.Thread(target=run, args=(each,)) for each in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) + len(refusals) == len(arguments)
    return len(done), refusals


def test_of_many_at_once_one_is_the_referent(app):
    protocol = declared("protocoles", title="Cystite", keyed=True)
    people = [practitioner() for _ in range(AT_ONCE)]
    said = {"protocole": protocol.id, "role": "delegant", "referent": True}

    def join(person):
        return rules.declare("protocoles-volontaires", person.id, Typed(values=said), Agreement())

    done, refusals = race(app, join, people)
    assert (done, len(refusals)) == (1, AT_ONCE - 1)
    assert all("déjà un référent" in refusal for refusal in refusals)
    assert EntryHold.select().count() == 1
    assert Entry.select().where(Entry.directory == "protocoles-volontaires").count() == 1


def test_of_many_at_once_as_many_as_there_are_places_have_one(app):
    entry = declared("medecins-volontaires", practitioner(), par_mois=2)
    done, refusals = race(app, lambda _: places.take(entry.id), range(AT_ONCE))
    assert (done, len(refusals)) == (2, AT_ONCE - 2)
    assert EntryUse.select().count() == 2


def test_a_list_never_has_more_entries_than_it_takes_nor_two_of_one_person(app):
    values = {
        "name": "Essai", "purpose": "Essayer.", "theme": "acces", "subject": "person", "readers": "adherents",
        "limit": 2, "consent": {"version": "1", "text": "J’accepte."}, "fields": [],
    }  # fmt: skip
    catalogue.write(values, "essai")
    people = [practitioner() for _ in range(AT_ONCE)]
    done, refusals = race(app, lambda person: rules.declare("essai", person.id, Typed(), Agreement()), people)
    assert (done, len(refusals)) == (2, AT_ONCE - 2)
    assert all("complet" in refusal for refusal in refusals)
    person = practitioner("60")
    said = answers(catalogue.find("reserve"))
    done, refusals = race(
        app, lambda _: rules.declare("reserve", person.id, Typed(values=said), Agreement()), range(AT_ONCE)
    )
    assert done == 1
    assert all("déjà une fiche" in refusal for refusal in refusals)
    # Leaving and being confirmed at once: whoever wins, the entry is in one state and its history says which.
    entry = Entry.get(Entry.person == person.id)
    rules.leave(entry.id)
    assert Entry.get_by_id(entry.id).status == Status.LEFT
