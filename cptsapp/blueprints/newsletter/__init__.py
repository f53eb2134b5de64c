"""What is written: newsletters, one a month and numbered without holes, and messages to chosen people.

A letter is composed from what the site already holds; the feature below sends it; its archive is a page of the site.
"""
