"""The first page of the gestion: what waits, the first steps of a new instance, and the cards of other features."""
