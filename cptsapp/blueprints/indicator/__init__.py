"""The indicators of the health project: what each counts in a contract year, its target, its values, its money.

Sources: accord conventionnel interprofessionnel of 20 June 2019, article 9 (« Rémunération »); the fiches-actions of
the projects in `data/projets`.
"""
