"""Votes on priorities: the bureau or the members choose the most urgent fiches-actions, once each, in secret.

While a round is open, what each chose is kept under a key that only the site can make again, so that it may be changed;
at the closing it is counted and forgotten. Who voted is known, for what is not.
"""
