"""The ACI contract that funds a CPTS: its years, what each mission is worth, its deadlines; and a simulator for all.

Sources: accord conventionnel interprofessionnel of 20 June 2019 and its second amendment of 20 December 2021.
"""
