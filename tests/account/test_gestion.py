import pytest
from playhouse.test_utils import assert_query_count

from cptsapp.blueprints.account.gestion import ACCOUNTS, listed, roles_of
from cptsapp.blueprints.account.models import Account
from cptsapp.blueprints.person import rules as person_rules
from cptsapp.kernel.sessions import cookie_name
from tests.account.conftest import is_in, mails_to
from tests.conftest import logged_in, text_of


def test_the_list_says_who_may_enter_and_with_what(as_admin, coordinator, adherent):
    text = text_of(as_admin.get("/gestion/comptes/").text.split("<tbody>")[1])
    for words in ("EXEMPLE Camille", "coordinatrice@exemple.fr", "Coordination", "FICTIF Sacha", "Ouvert"):
        assert words in text.replace("\u00a0", " ")


def test_the_list_is_searched_and_filtered(as_admin, coordinator, adherent):
    assert "FICTIF" not in as_admin.get("/gestion/comptes/?role=coordination").text
    assert "EXEMPLE Camille" in as_admin.get("/gestion/comptes/?role=coordination").text
    assert "EXEMPLE Camille" not in as_admin.get("/gestion/comptes/?q=sacha").text


def test_a_long_list_costs_two_queries(app, make_account):
    for n in range(30):
        make_account(f"p{n}@exemple.fr", roles=["bureau", "tresorier"])
    with app.test_request_context("/gestion/comptes/"), assert_query_count(2):
        view = ACCOUNTS.read(listed())
        assert {roles_of(row) for row in view.rows} == {"Bureau, Trésorerie"}


def test_the_part_is_a_piece_of_the_page(as_admin, adherent):
    whole = as_admin.get("/gestion/comptes/").text
    part = as_admin.get("/gestion/comptes/", headers={"HX-Request": "true"}).text
    assert part.strip() in whole
    assert "<html" not in part


def test_an_admin_invites_with_roles(as_admin):
    data = {"name": "Nouvelle Fictive", "email": "nouvelle@exemple.fr", "roles": ["bureau", "tresorier"]}
    assert as_admin.post("/gestion/comptes/nouveau", data=data).status_code == 303
    account = Account.with_email("nouvelle@exemple.fr")
    assert account.given_roles == {"bureau", "tresorier"}
    assert mails_to(account.email)[-1].template == "account/activation"


def test_the_coordination_invites_a_person_it_knows_and_its_posted_roles_change_nothing(as_coordinator):
    person = person_rules.create(given_name="Ariane", family_name="Fictive", email="ariane@exemple.fr")
    page = as_coordinator.get(f"/gestion/comptes/nouveau?personne={person.id}").text
    assert 'value="ariane@exemple.fr"' in page
    assert 'name="roles"' not in page
    assert "L’administration donne ensuite les rôles" in page
    data = {"email": "ariane@exemple.fr", "roles": ["admin"], "role": "admin", "person_id": "1"}
    as_coordinator.post(f"/gestion/comptes/nouveau?personne={person.id}", data=data)
    account = Account.with_email("ariane@exemple.fr")
    assert account.person_id == person.id
    assert account.given_roles == frozenset()


@pytest.mark.parametrize(
    ("name", "email", "is_known"),
    [
        ("Ariane Fictive", "ariane@exemple.fr", True),
        ("FICTIVE  ariane", "Ariane@exemple.fr", True),
        ("Ariane Fictive", "autre@exemple.fr", False),
        ("Basile Fictif", "ariane@exemple.fr", False),  # two people share an address
    ],
)
def test_whoever_is_known_by_that_name_and_address_keeps_their_record(as_admin, name, email, is_known):
    person = person_rules.create(given_name="Ariane", family_name="Fictive", email="ariane@exemple.fr")
    as_admin.post("/gestion/comptes/nouveau", data={"name": name, "email": email, "roles": ["bureau"]})
    assert (Account.with_email(email.lower()).person_id == person.id) == is_known


def test_a_record_that_has_an_account_is_given_no_second_one(as_admin, adherent):
    email = "second@exemple.fr"
    person_rules.update(adherent.person_id, given_name="Ariane", family_name="Fictive", email=email)
    as_admin.post("/gestion/comptes/nouveau", data={"name": "Ariane Fictive", "email": email})
    assert Account.with_email(email).person_id != adherent.person_id


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"name": "", "email": ""}, "Indiquez votre adresse"),
        ({"name": "X Y", "email": "sans-arobase"}, "ne semble pas complète"),
        ({"name": "X Y", "email": "administration@exemple.fr"}, "existe déjà"),
        ({"name": "X Y", "email": "x@exemple.fr", "roles": ["root"]}, "de la liste"),
    ],
)
def test_a_refused_invitation_comes_back_with_what_was_typed(as_admin, data, sentence):
    before = Account.select().count()
    answer = as_admin.post("/gestion/comptes/nouveau", data=data)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{data["name"]}"' in answer.text
    assert Account.select().count() == before


