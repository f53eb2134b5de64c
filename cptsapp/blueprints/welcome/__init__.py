"""Each new general practitioner is met: who is to be received, what to tell them, who did it and when.

A task is not written when a GP joins: it is read from the membership, so that no way of joining forgets it. What is
written is what came of it. Source: « une rencontre avec chaque nouveau médecin de la CPTS ».
"""
