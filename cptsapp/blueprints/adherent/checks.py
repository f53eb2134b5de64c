"""What a number typed by a professional looks like. A doubt is said, and never stops anybody."""


def digits(text: str | None) -> str:
    """Return a number without the spaces and dots that people put in it, 20 signs at most."""
    return "".join(char for char in (text or "") if char.isalnum())[:20].upper()


def passes_luhn(number: str) -> bool:
    """Tell whether the last digit of a number is the one that Luhn's formula asks for."""
    total = 0
    for rank, char in enumerate(reversed(number)):
        value = int(char) * (2 if rank % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def rpps_doubt(number: str) -> str:
    """Return a sentence when a RPPS number looks wrong, or nothing."""
    if not number:
        return ""
    if not (number.isascii() and number.isdigit()) or len(number) != 11:
        return "Un numéro RPPS compte 11 chiffres. Vous pouvez tout de même continuer."
    return "" if passes_luhn(number) else "Ce numéro RPPS semble mal recopié. Vous pouvez tout de même continuer."


def adeli_doubt(number: str) -> str:
    """Return a sentence when an ADELI number looks wrong, or nothing. It has no check digit that holds everywhere."""
    if not number or (len(number) == 9 and number.isascii()):
        return ""
    return "Un numéro ADELI compte 9 signes. Vous pouvez tout de même continuer."
