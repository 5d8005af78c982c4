"""What may differ between two machines: conf/<profile>.toml, then TAYHO_* variables, one frozen model."""

import hashlib
import os
import tomllib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from dotenv import dotenv_values
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from spark_apps.errors import BadSetting
from spark_apps.kernels.layouts import CLOCK_LIMIT
from spark_apps.tables import strategies
from spark_apps.tables.strategy_model import Book, Reads

PROFILES = Path("conf")
SHARED = ("portfolios", "strategies")  # files that all profiles read


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Kafka(_Section):
    """Say where the broker is and how topics are cut."""

    bootstrap_servers: str = Field("", description="Broker addresses; empty starts one beside the run.")
    prefix: str = Field("tayho", pattern=r"^[a-z][a-z0-9_]*$", description="First part of every topic name.")
    sources: tuple[str, ...] = Field(("sim", "vn30f"), description="Sources, each with its raw topic.")
    partitions: int = Field(1, ge=1, le=64, description="Partitions of fold_input and fold_output.")
    replication_factor: int = Field(1, ge=1, le=32_767, description="Copies of each topic, at most one a broker.")
    user: str = Field("", description="SASL user; needed where a password is set.")
    password: SecretStr = Field(SecretStr(""), description="SASL password; only from the environment.")


class Live(_Section):
    """Say how the live application folds and how often it commits."""

    lateness_seconds: int = Field(10, ge=1, le=3600, description="How late a trade may come and still revise its bar.")
    ahead_seconds: int = Field(120, ge=1, le=86_400, description="How far a trade may stand ahead of the market clock.")
    tail_limit: int = Field(
        100_000, ge=1, le=10**9, description="Most records kept per instrument inside the lateness bound."
    )
    generation: int = Field(
        1, ge=1, lt=2**31, description="Generation of the fold; a new one starts where the last commit ended."
    )
    batch_seconds: int = Field(5, ge=0, le=3600, description="Trigger of the two queries that write Delta, seconds.")
    max_records_per_batch: int = Field(200_000, ge=1, le=10**9, description="Most records of a topic in a micro-batch.")


class BarSizes(_Section):
    """Say how large bars by activity are, by what fills them."""

    tick: int = Field(50, ge=1, le=10**9, description="Trades of a tick bar.")
    volume: int = Field(50_000, ge=1, le=10**12, description="Shares or contracts of a volume bar.")
    value: int = Field(
        2_000_000_000, ge=1, le=10**14, description="Value of a value bar: VND, for futures points times contracts."
    )
    imbalance: int = Field(
        20_000, ge=1, le=10**12, description="Shares or contracts by which buyers and sellers differ in a bar."
    )


