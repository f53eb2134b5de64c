"""Members against the professionals of the territory: by profession, by family, by commune, over time."""
