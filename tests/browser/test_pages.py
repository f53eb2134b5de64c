"""Every page, as each kind of person sees it: readable by all, on any width, light, from this host alone."""

import re

import pytest
from playwright.sync_api import expect
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from tests.browser.conftest import ADHERENT, AXE, BUREAU, COORDINATOR, WIDTHS, Watch, overflow, violations

NARROWEST = 320
VISITOR = ""


def paths(text):
    return text.split()


PUBLIC = paths(
    """
/ /la-cpts /habitants /le-territoire /actualites/ /actualites/prevenir-les-chutes /actualites/themes/prevention
/actualites/?q=zzzzzz /recherche /recherche?q=soins /recherche?q=zzzzzz /contact /contact/merci /documents/
/documents/statuts /documents/statuts/versions/1 /mentions-legales /confidentialite /accessibilite
/connexion /connexion/lien /connexion/lien/envoye /connexion/lien/perdu /deconnexion
/mot-de-passe-oublie /mot-de-passe-oublie/envoye /mot-de-passe-oublie/perdu /activation/perdue /_courriels/
/page-qui-n-existe-pas /adhesion/ /adhesion/envoyee /adhesion/confirmee
/adhesion/renouvelee /adhesion/non-renouvelee /annuaire /verifier/ /verifier/INCONNU
/evenements/ /evenements/?q=zzzzzz /evenements/passes /evenements/mois/2026-11 /evenements/depistage-colorectal
/evenements/depistage-colorectal/inscription /evenements/gestes-d-urgence /evenements/plaies-et-cicatrisation
/evenements/depistage-colorectal/inscription/envoyee /evenements/depistage-colorectal/mon-lien
/evenements/depistage-colorectal/note /evenements/depistage-colorectal/place-transmise
/evenements/plaies-et-cicatrisation/prevenez-moi /evenements/inscription/inconnu /simulateur-aci /projet/
/projet/medecin-traitant-pour-tous /simulateur-aci?habitants=210000&crise=1&mission=crise /lettre/ /lettre/presque
/observatoire/ /observatoire/trouver-un-medecin-traitant /observatoire/contribuer /observatoire/merci
"""
)
ARCHIVES = paths(
    """
/lettre/archives/ /lettre/archives/?q=zzzzzz /lettre/archives/un-an-ensemble-merci
"""
)
LETTERS_DESK = paths(
    """
/gestion/newsletters/ /gestion/newsletters/?q=zzzzzz /gestion/newsletters/nouvelle /gestion/newsletters/calendrier
/gestion/newsletters/chiffres /gestion/newsletters/1 /gestion/newsletters/9 /gestion/newsletters/9/modifier
/gestion/newsletters/9/choisir /gestion/newsletters/9/versions /gestion/newsletters/9/versions/9
/gestion/newsletters/9/relais /gestion/envois/ /gestion/envois/?q=zzzzzz /gestion/envois/2 /gestion/envois/2/texte
/gestion/envois/1/destinataires /gestion/envois/1/envoyer /gestion/envois/2/progression /gestion/envois/2/suite
/gestion/envois/groupes /gestion/envois/retours /gestion/envois/retours/1
"""
)
SPACE = paths(
    """
/espace/ /espace/compte /espace/compte/adresse /espace/compte/mot-de-passe /espace/compte/second-facteur
/espace/profil /espace/profil/modifier /espace/profil/photo /espace/profil/quitter /espace/profil/effacement
/espace/annuaire /espace/annuaire?q=zzzzzz /espace/annuaire/imprimer /espace/annuaire/4
/espace/projet/ /espace/projet/medecin-traitant-pour-tous /espace/projet/remarques/2/modifier
/espace/projet/priorites/1 /espace/projet/priorites/2
/espace/idees/ /espace/idees/?q=zzzzzz /espace/idees/nouvelle /espace/idees/1 /espace/idees/2 /espace/idees/1/modifier
/espace/documents /espace/materiel /espace/evenements/ /espace/mes-donnees /espace/compteurs /espace/envois/
/evenements/depistage-colorectal /documents/fiche-de-sortie-d-hopital /gestion/
"""
)
DESK = paths(
    """
/gestion/ /gestion/actualites/ /gestion/actualites/nouveau /gestion/actualites/prevenir-les-chutes
/gestion/actualites/prevenir-les-chutes/versions /gestion/actualites/corbeille /gestion/actualites/?q=zzzzzz
/gestion/pages/ /gestion/pages/nouveau /gestion/pages/la-cpts /gestion/pages/la-cpts/versions /gestion/pages/corbeille
/gestion/messages/ /gestion/messages/1 /gestion/documents/ /gestion/documents/1 /gestion/documents/nouveau
/gestion/documents/1/version /gestion/personnes/ /gestion/personnes/3 /gestion/personnes/3/modifier
/gestion/personnes/nouvelle /gestion/registre /gestion/registre/personnes/3/effacer /gestion/territoire/effectifs
/gestion/voir-comme /gestion/parametres/ /gestion/parametres/identite /gestion/parametres/territoire
/gestion/parametres/apparence /gestion/parametres/e-mails /gestion/parametres/colleges /gestion/parametres/colleges/1
/gestion/parametres/adhesion /gestion/parametres/mentions-legales /gestion/parametres/accessibilite
/gestion/parametres/mise-en-ligne /gestion/contrat/ /gestion/contrat/1 /gestion/contrat/nouveau
/gestion/contrat/1/modifier /gestion/contrat/1/missions /gestion/contrat/1/annees/1
/gestion/contrat/1/annees/4/budget
/gestion/projet/fiches/ /gestion/projet/fiches/1 /gestion/projet/fiches/1/modifier /gestion/projet/fiches/nouvelle
/gestion/projet/fiches/1/versions?de=1 /gestion/projet/fiches/importer /gestion/projet/fiches/corbeille
/gestion/projet /gestion/projet/indicateurs/ /gestion/projet/indicateurs/1 /gestion/projet/indicateurs/nouveau
/gestion/projet/indicateurs/1/rattachement /gestion/projet/indicateurs/1/definition/1/4
/gestion/projet/indicateurs/archives /gestion/projet/indicateurs/1/lignes/1/4
/gestion/projet/indicateurs/13/valeurs/nouvelle
/gestion/projet/indicateurs/13/importer /gestion/projet/indicateurs/?q=zzzzzz /gestion/projet/indicateurs/13
/gestion/projet/indicateurs/13/valeurs/1/corriger /gestion/projet/indicateurs/1/definition
/gestion/projet/fiches/?q=zzzzzz /gestion/projet/consultations/ /gestion/projet/consultations/?q=zzzzzz
/gestion/projet/rapports/ /gestion/projet/rapports/?q=zzzzzz /gestion/projet/rapports/nouveau
/gestion/projet/rapports/1 /gestion/projet/rapports/2 /gestion/projet/rapports/2/lire
/gestion/projet/rapports/2/chiffres /gestion/projet/rapports/sections/9
/gestion/projet/rapports/sections/9/versions?de=1
/gestion/projet/preuves/ /gestion/projet/preuves/?q=zzzzzz /gestion/projet/preuves/1 /gestion/projet/preuves/3
/gestion/projet/preuves/1/modifier /gestion/projet/preuves/fiches/8 /gestion/projet/preuves/fiches/3
/gestion/projet/consultations/1 /gestion/projet/consultations/1/modifier /gestion/projet/consultations/nouvelle
/gestion/projet/priorites/ /gestion/projet/priorites/?q=zzzzzz /gestion/projet/priorites/nouveau
/gestion/projet/priorites/1 /gestion/projet/priorites/2 /gestion/projet/priorites/2/modifier
/gestion/idees/ /gestion/idees/?q=zzzzzz /gestion/idees/1 /gestion/idees/3 /gestion/idees/4
/gestion/campagnes/ /gestion/campagnes/?q=zzzzzz /gestion/campagnes/1 /gestion/campagnes/4
/gestion/campagnes/1/modifier /gestion/campagnes/nouvelle
/gestion/observatoire/ /gestion/observatoire/?q=zzzzzz /gestion/observatoire/1 /gestion/observatoire/3
/gestion/observatoire/1/modifier /gestion/observatoire/nouveau
/gestion/observatoire/contributions/ /gestion/observatoire/contributions/?q=zzzzzz /gestion/observatoire/contributions/1
"""
)
MEMBERS = paths(
    """
/gestion/adherents/ /gestion/adherents/?q=zzzzzz /gestion/adherents/nouveau /gestion/adherents/demandes
/gestion/adherents/demandes/1 /gestion/adherents/demandes/2 /gestion/adherents/colleges /gestion/adherents/anciens
/gestion/adherents/import /gestion/adherents/affiche /gestion/adherents/registre /gestion/adherents/renouvellement
/gestion/adherents/renouvellement/1 /gestion/adherents/annees /gestion/adherents/annees/1
/gestion/adherents/4/exercice /gestion/adherents/15/representants /gestion/adherents/couverture
/gestion/adherents/couverture/communes /gestion/adherents/couverture/rpps /gestion/personnes/15
/gestion/annuaire /gestion/fiches /gestion/prospects/
/gestion/prospects/nouveau /gestion/prospects/1 /gestion/prospects/1/modifier
"""
)
EVENTS = paths(
    """
/gestion/evenements/ /gestion/evenements/?q=zzzzzz /gestion/evenements/nouveau /gestion/evenements/1
/gestion/evenements/1/modifier /gestion/evenements/1/inscrits /gestion/evenements/1/inscrits/ajouter
/gestion/evenements/2/attente /gestion/evenements/1/presence /gestion/evenements/2/presence/feuille
/gestion/evenements/2/presence/compter /gestion/evenements/1/documents /gestion/evenements/1/invites
/gestion/evenements/1/invites/chercher?q=al /gestion/evenements/1/questions /gestion/evenements/1/courriels
/gestion/evenements/1/courriels/confirmed /gestion/evenements/1/bilan /gestion/evenements/1/annuler
/gestion/evenements/1/compter /gestion/evenements/1/dupliquer /gestion/evenements/1/repeter
/gestion/evenements/bilan /gestion/evenements/documents/1 /gestion/evenements/entree/
/gestion/evenements/entree/INCONNU /gestion/evenements/inscriptions/1
"""
)
ROOMS = paths(
    """
/gestion/compteurs /gestion/compteurs/corriger /gestion/compteurs/liste /gestion/compteurs/liste/nouveau
/gestion/compteurs/liste/1
/gestion/teleconsultation /gestion/teleconsultation/binomes/nouveau /gestion/teleconsultation/binomes/1
/gestion/teleconsultation/materiel /gestion/teleconsultation/materiel/nouveau /gestion/teleconsultation/materiel/1
/gestion/teleconsultation/materiel/3 /gestion/teleconsultation/materiel/1/modifier /gestion/teleconsultation/prets
/gestion/mises-en-relation /gestion/mises-en-relation/proposer /gestion/mises-en-relation/proposer?demande=1
/gestion/mises-en-relation/1 /gestion/mises-en-relation/2 /gestion/mises-en-relation/organismes
/gestion/stages /gestion/stages/nouveau /gestion/stages/1
"""
)
LETTERS = paths(
    """
/gestion/abonnes/ /gestion/abonnes/?q=zzzzzz /gestion/abonnes/themes /gestion/abonnes/themes/1
/gestion/abonnes/partenaires/ /gestion/abonnes/partenaires/nouveau /gestion/abonnes/partenaires/1
/gestion/abonnes/partenaires/import
"""
)
ADMIN = paths(
    """
/gestion/comptes/ /gestion/comptes/1 /gestion/comptes/nouveau /gestion/courriels/ /gestion/courriels/1
/gestion/courriels/essai /gestion/courriels/conseils /gestion/journal/ /gestion/journal/?q=zzzzzz
/gestion/systeme /gestion/systeme/sauvegardes /gestion/systeme/taches /gestion/systeme/erreurs
"""
)
LISTS = paths(
    """
/repertoires/ /repertoires/sages-femmes/ /repertoires/sages-femmes/?q=zzzzzz /repertoires/etp-programmes/
/repertoires/sages-femmes/5 /repertoires/sages-femmes/5/ecrire /repertoires/sages-femmes/5/ecrire/merci
/repertoires/liste/prevention
"""
)
LISTS_DESK = paths(
    """
/gestion/repertoires/ /gestion/repertoires/nouveau /gestion/repertoires/msu/ /gestion/repertoires/msu/?q=zzzzzz
/gestion/repertoires/msu/10 /gestion/repertoires/msu/10/modifier /gestion/repertoires/msu/ajouter
/gestion/repertoires/msu/ajouter?q=ariane /gestion/repertoires/ressources/ajouter /gestion/repertoires/msu/relances
/gestion/repertoires/msu/couverture /gestion/repertoires/msu/doublons /gestion/repertoires/msu/doublons/avis
/gestion/repertoires/msu/instantanes /gestion/repertoires/msu/import /gestion/repertoires/msu/definition
/gestion/repertoires/ivg/ /gestion/repertoires/partenaires/ /gestion/repertoires/partenaires/nouveau
/gestion/repertoires/partenaires/1 /gestion/accueils/ /gestion/accueils/2
"""
)
OWN_LISTS = paths(
    """
/espace/repertoires /espace/repertoires/ipa /espace/repertoires/ipa?q=zzzzzz /espace/repertoires/ipa/1
/espace/repertoires/ipa/1/ecrire /espace/repertoires/etp/rejoindre /espace/repertoires/liste/naissance
/espace/repertoires/etp/pour-un-collegue?q=ariane /espace/repertoires/etp/pour-un-collegue/8
/espace/materiel/1/rendu /espace/repertoires/temoins /espace/repertoires/fiche/40 /espace/repertoires/fiche/40/modifier
"""
)
SEEN = (
    [(VISITOR, path) for path in (*PUBLIC, *ARCHIVES, *LISTS)]
    + [(ADHERENT, path) for path in (*SPACE, *OWN_LISTS)]
    + [(BUREAU, path) for path in ("/gestion/", "/espace/", "/espace/repertoires/fiche/41")]
    + [(COORDINATOR, path) for path in ("/", *DESK, *MEMBERS, *EVENTS, *ROOMS, *LISTS_DESK)]
    + [(COORDINATOR, path) for path in (*LETTERS, *LETTERS_DESK, *ADMIN)]
)
# Answers that are no page of their own: files, feeds, cards of a first page, links that a mail carries.
# Files, parts, and what only a person's own act makes: an import that is read, an erasure that was asked for.
NO_PAGE = re.compile(
    r"\.(txt|xml|svg|ico|png|css|atom|ics|webmanifest|pdf|vcf)|/photo$|^/adhesion/communes|/import/<|/import/modele$|/effacements/|^/(static|images|fichiers|healthz|metrics|apercu)|/cartes/|/fichier\b"
    r"|<token>|<version>|\.<any|^/(icone|identite)-|/_courriels/<name>|second-facteur$|cles-d-acces$|/confirmation$"
    r"|/courriels/<name>/html$|/newsletters/<int:id>/(apercu|relais\.html)$"
)


