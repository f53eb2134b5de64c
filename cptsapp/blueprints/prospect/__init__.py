"""People to invite to join: approached one by one, never in bulk, left alone as soon as they ask.

Sources: RGPD, articles 14 (information of people whose data came from elsewhere) and 21 (right to object).
"""
