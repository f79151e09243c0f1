"""Every setting: its environment variable, default and meaning. `ringmain settings` prints them all.

A setting is read from `RINGMAIN_` and its name in capitals; `database_url` from DATABASE_URL.
"""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, get_origin, get_type_hints
from urllib.parse import urlsplit, urlunsplit

import msgspec
from msgspec import Meta

Role = Literal["api", "relay", "carrier", "mail"]
SECRET: Final = {"secret": True}


class SettingError(ValueError):
    """A variable with a value that cannot be; the text names the variable and never shows a secret."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator can set. Lists are separated by commas."""

    data_dir: Annotated[Path, Meta(description="Folder of the embedded database, of files and of the demo.")] = Path(
        "var"
    )
    database_url: Annotated[
        str,
        Meta(
            description="PostgreSQL 15 or newer to use, as postgresql://user:password@host/name; "
            "empty: the embedded one.",
            extra=SECRET,
        ),
    ] = ""
    host: Annotated[str, Meta(description="Address to listen on; 0.0.0.0 or :: for all.")] = "127.0.0.1"
    port: Annotated[
        int, Meta(description="Port to listen on; 0 takes a free one. PORT is read too.", ge=0, le=65535)
    ] = 8000
    public_url: Annotated[
        str,
        Meta(description="How clients reach this server, as https://phone.example.com; empty: host and port."),
    ] = ""
    trusted_proxies: Annotated[
        list[str],
        Meta(
            description="Addresses of proxies before this server, as 10.1.0.0/16 or ::1, whose X-Forwarded-For and "
            "X-Forwarded-Proto are believed: the client is the last address there that is none of these. Where a proxy "
            "is not named, its clients share one address, and with it the limit of wrong logins."
        ),
    ] = []
    roles: Annotated[
        list[Role],
        Meta(
            description="What this process does: api answers requests, relay delivers webhooks, "
            "carrier sends texts and faxes and reminds of appointments, mail sends mail."
        ),
    ] = msgspec.field(default_factory=lambda: ["api", "relay", "carrier", "mail"])
    smtp_url: Annotated[
        str,
        Meta(
            description="The mail server, as smtp://user:password@host:587 (STARTTLS) or smtps://...; with "
            "?tls=required, opportunistic or none and ca=FILE; empty: mail becomes files in the data folder's outbox.",
            extra=SECRET,
        ),
    ] = ""
    mail_from: Annotated[str, Meta(description="Whom mail is from; bounces go there.")] = (
        "Ringmain <ringmain@localhost>"
    )
    login_origins: Annotated[
        list[str],
        Meta(description="Origins of pages that the login page may send tokens to, as https://app.example.com."),
    ] = []
    meet_url: Annotated[
        str,
        Meta(
            description="The video server (Jitsi Meet) of meetings. {room} stands for the room, as in "
            "https://meet.example.com/auth/?id={room}; without it the room is the next part of the path."
        ),
    ] = "https://meet.jit.si"
    ringotel_error_status: Annotated[
        Literal[200, 500],
        Meta(description="The HTTP status of what Ringotel's methods refuse: 200, or 500 for clients that want it."),
    ] = 200
    ringrx_duration: Annotated[
        Literal["ms", "s"],
        Meta(description="What RingRx's durations of voicemail count: milliseconds or seconds."),
    ] = "ms"
    google_client_id: Annotated[
        str, Meta(description="The OAuth client that connects Google calendars; empty: they cannot be connected.")
    ] = ""
    google_client_secret: Annotated[str, Meta(description="That client's secret.", extra=SECRET)] = ""
    google_issuer: Annotated[str, Meta(description="An OpenID provider in Google's place.")] = (
        "https://accounts.google.com"
    )
    outlook_client_id: Annotated[
        str, Meta(description="The OAuth client that connects Outlook calendars; empty: they cannot be connected.")
    ] = ""
    outlook_client_secret: Annotated[str, Meta(description="That client's secret.", extra=SECRET)] = ""
    outlook_issuer: Annotated[str, Meta(description="An OpenID provider in Microsoft's place.")] = (
        "https://login.microsoftonline.com/common/v2.0"
    )
    secret_key: Annotated[
        str,
        Meta(
            description="What secrets in the database that must be read again are encrypted with, at least 24 "
            "characters, the same in all processes; empty: a key that is made in the data folder.",
            extra=SECRET,
        ),
    ] = ""
    egress_allow: Annotated[
        list[str],
        Meta(description="Private addresses that webhooks may go to, as 10.1.0.0/16:8080 or 127.0.0.1:*."),
    ] = []
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="The least severe lines that are logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "json", "console"],
        Meta(description="One JSON object a line, or text for people; auto: text on a terminal."),
    ] = "auto"
    retention_days: Annotated[
        int,
        Meta(description="Days that events and the record of deliveries are kept, in whole months.", ge=7, le=36500),
    ] = 90
    file_storage: Annotated[
        str,
        Meta(description="Where uploaded files are kept: a folder or s3://bucket/prefix; empty: in the data folder."),
    ] = ""
    pool_size: Annotated[
        int, Meta(description="Database connections of this process, besides one that listens.", ge=4, le=500)
    ] = 12
    password_memory_mib: Annotated[
        int,
        Meta(
            description="Memory that one check of a password takes, in MiB; guessing takes as much. For passwords that "
            "are set from now on.",
            ge=16,
            le=1024,
        ),
    ] = 64
    operator_token: Annotated[
        str,
        Meta(
            description="A token for the operator API, of at least 24 characters; others: ringmain token.", extra=SECRET
        ),
    ] = ""
    metrics_token: Annotated[
        str,
        Meta(
            description="What /metrics asks for, as Authorization: Bearer ..., of at least 24 characters; empty: it is "
            "open to whoever reaches the port.",
            extra=SECRET,
        ),
    ] = ""
    shutdown_seconds: Annotated[
        int, Meta(description="How long requests may take to finish when the server stops.", ge=0, le=3600)
    ] = 10
    lease_seconds: Annotated[
        float,
        Meta(
            description="Seconds after which other processes take up what one that died was sending; longer than "
            "carriers take to answer.",
            ge=3,
            le=600,
        ),
    ] = 30.0

    @property
    def file_place(self) -> str:
        """Where files are kept, as core/files/storage.py reads it."""
        return self.file_storage or str(self.data_dir / "files")

    @property
    def proxies(self) -> list[str]:
        """The networks of trusted proxies. Those of IPv4 also as a socket for both kinds of addresses shows them."""
        networks = [ip_network(text) for text in self.trusted_proxies]
        return [str(shown) for network in networks for shown in _as_seen(network)]

    @property
    def base_url(self) -> str:
        """How clients reach this server, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"


def _as_seen(network: IPv4Network | IPv6Network) -> list[IPv4Network | IPv6Network]:
    if isinstance(network, IPv6Network):
        return [network]
    return [network, IPv6Network(f"::ffff:{network.network_address}/{96 + network.prefixlen}")]


HINTS: Final = get_type_hints(Settings, include_extras=True)


FALLBACKS: Final = {"port": "PORT"}
"""What hosting platforms call it."""


def variable_of(name: str) -> str:
    """The environment variable of a setting."""
    return "DATABASE_URL" if name == "database_url" else f"RINGMAIN_{name.upper()}"


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; an empty variable counts as not set. Raises SettingError."""
    values = {}
    for name, hint in HINTS.items():
        text = environment.get(variable_of(name), "").strip() or environment.get(FALLBACKS.get(name, ""), "").strip()
        if text:
            values[name] = _read(name, hint, text)
    settings = Settings(**values)
    _check(settings)
    return settings


