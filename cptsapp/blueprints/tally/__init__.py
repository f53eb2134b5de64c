"""Anonymous tallies (« compteurs »): a professional adds one in one tap. Neither patient nor professional is kept."""
