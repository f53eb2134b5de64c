"""The observatory of the demonstration: two themes on the site, one being written, what inhabitants wrote."""

from datetime import timedelta

from cptsapp.blueprints.indicator.models import Measure, MeasureTerm
from cptsapp.kernel.db import db, now
from cptsapp.kernel.registry import demo_data

from . import rules
from .models import Contribution

CHAPTERS = (
    (
        "Trouver un médecin traitant",
        "acces-aux-soins",
        "Sur le territoire, des habitants n’ont **pas de médecin traitant**. Combien sont-ils, de quel âge, et que "
        "fait-on pour eux ?",
        "Le nombre baisse chez les plus âgés, plus lentement chez les jeunes adultes. Les médecins volontaires "
        "accueillent d’abord les personnes en affection de longue durée.",
        ("Patients de 16 ans et plus sans médecin traitant", "Patients en ALD sans médecin traitant"),
        ("territory:population", "headcount:10-MG"),
    ),
    (
        "Prévenir et dépister",
        "prevention",
        "Se faire dépister à temps change la suite. Où en sommes-nous, et comment vous informe-t-on ?",
        "",
        ("Articles publiés",),
        ("territory:communes",),
    ),
    ("Bien vieillir chez soi", "parcours", "Les aides, les relais et ce qui manque.", "", (), ()),
)
SAID = (
    (
        0,
        "reaction",
        "inhabitant",
        "J’ai trouvé un médecin grâce à la pharmacie. Il faudrait le dire plus largement.",
        "kept",
    ),
    (0, "reaction", "inhabitant", "Dans notre commune, plus aucun cabinet ne prend de nouveaux patients.", "kept"),
    (0, "reaction", "carer", "Pour ma mère, c’est le transport qui manque, pas le rendez-vous.", "kept"),
    (0, "reaction", "inhabitant", "Les jeunes adultes ne savent pas à quoi sert un médecin traitant.", "filed"),
    (0, "reaction", "professional", "Nos secrétaires passent beaucoup de temps à réorienter des appels.", "kept"),
    (0, "reaction", "inhabitant", "La téléconsultation assistée m’a dépanné un samedi.", "filed"),
    (1, "reaction", "association", "Notre club peut relayer les campagnes de dépistage.", "kept"),
    (1, "reaction", "professional", "Les affiches arrivent trop tard dans nos salles d’attente.", "kept"),
    (1, "reaction", "professional", "Un seul numéro à donner aux patients nous aiderait.", "kept"),
    (1, "reaction", "professional", "Peut-on disposer des dépliants en gros caractères ?", "filed"),
    (1, "reaction", "professional", "Nous pouvons tenir un stand au marché.", "kept"),
    (1, "reaction", "inhabitant", "Je ne savais pas que le dépistage était gratuit.", "kept"),
    (1, "reaction", "inhabitant", "Le questionnaire en ligne n’est pas simple sur un téléphone.", "filed"),
    (None, "subject", "inhabitant", "Et la santé des adolescents ? Nous cherchons où les adresser.", "new"),
    (1, "reaction", "elected", "La mairie peut prêter une salle pour les permanences.", "new"),
)


@demo_data(order=94)
def fill():
    made = []
    for title, tag, intro, learnt, labels, keys in CHAPTERS:
        ids = MeasureTerm.select(MeasureTerm.measure).join(Measure)
        ids = ids.where(MeasureTerm.label.in_(labels), Measure.is_public).distinct().tuples()
        figures = [f"measure:{id}" for (id,) in ids] + list(keys)
        made.append(rules.save(title=title, tag=tag, intro=intro, learnt=learnt, figure_keys=figures))
    for each in made[:2]:
        rules.publish(each.id)
    for rank, (place, kind, speaker, text, state) in enumerate(SAID):
        slug = "" if place is None else made[place].slug
        said = rules.receive(f"demonstration-{rank}", kind=kind, speaker=speaker, text=text, slug=slug)
        rules.decide([said.id], state)
        with db.atomic():
            Contribution.update(at=now() - timedelta(days=3 * (len(SAID) - rank))).where(
                Contribution.id == said.id
            ).execute()
