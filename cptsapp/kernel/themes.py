"""The closed list of subjects by which readers find articles, events and documents."""

from .choices import Choice


class Theme(Choice):
    ACCESS = "acces-aux-soins", "Accès aux soins"
    PATHWAYS = "parcours", "Parcours"
    PREVENTION = "prevention", "Prévention"
    CRISIS = "crise", "Crise sanitaire"
    QUALITY = "qualite", "Qualité"
    ATTRACTIVENESS = "attractivite", "Attractivité"
    ASSOCIATION = "vie-associative", "Vie de l’association"
