"""The people and structures that the association knows; whatever concerns one of them points here.

An address may belong to several persons (a cabinet, a couple). Source: RGPD, articles 15 to 17, for what may be held.
"""
