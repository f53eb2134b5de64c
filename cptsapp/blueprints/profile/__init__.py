"""« Ma fiche »: what a person sees and corrects of their own record, shows of it, proves with it, and how they leave.

Sources: RGPD, articles 7 (consent taken back), 15 to 17 (access, correction, erasure) and 20 (portability).
"""