def override(settings: Settings, given: Mapping[str, str]) -> Settings:
    """Settings with those that the command line gives, by name. Raises SettingError."""
    values = {name: _read(name, HINTS[name], text) for name, text in given.items()}
    return msgspec.structs.replace(settings, **values)


def unknown_variables(environment: Mapping[str, str] = os.environ) -> list[str]:
    """Variables that look like ours and are none: most likely misspelt."""
    known = {variable_of(name) for name in HINTS}
    return sorted(name for name in environment if name.startswith("RINGMAIN_") and name not in known)


def describe(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Each setting as (variable, value, default, meaning), secrets masked."""
    defaults = Settings()
    return [
        (variable_of(name), _shown(name, getattr(settings, name)), _shown(name, getattr(defaults, name)), meaning)
        for name, meaning in ((name, _meta(name).description or "") for name in HINTS)
    ]


def _meta(name: str) -> Meta:
    found: Meta = HINTS[name].__metadata__[0]
    return found


def _is_secret(name: str) -> bool:
    return bool(_meta(name).extra)


def _read(name: str, hint: Any, text: str) -> Any:
    is_list = get_origin(hint.__origin__) is list
    value = [part.strip() for part in text.split(",") if part.strip()] if is_list else text
    try:
        return msgspec.convert(value, hint, strict=False, dec_hook=lambda kind, given: kind(given))
    except msgspec.ValidationError as error:
        reason = str(error).partition(" - at")[0]
        shown = "" if _is_secret(name) else f" (it is {text!r})"
        raise SettingError(f"{variable_of(name)}: {reason}{shown}") from None


def _check(settings: Settings) -> None:
    if settings.database_url and urlsplit(settings.database_url).scheme not in ("postgresql", "postgres"):
        raise SettingError("DATABASE_URL: must begin with postgresql://")
    if settings.public_url and not settings.public_url.startswith(("http://", "https://")):
        raise SettingError("RINGMAIN_PUBLIC_URL: must begin with http:// or https://")
    if not settings.meet_url.startswith(("http://", "https://")):
        raise SettingError("RINGMAIN_MEET_URL: must begin with http:// or https://")
    for name in ("operator_token", "metrics_token"):
        if 0 < len(getattr(settings, name)) < 24:
            raise SettingError(f"{variable_of(name)}: must have at least 24 characters")
    try:
        _ = settings.proxies
    except ValueError as error:
        raise SettingError(f"RINGMAIN_TRUSTED_PROXIES: {error}") from None


def _shown(name: str, value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    text = str(value)
    if name == "database_url" and text:
        parts = urlsplit(text)
        if parts.password is not None:
            place = parts.netloc.rpartition("@")[2]
            parts = parts._replace(netloc=f"{parts.username}:***@{place}")
        # A password may stand in the query too.
        return urlunsplit(parts._replace(query="***" if parts.query else ""))
    return "***" if text and _is_secret(name) else text
