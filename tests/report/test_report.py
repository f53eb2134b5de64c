"""Reports: drafted from what the site knows, edited by people, drafted again without losing a word, frozen."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from peewee import IntegrityError
from playhouse.test_utils import count_queries

from cptsapp.blueprints.contract import figures as contract_figures
from cptsapp.blueprints.event.models import Event, Status
from cptsapp.blueprints.evidence import rules as evidence_rules
from cptsapp.blueprints.indicator.models import MeasureTerm, MeasureValue
from cptsapp.blueprints.indicator.reading import readings
from cptsapp.blueprints.outreach import rules as outreach_rules
from cptsapp.blueprints.project import rules as project_rules
from cptsapp.blueprints.project.models import FicheState
from cptsapp.blueprints.report import comparing, drafting, figures, rules
from cptsapp.blueprints.report.figures import Figure
from cptsapp.blueprints.report.models import Generation, Report, ReportKind, Section, SectionVersion
from cptsapp.kernel import markdown, registry
from cptsapp.kernel.dates import today
from cptsapp.kernel.db import now
from cptsapp.kernel.errors import RuleError
from cptsapp.kernel.text import euros
from tests.conftest import text_of
from tests.evidence.test_evidence import held
from tests.postgresql import counts_what_is_kept

DESK = "/gestion/projet/rapports"


def value_of(measure, number, on=None):
    return MeasureValue.create(measure=measure, on=on or today(), number_thousandths=number * 1000, source="Bilan")


def section(report, key):
    return Section.get(Section.report == report, Section.key == key)


def figures_of(report) -> dict[str, Figure]:
    last = Generation.select().where(Generation.report == report).order_by(Generation.number.desc()).first()
    return {each.key: each for each in last.figures}


def moved(report):
    last, before = report.generations.order_by(Generation.number.desc()).limit(2)
    return comparing.moved(before.figures, last.figures, ends_on=report.ends_on, before=before.at, after=last.at)


# What a draft says


def test_a_report_is_drafted_from_the_fiches_their_evaluations_and_what_carries_their_code(contract, fiche):
    held(title="Atelier équilibre")
    report = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    text = section(report, "mission-prevention").text
    for words in (
        "Prévenir les chutes",
        "Bouger \\| mieux",
        "Trois ateliers ont été tenus.",
        "Atelier équilibre",
        "40 %",
    ):
        assert words in text
    assert "Atelier équilibre" in section(report, "evenements").text
    assert figures_of(report)["indicator:event.held"].value == "1"


def test_a_report_tells_the_campaigns_of_the_year_with_their_actions_and_apart_from_events(contract, fiche):
    held(title="Atelier équilibre")
    told = {"title": "Gare aux tapis", "audience": "public", "channels": ["poster", "radio"], "fiche_ids": [fiche.id]}
    for days in (20, 900):
        outreach_rules.save(**told, starts_on=today() - timedelta(days=days), reached=300, reached_source="Bulletin")
    report = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    apart = section(report, "campagnes").text
    for words in (
        "1\xa0campagne menée",
        "300\xa0personnes",
        "Gare aux tapis",
        "affiches, radio ou télévision",
        "Grand public",
    ):
        assert words in apart
    assert section(report, "mission-prevention").text.count("Gare aux tapis") == 1
    assert "Gare aux tapis" not in section(report, "evenements").text
    assert "Atelier équilibre" not in apart


def test_a_dossier_tells_the_contract_the_targets_the_proofs_and_the_funds(contract, fiche, measure):
    value_of(measure, 42)
    evidence_rules.expect(fiche.id, label="Feuilles d’émargement", kind="signatures", contract_id=contract.id, year=2)
    dossier = rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=2)
    assert [each.key for each in Section.of(dossier)] == [
        "contrat", "mission-prevention", "preuves", "fonds", "adhesion", "bilan"
    ]  # fmt: skip
    text = section(dossier, "mission-prevention").text
    assert "| Personnes formées (personnes) | 10 | 60 | 42 |" in text
    assert "Feuilles d’émargement | Manquante" in section(dossier, "preuves").text
    assert f"Parts fixes : {euros(contract_figures.years(contract)[1].fixed)}." in section(dossier, "fonds").text
    assert (figures_of(dossier)[f"measure:{measure.id}"].value, figures_of(dossier)[f"measure:{measure.id}"].gap) == (
        "42", "18"
    )  # fmt: skip


def test_the_figures_are_those_that_the_project_and_the_features_give(contract, report, measure):
    value_of(measure, 30)
    rules.regenerate(report.id)
    known = figures_of(report)
    for each in readings(contract, 2):
        assert Decimal(known[f"measure:{each.measure.id}"].value) == each.value
    for each in registry.indicators:
        if not each.key.startswith("contract."):
            expected = each.count(report.starts_on, min(report.ends_on, today()))
            assert known[f"indicator:{each.key}"].value == (
                "" if expected is None else format(Decimal(str(expected)), "f")
            )


def test_a_figure_that_fails_is_said_and_takes_nothing_with_it(contract, fiche, monkeypatch):
    def broken(start, end):
        raise ZeroDivisionError

    wrong = registry.Indicator("essai.casse", "Un chiffre cassé", "", broken)
    monkeypatch.setattr(figures, "indicators", [wrong, *registry.indicators])
    report = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    assert figures_of(report)["indicator:essai.casse"].words == "Calcul impossible"
    assert len(figures_of(report)) > 20


def test_small_numbers_given_about_people_are_hidden_from_a_report_that_goes_round(contract, fiche, measure):
    value_of(measure, 3)
    report = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    dossier = rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=2)
    shown, told = (figures_of(each)[f"measure:{measure.id}"] for each in (report, dossier))
    assert (shown.words, shown.value, shown.gap) == ("moins de 5", "", "")
    assert (told.words, told.value) == ("3", "3")
    assert "moins de 5" in section(report, "mission-prevention").text
    assert "| 3 |" not in section(report, "mission-prevention").text


def test_a_yes_or_no_is_said_in_words_with_its_target(as_coordinator, contract, fiche, measure):
    MeasureTerm.update(kind="yes_no", direction="binary", target_thousandths=None).execute()
    value_of(measure, 1)
    dossier = rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=2)
    figure = figures_of(dossier)[f"measure:{measure.id}"]
    assert (figure.words, figure.target_words) == ("oui", "oui")
    assert "| oui | oui |" in section(dossier, "mission-prevention").text


def test_a_draft_that_the_bureau_has_not_validated_is_not_told(contract, fiche):
    project_rules.create(title="Idée en l’air", mission="parcours")
    report = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    assert not Section.select().where(Section.report == report, Section.text.contains("Idée en l’air")).exists()


def test_what_the_site_does_not_know_it_says(report):
    assert "À compléter" in section(report, "perspectives").text
    assert section(report, "perspectives").waits_for_words


@hypothesis_settings(max_examples=200)
@given(st.text(max_size=80))
def test_what_people_typed_never_acts_as_markup_in_a_draft(text):
    line = drafting.plain(text)
    assert "\n" not in line
    html = str(markdown.render(f"avant {line} après"))
    assert "<" not in html.replace("<p>", "").replace("</p>", "") or "<a " in html
    assert "<strong>" not in html
    assert "<em>" not in html
    table = str(markdown.render(drafting.table(["Un", "Deux"], [[text, "x"]])))
    assert table.count("<td>") == 2 or not text.strip()


# Periods


def test_any_period_makes_a_report_and_a_dossier_asks_for_a_year(contract, fiche):
    start = today() - timedelta(days=90)
    report = rules.create(ReportKind.ACTIVITY, starts_on=start, ends_on=today())
    assert (report.contract_id, report.starts_on) == (None, start)
    with pytest.raises(RuleError, match="année du contrat"):
        rules.create(ReportKind.DOSSIER, starts_on=start, ends_on=today())
    with pytest.raises(IntegrityError):
        Report.create(kind="dossier", title="x", starts_on=start, ends_on=today())


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (0, None),
        (0, -1),
        (1, 2),
        (-4000, 0),
    ],
)
def test_a_period_that_makes_no_sense_is_refused(app, start, end):
    days = {name: None if value is None else today() + timedelta(days=value)
            for name, value in (("starts_on", start), ("ends_on", end))}  # fmt: skip
    with pytest.raises(RuleError):
        rules.create(ReportKind.ACTIVITY, **days)
    assert not Report.select().exists()


def test_a_year_to_come_has_nothing_to_tell(contract):
    with pytest.raises(RuleError, match="pas commencé"):
        rules.create(ReportKind.DOSSIER, contract_id=contract.id, year=3)


def test_without_a_contract_a_report_is_drafted_all_the_same(app):
    report = rules.create(ReportKind.ACTIVITY, starts_on=today() - timedelta(days=30), ends_on=today())
    assert "dépenses" in section(report, "fonds").text


# Edited


def test_a_section_is_edited_and_every_version_is_kept(as_coordinator, report):
    found = section(report, "perspectives")
    page = f"{DESK}/sections/{found.id}"
    assert as_coordinator.post(page, data={"text": "Nos mots.", "revision_read": "1"}).status_code == 303
    assert section(report, "perspectives").text == "Nos mots."
    kept = [
        each.text for each in SectionVersion.select().where(SectionVersion.section == found).order_by(SectionVersion.id)
    ]
    assert kept == [found.text, "Nos mots."]
    assert "<ins>mots</ins>" in as_coordinator.get(f"{page}/versions?de=1").text
    assert as_coordinator.post(f"{page}/versions/1").status_code == 303
    assert section(report, "perspectives").text == found.text
    assert as_coordinator.post(f"{page}/versions/99").status_code == 422


def test_the_second_of_two_people_sees_both_texts_and_loses_nothing(as_coordinator, report):
    page = f"{DESK}/sections/{section(report, 'perspectives').id}"
    assert as_coordinator.post(page, data={"text": "Celui d’Alix.", "revision_read": "1"}).status_code == 303
    refused = as_coordinator.post(page, data={"text": "Celui de Sacha.", "revision_read": "1"})
    assert refused.status_code == 422
    assert "Celui de Sacha." in refused.text
    assert "Alix" in refused.text
    assert section(report, "perspectives").text == "Celui d’Alix."
    assert as_coordinator.post(page, data={"text": "Celui de Sacha.", "revision_read": "2"}).status_code == 303
    assert section(report, "perspectives").text == "Celui de Sacha."


def test_a_text_too_long_is_refused_and_kept_in_the_page(as_coordinator, report):
    page = f"{DESK}/sections/{section(report, 'perspectives').id}"
    refused = as_coordinator.post(page, data={"text": "mot " * 20_000, "revision_read": "1"})
    assert refused.status_code == 422
    assert "mot mot mot" in refused.text


# Drafted again


def test_the_same_period_drafted_again_gives_the_same_figures_and_the_same_texts(report):
    before = {each.key: (each.text, each.revision) for each in Section.of(report)}
    rules.regenerate(report.id)
    assert moved(report) == []
    assert {each.key: (each.text, each.revision) for each in Section.of(report)} == before


def test_drafting_again_refreshes_the_sections_that_nobody_edited_and_no_other(report):
    rules.save(section(report, "mission-prevention").id, text="Écrit à la main.", revision_read=1)
    held(title="Atelier nouveau")
    rules.regenerate(report.id)
    assert "Atelier nouveau" in section(report, "evenements").text
    edited = section(report, "mission-prevention")
    assert edited.text == "Écrit à la main."
    assert "Atelier nouveau" in edited.draft
    assert edited.has_proposal


def test_a_new_draft_is_taken_or_left_and_what_was_written_stays_among_the_versions(as_coordinator, report):
    found = section(report, "mission-prevention")
    rules.save(found.id, text="Écrit à la main.", revision_read=1)
    held(title="Atelier nouveau")
    rules.regenerate(report.id)
    assert "Atelier nouveau" in as_coordinator.get(f"{DESK}/sections/{found.id}").text
    assert "nouvelle rédaction attend" in text_of(as_coordinator.get("/gestion/").text)
    assert as_coordinator.post(f"{DESK}/sections/{found.id}/laisser").status_code == 303
    assert (section(report, "mission-prevention").text, section(report, "mission-prevention").has_proposal) == (
        "Écrit à la main.", False
    )  # fmt: skip
    rules.regenerate(report.id)
    assert not section(report, "mission-prevention").has_proposal
    held(title="Atelier suivant")
    rules.regenerate(report.id)
    assert as_coordinator.post(f"{DESK}/sections/{found.id}/reprendre").status_code == 303
    taken = section(report, "mission-prevention")
    assert "Atelier suivant" in taken.text
    assert taken.edited_at is None
    assert "Écrit à la main." in {each.text for each in taken.versions}


def test_whoever_edits_while_the_draft_is_refreshed_loses_nothing(as_coordinator, report):
    found = section(report, "evenements")
    held(title="Atelier nouveau")
    rules.regenerate(report.id)
    refused = as_coordinator.post(f"{DESK}/sections/{found.id}", data={"text": "Mes mots.", "revision_read": "1"})
    assert refused.status_code == 422
    assert "Mes mots." in refused.text
    assert "Atelier nouveau" in refused.text


def test_an_edited_section_stays_when_its_mission_has_no_action_any_more(fiche, report):
    rules.save(section(report, "mission-prevention").id, text="Écrit à la main.", revision_read=1)
    project_rules.trash(fiche.id)
    rules.regenerate(report.id)
    assert section(report, "mission-prevention").text == "Écrit à la main."
    other = rules.create(ReportKind.ACTIVITY, contract_id=report.contract_id, year=2)
    assert not Section.select().where(Section.report == other, Section.key == "mission-prevention").exists()


def test_a_figure_that_changed_says_what_it_was_and_why(as_coordinator, report, measure):
    value_of(measure, 30)
    rules.regenerate(report.id)
    value_of(measure, 45)
    MeasureTerm.update(definition="Seulement les infirmiers").execute()
    held()
    rules.regenerate(report.id)
    changes = {each.label: each for each in moved(report)}
    assert (changes["Personnes formées"].before, changes["Personnes formées"].now) == ("30", "45")
    assert "définition" in changes["Personnes formées"].why
    assert "courait encore" in changes["Événements tenus"].why
    page = text_of(as_coordinator.get(f"{DESK}/{report.id}/chiffres").text)
    assert "La définition de l’indicateur a changé" in page
    assert "chiffres ont changé" in text_of(as_coordinator.get(f"{DESK}/{report.id}").text)


def test_the_reasons_of_a_change_are_told_apart():
    day, at = today(), now()
    old = Figure("a", "g", "Un", "1", value="1")

    def why(new, ends=day - timedelta(days=9)):
        return comparing.moved([old], [new], ends_on=ends, before=at, after=at)[0].why

    assert "corrigées ou effacées" in why(Figure("a", "g", "Un", "2", value="2"))
    assert "courait encore" in why(Figure("a", "g", "Un", "2", value="2"), day)
    assert "a été saisie" in why(Figure("a", "g", "Un", "2", value="2", source="CPAM"))
    told = Figure("a", "g", "Un", "2", value="2", source="CPAM")
    (change,) = comparing.moved([told], [replace(told, value="3", source="ARS")], ends_on=day, before=at, after=at)
    assert change.why == "La source a changé : « CPAM », puis « ARS »."
    assert "Arrêté au" in why(Figure("a", "g", "Un", "2", value="2", as_of=day.isoformat()))
    gone, new = comparing.moved([old], [Figure("b", "g", "Deux", "2")], ends_on=day, before=at, after=at)[::-1]
    assert (gone.now, new.before) == (None, None)


# Frozen


def test_a_frozen_report_keeps_its_texts_and_its_figures_whatever_happens(as_coordinator, coordinator, report):
    page = f"{DESK}/{report.id}"
    assert as_coordinator.post(f"{page}/figer").status_code == 303
    before = [(each.key, each.text) for each in Section.of(report)], figures_of(report)
    held()
    found = section(report, "perspectives")
    for path, data in (
        (f"{page}/actualiser", {}),
        (f"{page}/figer", {}),
        (f"{DESK}/sections/{found.id}", {"text": "Changé après coup", "revision_read": "1"}),
        (f"{DESK}/sections/{found.id}/reprendre", {}),
        (f"{DESK}/sections/{found.id}/laisser", {}),
        (f"{DESK}/sections/{found.id}/versions/1", {}),
    ):
        refused = as_coordinator.post(path, data=data)
        assert refused.status_code == 422, path
        assert "figé" in refused.text
    assert ([(each.key, each.text) for each in Section.of(report)], figures_of(report)) == before
    shown = text_of(as_coordinator.get(page).text)
    assert "Figé le" in shown
    assert coordinator.label in shown
    assert "Actualiser" not in shown


def test_what_was_typed_is_not_lost_when_the_report_was_frozen_meanwhile(as_coordinator, report):
    rules.freeze(report.id)
    found = section(report, "perspectives")
    refused = as_coordinator.post(f"{DESK}/sections/{found.id}", data={"text": "Mes mots", "revision_read": "1"})
    assert "Mes mots" in refused.text


def test_another_report_of_a_frozen_period_has_the_same_figures(contract, report):
    rules.freeze(report.id)
    other = rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    assert figures_of(other) == figures_of(report)


# The desk


def test_the_desk_prepares_lists_bins_and_brings_back(as_coordinator, contract, fiche):
    page = as_coordinator.get(f"{DESK}/nouveau?nature=dossier").text
    assert "Année 2" in page
    assert "Année 3" not in page
    refused = as_coordinator.post(f"{DESK}/nouveau", data={"kind": "dossier", "period": "", "title": "Mon dossier"})
    assert refused.status_code == 422
    assert "Mon dossier" in refused.text
    made = as_coordinator.post(f"{DESK}/nouveau", data={"kind": "dossier", "period": f"{contract.id}-2"})
    assert made.status_code == 303
    part = as_coordinator.get(f"{DESK}/?q=dossier", headers={"HX-Request": "true"}).text
    assert "Dossier ACI, année 2" in part
    id = Report.get().id
    assert as_coordinator.post(f"{DESK}/{id}/corbeille").status_code == 303
    assert "année 2" not in as_coordinator.get(f"{DESK}/").text
    assert "Rétablir" in as_coordinator.get(f"{DESK}/{id}").text
    assert as_coordinator.get(f"{DESK}/{id}/lire").status_code == 404
    assert as_coordinator.post(f"{DESK}/{id}/actualiser").status_code == 404
    assert as_coordinator.post(f"{DESK}/{id}/retablir").status_code == 303
    assert as_coordinator.get(f"{DESK}/{id}/lire").status_code == 200


def test_the_bureau_reads_everything_and_writes_nothing(as_bureau, as_adherent, report):
    found = section(report, "perspectives")
    page = f"{DESK}/{report.id}"
    for path in (page, f"{page}/lire", f"{page}/chiffres", f"{DESK}/sections/{found.id}/versions"):
        answer = as_bureau.get(path)
        assert answer.status_code == 200
        assert as_adherent.get(path).status_code == 403
        assert "Modifier" not in answer.text
    for path in (f"{page}/actualiser", f"{page}/figer", f"{page}/corbeille", f"{DESK}/sections/{found.id}"):
        assert as_bureau.post(path).status_code == 403


def test_the_reading_page_nests_the_headings_and_runs_no_script(as_coordinator, report):
    text = "## Un titre\n\n<script>alert(1)</script>"
    rules.save(section(report, "perspectives").id, text=text, revision_read=1)
    page = as_coordinator.get(f"{DESK}/{report.id}/lire").text
    assert "<h3" in page
    assert "Un titre" in page
    assert "<script>alert" not in page


@counts_what_is_kept
def test_pages_ask_as_much_for_a_long_report_as_for_a_short_one(as_coordinator, contract, report):
    paths = [f"{DESK}/", *(f"{DESK}/{report.id}{end}" for end in ("", "/lire", "/chiffres"))]

    def asked():
        found = []
        for path in paths:
            as_coordinator.get(path)
            with count_queries() as counted:
                as_coordinator.get(path)
            found.append(counted.count)
        return found

    rules.regenerate(report.id)
    before = asked()
    for rank in range(12):
        project_rules.move(
            project_rules.create(title=f"Action {rank}", mission="acces").id, "validated", is_bureau=True
        )
        rules.create(ReportKind.ACTIVITY, contract_id=contract.id, year=2)
    rules.regenerate(report.id)
    assert asked() == before
    assert max(before) <= 20


def test_drafting_asks_as_much_for_many_actions_and_events_as_for_few(contract, fiche):
    def asked():
        with count_queries() as counted:
            rules.draft(Report(kind="dossier", contract=contract, year=2, starts_on=contract.bounds(2)[0],
                               ends_on=contract.bounds(2)[1]))  # fmt: skip
        return counted.count

    held()
    before = asked()
    for rank in range(10):
        other = project_rules.create(title=f"Action {rank}", code=f"B{rank}", mission="acces")
        project_rules.move(other.id, FicheState.VALIDATED, is_bureau=True)
        held(code=f"B{rank}", days=-11 - rank)
    assert Event.select().where(Event.status == Status.HELD).count() == 11
    assert asked() <= before + 1  # the list of presents is read once there are any


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400), revision=st.text(max_size=12), de=st.text(max_size=12))
def test_whatever_is_typed_is_kept_or_refused(as_coordinator, report, text, revision, de):
    found = section(report, "perspectives")
    data = {"text": text, "revision_read": revision}
    assert as_coordinator.post(f"{DESK}/sections/{found.id}", data=data).status_code in (303, 422)
    assert as_coordinator.get(f"{DESK}/{report.id}/lire").status_code == 200
    assert as_coordinator.get(f"{DESK}/sections/{found.id}/versions", query_string={"de": de}).status_code == 200
    assert as_coordinator.get(f"{DESK}/{report.id}/fichier/odt").status_code == 200


def test_the_page_tells_what_was_found_and_the_file_has_all(as_coordinator, report):
    known = figures_of(report).values()
    shown = {each.key for each in figures.telling(known)}
    assert "indicator:mail.sent" not in shown
    assert {each.key for each in known if each.key.startswith("contract:")} <= shown
    assert not [each for each in known if each.value == "0" and each.key in shown and "indicator:" in each.key]
    page = text_of(as_coordinator.get(f"{DESK}/{report.id}/lire").text)
    assert "Comptes ouverts" not in page
    assert "Comptes ouverts" in as_coordinator.get(f"{DESK}/{report.id}/fichier/csv").text


def test_a_value_of_a_report_is_decimal_text_that_reads_back():
    figure = Figure("k", "g", "Un", "66,26\u00a0%", value="66.26", unit="%")
    assert Figure(**figure.as_json()) == figure
