"""Assisted teleconsultation: the pairs of a GP and a nurse, and the equipment that the association lends them.

Sources: code de la santé publique, R. 6316-1 (télémédecine) ; convention médicale (téléconsultation avec assistance).
"""
