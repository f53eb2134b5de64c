"""What the law gives people over their data: the register of processings, a copy of their data, their erasure.

Sources: RGPD, articles 15 (access), 17 (erasure), 20 (portability) and 30 (register).
"""
