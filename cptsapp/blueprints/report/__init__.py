"""Reports: a year of the project told from what the site knows, written over by hand, frozen, and handed out."""
