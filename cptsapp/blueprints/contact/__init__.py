"""The contact page: what visitors write reaches the association by mail, and an inbox where it is dealt with."""
