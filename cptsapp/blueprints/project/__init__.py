"""The health project: its fiches-actions, from a draft to their yearly evaluation, and what the public sees."""
