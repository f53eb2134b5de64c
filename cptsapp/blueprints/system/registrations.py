"""What the system tells the floors below: its menu entry, what waits, what is examined."""

from flask import url_for

from cptsapp.kernel import backup, registry
from cptsapp.kernel.dates import ago
from cptsapp.kernel.registry import NavItem, Waiting, navigation

from . import models

navigation.append(NavItem("gestion", "Système", "system_gestion.index", "settings", ("admin",), "Réglages", order=55))
registry.reserved_slugs.add("metrics")


@registry.waiting("system", access=("admin",))
def what_needs_care():
    saved = backup.state()
    if saved.is_old:
        since = f"la dernière a été faite {ago(saved.at)}" if saved.at else "la première a échoué"
        yield Waiting(f"Plus de sauvegarde récente : {since}", url_for("system_gestion.index"), 1)


@registry.check("Disque", order=30)
def there_is_room():
    found = models.disk()
    said = f"{models.readable_size(found.free)} libres sur {models.readable_size(found.total)}."
    return not found.is_short, said if not found.is_short else f"La place manque bientôt : {said}"


def init_app(app):
    app.jinja_env.filters["readable_size"] = models.readable_size
