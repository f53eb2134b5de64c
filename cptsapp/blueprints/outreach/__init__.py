"""The information campaigns: one message, many channels and relays, counted once.

« Campagne d’information » : what the association tells the public or professionals over some weeks. Not to be mistaken
for a sending (`mailing`), nor for the renewal of memberships (`adherent.renewing`).
"""
