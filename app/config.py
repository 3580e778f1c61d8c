"""Typed settings from the environment or one TOML file; a wrong one stops the start with a sentence."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class SettingsError(Exception):
    """A missing or wrong setting; the message is for the person who starts the program."""


class Settings(BaseSettings):
    """Everything that can differ between two installations. Environment names carry `YINZHAO_`."""

    model_config = SettingsConfigDict(env_prefix="YINZHAO_", extra="forbid", frozen=True, populate_by_name=True)

    data: Path = Path("var")
    """Folder of the database, the stored files, mails and keys."""
    database_url: str = Field(
        default="", validation_alias=AliasChoices("database_url", "DATABASE_URL", "YINZHAO_DATABASE_URL")
    )
    """SQLAlchemy address; empty means SQLite in the data folder."""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535, validation_alias=AliasChoices("port", "PORT", "YINZHAO_PORT"))
    base_url: str = ""
    """Address that people use, for links in e-mails; empty means http://host:port."""
    secret_key: str = Field(default="", repr=False)
    """Signs sessions; empty means one made at the first start and kept in the data folder."""
    threads: int = Field(default=8, ge=1, le=256)
    secure_cookies: bool = False
    """Set where the service stands behind TLS: cookies are then sent over TLS only."""
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    """How many reverse proxies stand before the service and set X-Forwarded-For."""
    max_file_bytes: int = Field(default=2 * 1024**3, ge=1024)
    """Largest single file of a response."""
    max_response_bytes: int = Field(default=20 * 1024**3, ge=1024)
    """Largest package of one vendor in one recruitment, all its files together."""
    max_response_files: int = Field(default=300, ge=1)
    """Most files of one package."""
    max_open_uploads: int = Field(default=20, ge=1)
    """Most unfinished uploads of one package."""
    chunk_bytes: int = Field(default=8 * 1024**2, ge=64 * 1024, le=64 * 1024**2)
    """Size of an upload chunk."""
    session_hours: int = Field(default=12, ge=1, le=168)
    login_tries: int = Field(default=5, ge=1)
    login_window_minutes: int = Field(default=15, ge=1)
    rate_limits: bool = True
    mail: Literal["file", "smtp", "none"] = "file"
    mail_from: str = "noreply@localhost"
    smtp_host: str = ""
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_user: str = ""
    smtp_password: str = Field(default="", repr=False)
    smtp_starttls: bool = False
    blob_store: Literal["folder", "s3"] = "folder"
    s3_endpoint: str = ""
    s3_bucket: str = ""
    s3_access_key: str = ""
    s3_secret_key: str = Field(default="", repr=False)
    trial_ca_password: str = Field(default="", repr=False)
    """Opens the keys of the trial authority; empty means one made at the first use and kept beside them."""
    signing_tries: int = Field(default=8, ge=3, le=20)
    """Wrong signing passphrases in a row after which the key of a seat is locked."""
    signing_minutes: int = Field(default=20, ge=1, le=120)
    """How long an expert signs in one browser without typing the passphrase again."""
    seat_certificate_days: int = Field(default=180, ge=1, le=1095)
    """Validity of the signing certificate of a seat."""
    trust_folder: Path | None = None
    """Folder of certificates (PEM or DER) trusted as production anchors in verifications, with their CRLs."""
    verify_max_bytes: int = Field(default=200 * 1024**2, ge=1024)
    """Largest file that the verification portal takes."""
    verify_memory_bytes: int = Field(default=1024**3, ge=1)
    """Memory of one verification's process, beyond the size of its file."""
    verify_cpu_seconds: int = Field(default=20, ge=1)
    """Processor seconds of one verification; large files get a second more for every 20 MB."""
    verify_wall_seconds: float = Field(default=60, gt=0)
    """Seconds after which a verification is ended, busy machine or not."""
    verify_at_once: int = Field(default=2, ge=1)
    """Verifications side by side in one process of the service."""
    verify_keep_hours: int = Field(default=24, ge=1)
    """How long the portal keeps a report; the file itself goes at once."""
    holidays_file: Path | None = None
    """Extra holidays and shifted working days (TOML), beyond what the built-in calendar knows."""
    jobs: Literal["thread", "inline", "off"] = "thread"
    """Who does background work: a thread of this process, the request itself (tests), or nobody."""
    testing: bool = False

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:", "postgresql+psycopg:")):
            raise ValueError("须以 sqlite: 或 postgresql+psycopg: 开头")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        sources: list[PydanticBaseSettingsSource] = [init_settings, env_settings]
        if path := os.environ.get("YINZHAO_CONFIG"):
            if not Path(path).is_file():
                raise SettingsError(f"配置文件不存在：{path}（由环境变量 YINZHAO_CONFIG 指定）")
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=path))
        return tuple(sources)

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data.resolve() / 'yinzhao.sqlite3'}"

    @property
    def public_base(self) -> str:
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def load_settings(**overrides: object) -> Settings:
    """Read the settings; raises SettingsError with one sentence per wrong value."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = ".".join(str(part) for part in problem["loc"])
            lines.append(f"配置项 {name} 不正确：{problem['msg']}（当前值：{problem.get('input')!r}）")
        raise SettingsError("\n".join(lines)) from None


def session_secret(settings: Settings) -> str:
    """The configured secret, or one made once and kept readable for the owner only."""
    if settings.secret_key:
        return settings.secret_key
    settings.data.mkdir(parents=True, exist_ok=True)
    path = settings.data / "session.key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as handle:
        secret = secrets.token_urlsafe(48)
        handle.write(secret)
    return secret
