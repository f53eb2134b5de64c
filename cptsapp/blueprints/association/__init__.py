"""The association itself: its identity, its look, what the law asks it to publish, and whether its site is online.

Nothing about one CPTS is in the code: all that distinguishes an instance is here and in the territory.
Sources: loi du 1er juillet 1901; loi du 21 juin 2004 (LCEN), article 6; loi du 11 février 2005, article 47.
"""
