"""Who belongs to the association, in any collège. Source: loi du 1er juillet 1901; statuts de l’association."""
