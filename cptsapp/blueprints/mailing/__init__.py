"""A sending: one letter to many people. Whom it is for, when it leaves, how far it is, who got it, what came back.

What is written belongs to the features above, which register a `LetterSource`; who may be written to, to the one
below; each mail is a row of the kernel's one delivery table. Source: RFC 8058, 2369, 2919, 3464; RGPD, article 21.
"""
