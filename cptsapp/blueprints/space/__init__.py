"""The member's first page: what waits for me, what comes. Other features bring its cards."""
