"""Who may log in, how they prove who they are, and the roles they were given.

Sources: CNIL, délibération 2022-100 on passwords; ANSSI, « Authentification multifacteur et mots de passe » (2021).
"""
