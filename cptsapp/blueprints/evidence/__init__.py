"""Evidence: what each action of the project must prove, what is attached or made by the site, what is missing."""
