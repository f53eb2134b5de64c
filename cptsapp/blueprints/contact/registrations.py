"""What contact messages tell the floors below."""

from flask import url_for

from cptsapp.kernel import registry
from cptsapp.kernel.registry import NavItem, Waiting, navigation
from cptsapp.kernel.text import plural

from . import rules
from .models import ContactMessage

navigation.append(NavItem("site", "Contact", "contact.write", order=80))
navigation.append(
    NavItem(
        "gestion",
        "Messages reçus",
        "contact_gestion.index",
        "inbox",
        ("coordination",),
        "Communication",
        order=25,
        count=ContactMessage.open_count,
    )
)


@registry.waiting("contact.open", access=("coordination",))
def open_messages():
    count = ContactMessage.open_count()
    words = plural(count, "message de contact à traiter", "messages de contact à traiter")
    return [Waiting(words, url_for("contact_gestion.index"), count)]


@registry.dashboard_card(
    "contact.open", "Messages à traiter", access=("coordination",), template="contact/_card.html", order=20
)
def card():
    return rules.open_messages()


@registry.indicator("contact.received", "Messages reçus", unit="messages")
def received(start, end):
    return ContactMessage.received(start, end)


@registry.indicator("contact.handled", "Messages traités", unit="messages")
def handled(start, end):
    return ContactMessage.handled(start, end)


@registry.sitemap
def addresses():
    yield "/contact", None


@registry.personal_data("contact", "Messages envoyés depuis la page Contact")
def messages_of(person_id):
    return {
        "messages": [
            {"date": each.at, "nom": each.name, "adresse": each.email, "objet": each.subject, "message": each.body}
            for each in ContactMessage.of_person(person_id)
        ]
    }


@registry.personal_eraser()
def erase_messages(person_id):
    rules.erase([each.id for each in ContactMessage.of_person(person_id)])


@registry.purge("contact", "Messages de contact")
def purge(today):
    return rules.purge(today)
