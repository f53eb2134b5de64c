"""Numbers of people so small that somebody could be recognised: never told outside, nor left to be worked out."""

from collections.abc import Hashable, Mapping

LEAST = 5  # the smallest number of people that is told


def is_small(number) -> bool:
    return 0 < number < LEAST


def withheld(cells: Mapping[Hashable, float]) -> set:
    """Return the keys of the cells to hide in a table whose sum may be known.

    Alone hidden, a small cell would be the sum less the others: the smallest of the others is then hidden with it.
    """
    small = {key for key, number in cells.items() if is_small(number)}
    others = [key for key, number in cells.items() if key not in small and number]
    if len(small) == 1 and others:
        small.add(min(others, key=lambda key: cells[key]))
    return small
