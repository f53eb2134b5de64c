"""The names of what the journal speaks of, where the features themselves do not give them; its retention."""

from flask import current_app, url_for

from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.contact.models import ContactMessage
from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.person.models import Person
from cptsapp.kernel import journal, registry

from . import models


def _numbers(ids):
    return [int(each) for each in ids if each.isdecimal()]


@journal.subject("person", "Personne")
def persons(ids):
    found = Person.select().where(Person.id.in_(_numbers(ids)))
    return {str(each.id): (each.label, url_for("person_gestion.show", id=each.id)) for each in found}


@journal.subject("account", "Compte")
def accounts(ids):
    found = Account.select(Account, Person).join(Person).where(Account.id.in_(_numbers(ids)))
    return {str(each.id): (each.label, url_for("person_gestion.show", id=each.person_id)) for each in found}


@journal.subject("contact", "Message de contact")
def messages(ids):
    """Name messages by their number: who reads the journal may not read them."""
    found = ContactMessage.select(ContactMessage.id).where(ContactMessage.id.in_(_numbers(ids)))
    return {str(each.id): (f"n° {each.id}", "") for each in found}


@journal.subject("document", "Document")
def documents(ids):
    found = Document.select().where(Document.id.in_(_numbers(ids)))
    is_on = "document" in current_app.blueprints
    return {str(each.id): (each.title, url_for("document.show", slug=each.slug) if is_on else "") for each in found}


ONLY_ONE = {"association": "Association", "territory": "Territoire", "mail_sender": "Envoi des e-mails"}
BY_ID = {
    "list": "Liste",
    "college": "Collège",
    "mail": "E-mail",
    "news": "Actualité",
    "page": "Page",
    "purge": "Purge",
}
for kind, label in ONLY_ONE.items():
    journal.subject(kind, label)(lambda ids: dict.fromkeys(ids, ("", "")))
for kind, label in BY_ID.items():
    journal.subject(kind, label)(lambda ids: {})


@registry.purge("journal", "Journal")
def purge(today):
    return models.purge(today)


@registry.personal_data("journal", "Actes dans le journal")
def acts_of(person_id):
    """Return what a person's accounts did, without naming anybody else."""
    mine = Account.select(Account.id).where(Account.person == person_id)
    acts = models.JournalEntry.select().where(models.JournalEntry.actor.in_(mine)).order_by(models.JournalEntry.id)
    return {"actes": [{"date": each.at, "acte": each.sentence} for each in acts]}
