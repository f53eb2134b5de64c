"""The document store: statutes, charter, minutes, guides. Each keeps its address; each version is kept for good.

What an adherent accepts when joining (statutes, charter) is one version of one document, with its date: see
`rules.current`.
"""