class Portfolio(_Section):
    """Name a portfolio whose risk is measured: fixed weights, one value."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="Name of the portfolio.")
    value_vnd: int = Field(gt=0, lt=10**18, description="Value, VND.")
    weights: dict[str, Decimal] = Field(
        min_length=1, description="Symbol -> weight above zero; the weights are scaled to one."
    )

    @model_validator(mode="after")
    def _refuse_empty_weights(self) -> Self:
        """Refuse a weight that is not above zero: a sum of nothing cannot be scaled to one."""
        for symbol, weight in self.weights.items():
            if weight <= 0:
                raise ValueError(f"portfolio {self.name}: the weight of {symbol} is {weight}, it must be above zero")
        return self


class StrategyBook(_Section):
    """State which strategies are in force from a moment on, and what their votes lead to."""

    reads: ClassVar[Reads] = Reads.BAR
    begins: AwareDatetime = Field(description="First bar start that it judges; with a time zone.")
    threshold: int = Field(1, ge=1, le=10**9, description="Score from which the votes are a signal.")
    horizon_bars: int = Field(30, ge=1, le=10**6, description="Bars behind its own for which a signal is good.")
    approval: Literal["automatic", "human"] = Field("automatic", description="Who lets a signal out.")
    members: dict[str, dict[str, int | float]] = Field(description="Strategy -> its weight and parameters.")

    @property
    def book(self) -> Book:
        """Give the book as the kernels read it; raise ValueError for a strategy or parameter that does not exist."""
        members = tuple(strategies.make(name, parameters) for name, parameters in self.members.items())
        begins = (self.begins.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
        return Book(begins, self.threshold, self.horizon_bars, self.approval == "human", members, self.reads)

    @model_validator(mode="after")
    def _refuse_unknown_strategies(self) -> Self:
        """Refuse what no strategy has or reads, and a moment outside market time, which runs from 1970 to 2116."""
        for each in self.book.strategies:
            if each.reads != self.reads:
                own = "strategies" if each.reads == Reads.BAR else "cross_strategies"
                raise ValueError(f"strategy {each.name} reads {', '.join(each.inputs)}: it is a member of [[{own}]]")
        if not 0 <= self.book.begins <= CLOCK_LIMIT:
            raise ValueError(f"a book begins on {self.begins}: market time runs from 1970 to 2116")
        return self


class CrossStrategyBook(StrategyBook):
    """State which strategies over standings among all instruments are in force, and what their votes lead to."""

    reads: ClassVar[Reads] = Reads.STANDING


class Features(_Section):
    """Switch parts on and off."""

    native_kernels: Literal["required", "preferred", "off"] = Field(
        "preferred", description="C++ kernels: required, preferred (the twin answers with a warning), or off."
    )
    data_docs: bool = Field(True, description="Build Great Expectations data docs after the nightly batch.")


class Settings(BaseSettings):
    """Hold every setting; read once by the entry point and passed down."""

    model_config = SettingsConfigDict(
        env_prefix="TAYHO_", env_nested_delimiter="__", env_file=".env", frozen=True, extra="forbid"
    )

    profile: str = Field("local", description="Which conf/<profile>.toml is in force.")
    lake_root: Path = Field(Path("build/lake"), description="Folder of all tables and checkpoints.")
    landing_root: Path = Field(Path("build/landing"), description="Folder of the files that daily jobs load.")
    report_root: Path = Field(Path("build/reports"), description="Folder of reports and data docs.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="Lowest level that is logged.")
    seed: int = Field(7, ge=0, lt=2**63, description="Seed of the simulated market.")
    trades_per_session: int = Field(40_000, ge=1_000, le=10**8, description="Trades of a simulated session, about.")
    history_sessions: int = Field(
        560,
        ge=1,
        le=10**5,
        description="Sessions of simulated daily files: 12-1 momentum needs 270, a full value at risk 500.",
    )
    session_date: Annotated[date, Field(description="Session that the simulated market trades.")] = date(2026, 11, 20)
    kafka: Kafka = Kafka()
    live: Live = Live()
    features: Features = Features()
    bar_sizes: BarSizes = BarSizes()
    portfolios: tuple[Portfolio, ...] = Field((), description="Named portfolios; read from conf/portfolios.toml.")
    strategies: tuple[StrategyBook, ...] = Field((), description="Books of strategies; read from conf/strategies.toml.")
    cross_strategies: tuple[CrossStrategyBook, ...] = Field((), description="Books over standings; from the same file.")

    @model_validator(mode="after")
    def _refuse_books_out_of_order(self) -> Self:
        """Refuse books that do not follow one another: no bar may have two of a kind."""
        for name, books in (("strategies", self.strategies), ("cross_strategies", self.cross_strategies)):
            begins = [each.begins for each in books]
            if any(one >= other for one, other in pairwise(begins)):
                raise ValueError(f"{name}: begins must rise from book to book, not {', '.join(map(str, begins))}")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over .env, and both over the profile's file, which comes as init values."""
        return env_settings, dotenv_settings, init_settings

    @property
    def fingerprint(self) -> str:
        """Hash the settings that are in force, secrets left out (they print as stars)."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def with_values(self, **values: Any) -> Self:
        """Give a copy with some values replaced; the caller vouches for them."""
        return self.model_copy(update=values)


def load(profile: str | None = None, folder: Path = PROFILES) -> Settings:
    """Read conf/<profile>.toml and the environment; raise BadSetting naming file, key and rule."""
    name = profile or os.environ.get("TAYHO_PROFILE") or dotenv_values(".env").get("TAYHO_PROFILE") or "local"
    path = folder / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted({file.stem for file in folder.glob("*.toml")} - {*SHARED}))
        step = f"{known}. Set TAYHO_PROFILE to one of them" if known else "none; start in the repository's folder"
        raise BadSetting(f"{path}: there is no such profile; profiles here: {step}")
    _refuse_unknown_variables()
    try:
        values: dict[str, Any] = {}
        for file in (*(folder / f"{each}.toml" for each in SHARED), path):
            values |= _read(file) if file == path or file.is_file() else {}
        # The file that was read decides: a variable must not give one profile's values another's name.
        return Settings(**values).with_values(profile=name)
    except UnicodeDecodeError as error:
        raise BadSetting(f".env: not readable as UTF-8: {error}") from error
    except ValidationError as error:
        lines = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise BadSetting(f"{path}, .env or TAYHO_* variables: {lines}. `tayho check-config` lists every key") from error
    except SettingsError as error:
        raise BadSetting(f".env or TAYHO_* variables: {error}. Lists and tables are written as JSON") from error


def _read(path: Path) -> dict[str, Any]:
    """Read a TOML file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"{path}: not readable as TOML in UTF-8: {error}") from error


def variables() -> dict[str, str]:
    """Name every TAYHO_* variable with the description of its setting."""
    names: dict[str, str] = {}
    for key, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            for inner, inner_field in section.model_fields.items():
                names[f"TAYHO_{key}__{inner}".upper()] = inner_field.description or ""
        else:
            names[f"TAYHO_{key}".upper()] = field.description or ""
    return names


# Variables that steer set-up, images, tests and drills, or tie the logs of processes together.
OTHER_VARIABLES = frozenset(
    {"TAYHO_CACHE", "TAYHO_CODE_COMMIT", "TAYHO_CORRELATION_ID", "TAYHO_FAILPOINT", "TAYHO_REAL_DATA"}
)


def _refuse_unknown_variables() -> None:
    """Refuse TAYHO_* variables that no setting knows: pydantic passes them over in silence."""
    unknown = sorted(
        name
        for name in os.environ  # in whatever case: pydantic takes each
        if name.upper().startswith("TAYHO_") and name.upper() not in variables().keys() | OTHER_VARIABLES
    )
    if unknown:
        raise BadSetting(f"environment: unknown {', '.join(unknown)}. `tayho check-config` lists every variable")
