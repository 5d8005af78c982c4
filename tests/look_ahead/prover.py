"""The look-ahead prover: what is said up to a moment, from what was known at it, must be what all of history says.

An item is a function from a moment to its outputs, by key, made of nothing but the inputs known at that moment. Every
output has a key, and the key says when it was known.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

MISSING = object()


def leaks(
    outputs_at: Callable[[int], Mapping[Any, Any]], known_at: Callable[[Any], int], moments: Iterable[int], end: int
) -> list[Any]:
    """Give the keys of outputs that a prefix of the inputs says otherwise than all inputs up to `end` do.

    Outputs that only one of the two has count too. Values are compared as they are: give floats as bytes.
    """
    whole = outputs_at(end)
    found = []
    for moment in moments:
        then, now = outputs_at(moment), {key: value for key, value in whole.items() if known_at(key) <= moment}
        found += [key for key in then.keys() | now.keys() if then.get(key, MISSING) != now.get(key, MISSING)]
    return found
