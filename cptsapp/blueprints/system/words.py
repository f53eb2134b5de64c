"""The French names of the jobs; one that has none is called by its own."""

JOBS = {
    "kernel.jobs.purge_all": "Effacer ce qui est arrivé en fin de conservation",
    "kernel.mail.sender.send_due_mails": "Envoyer les e-mails en attente",
    "kernel.backup.nightly.save_nightly": "Sauvegarder",
    "blueprints.territory.rules.refresh_communes": "Mettre à jour les communes",
    "blueprints.account.proofs.answer_link_requests": "Répondre aux demandes de lien",
    "kernel.importing.runs.carry_on_all": "Poursuivre les imports",
    "blueprints.adherent.jobs.remind_deciders": "Rappeler les demandes d’adhésion à décider",
    "blueprints.adherent.jobs.remind_members": "Rappeler les renouvellements",
    "blueprints.page.jobs.index_due": "Publier les pages programmées",
    "blueprints.news.jobs.index_due": "Publier les actualités programmées",
    "blueprints.site.jobs.rebuild_search": "Relire l’index de la recherche",
    "blueprints.event.jobs.send_reminders": "Rappeler les événements",
    "blueprints.mailing.jobs.start_due": "Faire partir les envois programmés",
}


def job_name(name: str) -> str:
    return JOBS.get(name) or name.rsplit(".", 1)[-1].replace("_", " ").capitalize()
