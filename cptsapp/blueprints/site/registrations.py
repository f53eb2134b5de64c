"""What the site tells the floors below."""

from cptsapp.kernel.db import db, is_sqlite
from cptsapp.kernel.registry import NavItem, check, navigation, sitemap
from cptsapp.kernel.search import SearchDocument
from cptsapp.kernel.text import plural

navigation.append(NavItem("site", "Rechercher", "site.search", "search", order=90))
navigation.append(NavItem("gestion", "Voir le site comme…", "site.view_as", "eye", ("bureau",), "Réglages", order=70))


@sitemap
def home():
    yield "/", None


@check("Base de données", order=10)
def database_is_sound():
    if not is_sqlite():
        return True, "PostgreSQL répond."
    said = db.execute_sql("PRAGMA quick_check(1)").fetchone()[0]
    return said == "ok", "Le fichier est sain." if said == "ok" else f"Le fichier est abîmé : {said}"


@check("Recherche", order=50)
def search_is_filled():
    return True, f"{plural(SearchDocument.select().count(), 'document indexé', 'documents indexés')}."