def test_an_admin_gives_and_removes_a_role(as_admin, adherent):
    path = f"/gestion/comptes/{adherent.id}"
    as_admin.post(f"{path}/roles", data={"role": "bureau", "until": "2099-12-31"})
    assert "31 décembre 2099" in as_admin.get(path).text.replace("\u00a0", " ")
    as_admin.post(f"{path}/roles/bureau/retirer")
    assert Account.with_id(adherent.id).given_roles == frozenset()


@pytest.mark.parametrize("data", [{"role": "root"}, {"role": "bureau", "until": "hier"}, {}])
def test_a_refused_role_says_why_and_changes_nothing(as_admin, adherent, data):
    assert as_admin.post(f"/gestion/comptes/{adherent.id}/roles", data=data).status_code == 422
    assert Account.with_id(adherent.id).given_roles == frozenset()


def test_an_admin_who_changes_their_own_roles_stays_under_a_new_id(as_admin, admin):
    before = as_admin.get_cookie(cookie_name()).value
    as_admin.post(f"/gestion/comptes/{admin.id}/roles", data={"role": "tresorier"})
    assert is_in(as_admin)
    assert as_admin.get_cookie(cookie_name()).value != before
    as_admin.set_cookie(cookie_name(), before)
    assert not is_in(as_admin)


def test_an_admin_who_ends_all_their_own_sessions_is_out(as_admin, admin):
    as_admin.post(f"/gestion/comptes/{admin.id}/connexions/fermer")
    assert not is_in(as_admin)


def test_the_last_admin_reads_why_the_role_stays(as_admin, admin):
    answer = as_admin.post(f"/gestion/comptes/{admin.id}/roles/admin/retirer")
    assert answer.status_code == 422
    assert "dernier compte d’administration" in answer.text
    assert "admin" in Account.with_id(admin.id).given_roles


def test_an_admin_closes_and_opens_an_account_and_ends_its_sessions(app, as_admin, adherent):
    path, browser = f"/gestion/comptes/{adherent.id}", logged_in(app, adherent)
    as_admin.post(f"{path}/connexions/fermer")
    assert not is_in(browser)
    as_admin.post(f"{path}/desactiver")
    assert "Désactivé" in as_admin.get(path).text
    as_admin.post(f"{path}/reactiver")
    assert is_in(logged_in(app, adherent))


def test_an_admin_recovers_an_account(as_admin, adherent):
    path = f"/gestion/comptes/{adherent.id}/secours"
    assert as_admin.post(path, data={}).status_code == 422
    assert as_admin.post(path, data={"new_email": "administration@exemple.fr"}).status_code == 422
    assert as_admin.post(path, data={"new_email": "retrouvee@exemple.fr"}).status_code == 303
    assert Account.with_id(adherent.id).email == "retrouvee@exemple.fr"


@pytest.mark.parametrize(
    "act", ["roles", "roles/bureau/retirer", "desactiver", "reactiver", "connexions/fermer", "secours"]
)
def test_the_coordination_manages_no_account(as_coordinator, bureau_member, act):
    data = {"role": "admin", "remove_factor": "y"}
    assert as_coordinator.post(f"/gestion/comptes/{bureau_member.id}/{act}", data=data).status_code == 403
    account = Account.with_id(bureau_member.id)
    assert (account.given_roles, account.disabled_at) == ({"bureau"}, None)


def test_the_coordination_does_not_read_the_sessions_of_others(app, as_coordinator, adherent):
    logged_in(app, adherent)
    assert "127.0.0.1" not in as_coordinator.get(f"/gestion/comptes/{adherent.id}").text


@pytest.mark.parametrize("who", ["as_adherent", "as_bureau"])
def test_others_do_not_see_the_accounts(request, who):
    assert request.getfixturevalue(who).get("/gestion/comptes/").status_code == 403


def test_a_missing_account_is_a_404(as_admin):
    assert as_admin.get("/gestion/comptes/999999").status_code == 404
    assert as_admin.post("/gestion/comptes/999999/desactiver").status_code == 404
