"""News: Markdown files of `content/actualites`, read by visitors or adherents, written in the browser or on disk."""
