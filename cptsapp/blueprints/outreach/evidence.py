"""What campaigns prove and tell of the actions that they serve."""

from datetime import date

from cptsapp.blueprints.document.models import Document
from cptsapp.blueprints.project.models import Fiche
from cptsapp.kernel.telling import Done, Evidence, chronicle, evidence_source
from cptsapp.kernel.text import plural, slugify

from .models import Carrier, Channel, Material, Outreach, Service


@evidence_source("outreach", "Campagnes d’information")
def of_actions(codes, start: date, end: date):
    """Give the materials of the campaigns begun in a period, for each action that they serve, the first begun first."""
    served = Service.select(Service, Outreach, Fiche).join(Outreach).switch(Service).join(Fiche)
    served = served.where(
        Fiche.code.in_(list(codes)), Fiche.deleted_at.is_null(), Outreach.starts_on >= start, Outreach.starts_on <= end
    )
    services = list(served.order_by(Outreach.starts_on, Outreach.id, Fiche.code))
    if not services:
        return
    materials: dict[int, list[Material]] = {}
    for each in Material.joined().where(Material.outreach.in_({each.outreach_id for each in services})):
        materials.setdefault(each.outreach_id, []).append(each)
    files = _files_of_documents(materials)
    seen = set()
    for service in services:
        act = (service.outreach_id, service.fiche.code)
        if act not in seen:  # two fiches may share a code
            seen.add(act)
            for each in materials.get(service.outreach_id, ()):
                yield _shown(service.fiche.code, service.outreach, each, files)


def _files_of_documents(materials: dict[int, list[Material]]) -> dict[int, object]:
    """Return the file of the current version of the documents that are materials, by their id."""
    ids = {each.document_id for rows in materials.values() for each in rows if each.document_id}
    found = Document.all_with_current().where(Document.id.in_(ids)) if ids else ()
    return {each.id: each.current.file for each in found if each.current.file_id}


def _shown(code: str, outreach: Outreach, material: Material, files: dict) -> Evidence:
    stored = material.file if material.file_id else files.get(material.document_id)
    suffix = "." + stored.name.rsplit(".", 1)[-1] if stored else ""
    return Evidence(
        code=code,
        kind="support",
        title=f"{material.title} : {outreach.title}",
        on=outreach.starts_on,
        url=material.address,
        file_name=f"{slugify(material.title)}{suffix}" if stored else "",
        make=stored.path.read_bytes if stored else None,
    )


@chronicle("outreach", "Campagnes d’information")
def done(start: date, end: date):
    """Give the campaigns begun in a period, with their channels and how many people each reached."""
    rows = list(Outreach.held(start, end).order_by(Outreach.starts_on, Outreach.id))
    channels, codes = {each.id: [] for each in rows}, {each.id: [] for each in rows}
    for each in Carrier.select().where(Carrier.outreach.in_(list(channels))).order_by(Carrier.id):
        channels[each.outreach_id].append(each)
    served = Service.select(Service.outreach, Fiche.code).join(Fiche).where(Service.outreach.in_(list(codes)))
    for id, code in served.where(Fiche.code != "", Fiche.deleted_at.is_null()).order_by(Fiche.id).tuples():
        codes[id].append(code)
    for each in rows:
        names = [_channel(each, carrier) for carrier in channels[each.id]]
        words = [each.audience_label.lower(), plural(len(names), "canal", "canaux") + " : " + ", ".join(names)]
        if each.reached is not None:
            people = plural(each.reached, "personne touchée", "personnes touchées")
            words.append(f"{people}, source : {each.reached_source}")
        yield Done(each.title, each.starts_on, " ; ".join(words), tuple(codes[each.id]))


def _channel(outreach: Outreach, carrier: Carrier) -> str:
    """« affiches », « réseaux sociaux », or what was typed of another one."""
    if carrier.channel == Channel.OTHER:
        return outreach.other_channel
    label = Channel(carrier.channel).short
    return label[0].lower() + label[1:]
