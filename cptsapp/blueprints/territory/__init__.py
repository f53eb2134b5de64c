"""The territory: its communes, their population, the size that the ACI contract gives it, the professions there.

The reference data (every French commune, the professions, the sizes) ships with the product and is read from memory;
only the communes that something points to have a row. Source: accord conventionnel interprofessionnel of 20 June 2019.
"""
