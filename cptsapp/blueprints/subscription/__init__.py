"""Who may be written to: visitors who subscribed, partners, members; what each refuses, and where they say so.

Members and partners are informed (legitimate interest, with opposition); visitors have asked, and confirmed it.
Sources: RGPD, articles 6, 7.1, 14 and 21; code des postes et des communications électroniques, article L. 34-5;
RFC 8058 for the button of mail programs.
"""
