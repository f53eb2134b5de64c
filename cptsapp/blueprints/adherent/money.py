"""Sums of money as people write them."""

from cptsapp.kernel.text import NBSP, number


def euros(cents: int) -> str:
    """« 20 € », « 12,50 € »."""
    whole, rest = divmod(cents, 100)
    return f"{number(whole)}{f',{rest:02}' if rest else ''}{NBSP}€"
