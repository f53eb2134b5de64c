"""The directory: members find each other; the public finds those who chose to be found, when the association opens it.

What a person hides never reaches a card, so that no page, search, vCard or print can show it.
Sources: RGPD, articles 6, 7 and 21; consent is given field by field, off by default, taken back at once.
"""