@pytest.fixture(scope="module")
def window_of(site, chrome, cookies_of):
    """Return a function that gives somebody's window and its watch; one window serves all the pages that one sees."""
    windows = {}

    def window(who):
        if who not in windows:
            context = chrome.new_context(base_url=site.address, locale="fr-FR", reduced_motion="reduce")
            if who:
                context.add_cookies(cookies_of(who))
            context.add_init_script(path=AXE)
            watch = Watch(site)
            windows[who] = watch.over(context.new_page()), watch
        return windows[who]

    yield window
    for page, _ in windows.values():
        page.context.close()


@pytest.mark.parametrize(("who", "path"), SEEN)
def test_a_page_is_readable_by_everybody_on_every_screen(window_of, who, path):
    page, watch = window_of(who)
    watch.errors.clear(), watch.outside.clear()
    page.emulate_media(color_scheme="light")
    page.goto(path)
    settle(page)
    found = []
    for width in (NARROWEST, *WIDTHS):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(NEXT_FRAME)
        found += [f"{width} px: too wide by {overflow(page)} px"] if overflow(page) > 0 else []
        found += [f"{width} px: {each}" for each in violations(page)] if width in WIDTHS else []
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {each}" for each in violations(page, ["color-contrast"])]
    assert found + watch.errors + watch.outside == []


