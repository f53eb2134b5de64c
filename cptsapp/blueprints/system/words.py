"""The French names of the jobs that come back."""

JOBS = {
    "kernel.jobs.purge_all": "Effacer ce qui est arrivé en fin de conservation",
    "kernel.mail.sender.send_due_mails": "Envoyer les e-mails en attente",
    "kernel.mail.bouncebox.read_returns": "Relever la boîte des retours",
    "kernel.backup.nightly.save_nightly": "Sauvegarder",
    "blueprints.territory.rules.refresh_communes": "Mettre à jour les communes",
    "blueprints.account.proofs.answer_link_requests": "Répondre aux demandes de lien",
    "kernel.importing.runs.carry_on_all": "Poursuivre les imports",
    "blueprints.uptake.census.carry_on_all": "Poursuivre le comptage par le RPPS",
    "blueprints.adherent.jobs.remind_deciders": "Rappeler les demandes d’adhésion à décider",
    "blueprints.adherent.jobs.remind_members": "Rappeler les renouvellements",
    "blueprints.page.jobs.index_due": "Publier les pages programmées",
    "blueprints.news.jobs.index_due": "Publier les actualités programmées",
    "blueprints.site.jobs.rebuild_search": "Relire l’index de la recherche",
    "blueprints.event.jobs.send_reminders": "Rappeler les événements",
    "blueprints.mailing.jobs.start_due_mailings": "Faire partir les envois programmés",
    "blueprints.directory.jobs.expire_entries": "Retirer les volontaires sans nouvelles",
    "blueprints.directory.jobs.remind_volunteers": "Demander aux volontaires s’ils le restent",
    "blueprints.introduction.jobs.remind": "Rappeler les mises en relation sans réponse",
    "blueprints.introduction.jobs.close_dead": "Clore les mises en relation restées sans suite",
    "blueprints.loan.jobs.remind_late": "Rappeler les prêts en retard",
    "blueprints.priority.jobs.count_due": "Clore les votes arrivés à leur terme",
    "blueprints.indicator.jobs.note_figures": "Relever les indicateurs",
}


def job_name(name: str) -> str:
    return JOBS.get(name, name)
