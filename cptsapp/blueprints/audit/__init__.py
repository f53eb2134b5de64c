"""The journal as the administration reads it: who did what, to whom, when. Nothing here changes an entry."""