# What follows the size of the window is done with the next picture.
NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


def settle(page):
    """Wait until the cards of a first page have come."""
    expect(page.locator(".placeholder, .htmx-request")).to_have_count(0)


def test_no_page_is_left_out(app):
    known, adapter = set(), app.url_map.bind("localhost")
    for _, path in SEEN:
        try:
            known.add(adapter.match(path.partition("?")[0])[0])
        except (RequestRedirect, HTTPException):
            continue
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not NO_PAGE.search(rule.rule)]
    assert [rule.rule for rule in rules if rule.endpoint not in known] == []


SEND_EMPTY = "form => { form.noValidate = true; form.querySelectorAll('[required]').forEach(each => each.value = '') }"
REFUSED = [
    (VISITOR, "/contact", "Envoyer le message"),
    (VISITOR, "/connexion", "Se connecter"),
    (VISITOR, "/connexion/lien", "Recevoir"),
    (VISITOR, "/mot-de-passe-oublie", "Recevoir"),
    (ADHERENT, "/espace/compte/second-facteur", "Activer"),
    (COORDINATOR, "/gestion/actualites/nouveau", "Publier"),
    (COORDINATOR, "/gestion/pages/nouveau", "Publier"),
    (COORDINATOR, "/gestion/documents/nouveau", "Enregistrer le document"),
    (COORDINATOR, "/gestion/personnes/nouvelle", "Enregistrer"),
    (COORDINATOR, "/gestion/comptes/nouveau", "Envoyer l’invitation"),
    (VISITOR, "/evenements/depistage-colorectal/inscription", "M’inscrire"),
    (COORDINATOR, "/gestion/evenements/nouveau", "Enregistrer le brouillon"),
]


@pytest.mark.parametrize(("who", "path", "button"), REFUSED)
def test_a_refused_form_says_what_is_wrong_where_it_is(open_page, cookies_of, who, path, button):
    page = open_page(width=390, reduced_motion="reduce")
    if who:
        page.context.add_cookies(cookies_of(who))
    page.goto(path)
    form = page.locator("main form").filter(has=page.get_by_role("button", name=re.compile(button))).first
    form.evaluate(SEND_EMPTY)
    form.get_by_role("button", name=re.compile(button)).first.click()
    page.locator(".field-error, .notice.bad").first.wait_for()
    assert page.locator("[aria-invalid=true]").count() >= 1
    assert page.evaluate("document.activeElement.id") == "erreurs"
    assert violations(page) == []
    assert overflow(page) <= 0


@pytest.mark.parametrize("path", ["/", "/actualites/", "/contact"])
def test_a_first_view_is_light(open_page, path):
    page, asked = open_page(), []
    page.on("request", lambda request: asked.append(request))
    page.goto(path, wait_until="load")
    assert len([each for each in asked if each.resource_type != "image"]) <= 8
    received = sum(each.sizes()["responseBodySize"] for each in asked if each.resource_type not in ("image", "font"))
    assert received <= 60_000
