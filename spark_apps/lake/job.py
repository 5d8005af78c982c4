"""The fourth noun: a Job binds a table to the function that makes it; a Slice names the days to make."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

from spark_apps.errors import BadSetting
from spark_apps.kernels import choose
from spark_apps.settings import Settings
from spark_apps.tables.model import Table


@dataclass(frozen=True)
class Job:
    """Bind a table to the function that makes it.

    `by` says what the function is: `frames` takes and gives DataFrames. The other two take and give Arrow tables inside
    the workers, file to file, of their input the columns that `reads` names, all where it names none: `files` those of
    one session, `fold` those of some instruments, with the states that they open from; it gives states on, to the table
    that `writes` carries.
    `params` are passed as they are, `from_settings` names settings that are passed too, and `needs_kernels` asks for
    the kernels that features.native_kernels chooses.
    """

    writes: Table
    transform: Callable[..., Any]
    by: Literal["frames", "files", "fold"] = "frames"
    reads: tuple[str, ...] = ()
    params: Mapping[str, Any] = field(default_factory=dict)
    from_settings: tuple[str, ...] = ()
    needs_kernels: bool = False

    def arguments(self, settings: Settings) -> dict[str, Any]:
        """Give what the transform takes beside its inputs."""
        chosen = {name: getattr(settings, name) for name in self.from_settings}
        kernels = {"kernels": choose(settings.features.native_kernels)} if self.needs_kernels else {}
        return {**self.params, **chosen, **kernels}


@dataclass(frozen=True)
class Slice:
    """Name the days of a batch run, both ends inclusive."""

    start: date
    end: date


def batch(start: date, end: date) -> Slice:
    """Name the days to make; refuse an end before its start."""
    if end < start:
        raise BadSetting(f"days: the slice ends on {end}, before it starts on {start}. Give --start before --end")
    return Slice(start, end)
