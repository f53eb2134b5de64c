"""Pages, menu, home page and legal pages: Markdown files of `content/pages`.

The legal pages come with the product and fill themselves with the association's identity. Sources: LCEN, article 6;
RGPD, articles 12 to 14; décret 2019-768 for the declaration of accessibility.
"""
