"""The idea box: a member tells a problem and what could be done, others support it, the coordination says what becomes
of it; one that is kept may become a fiche-action of the project."""
