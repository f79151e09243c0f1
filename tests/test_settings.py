from pathlib import Path

import pytest

from ringmain.settings import SettingError, Settings, describe, load, override, unknown_variables


def test_defaults() -> None:
    settings = load({})
    assert settings == Settings()
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.file_place == str(Path("var/files"))


def test_values_are_read() -> None:
    settings = load(
        {
            "DATABASE_URL": "postgresql://u:p@db/ringmain",
            "RINGMAIN_DATA_DIR": "/data",
            "RINGMAIN_PORT": " 9000 ",
            "RINGMAIN_ROLES": "api, relay",
            "RINGMAIN_EGRESS_ALLOW": "10.0.0.0/8:8080,127.0.0.1:*",
            "RINGMAIN_PUBLIC_URL": "https://phone.example.com/",
            "RINGMAIN_LOG_LEVEL": "debug",
            "RINGMAIN_HOST": "",
        }
    )
    assert settings.data_dir == Path("/data")
    assert settings.port == 9000
    assert settings.roles == ["api", "relay"]
    assert settings.egress_allow == ["10.0.0.0/8:8080", "127.0.0.1:*"]
    assert settings.base_url == "https://phone.example.com"
    assert settings.host == "127.0.0.1"
    assert override(settings, {"port": "0", "roles": "carrier"}).roles == ["carrier"]


def test_proxies_of_ipv4_are_known_by_both_of_their_spellings() -> None:
    settings = load({"RINGMAIN_TRUSTED_PROXIES": "10.1.0.0/16,192.0.2.7, ::1"})
    assert settings.proxies == ["10.1.0.0/16", "::ffff:a01:0/112", "192.0.2.7/32", "::ffff:c000:207/128", "::1/128"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RINGMAIN_PORT", "http"),
        ("RINGMAIN_PORT", "70000"),
        ("RINGMAIN_PORT", "-1"),
        ("RINGMAIN_ROLES", "api,pony"),
        ("RINGMAIN_LOG_LEVEL", "loud"),
        ("RINGMAIN_LOG_FORMAT", "xml"),
        ("RINGMAIN_RETENTION_DAYS", "1"),
        ("RINGMAIN_POOL_SIZE", "1"),
        ("RINGMAIN_PUBLIC_URL", "phone.example.com"),
        ("RINGMAIN_OPERATOR_TOKEN", "short"),
        ("RINGMAIN_METRICS_TOKEN", "hunter2"),
        ("RINGMAIN_TRUSTED_PROXIES", "*"),
        ("RINGMAIN_TRUSTED_PROXIES", "10.0.0.1/8"),
        ("RINGMAIN_TRUSTED_PROXIES", "::1, proxy.example.com"),
        ("RINGMAIN_SHUTDOWN_SECONDS", "1.5"),
        ("DATABASE_URL", "mysql://u:hunter2@db/x"),
    ],
)
def test_wrong_values_name_their_variable(variable: str, value: str) -> None:
    with pytest.raises(SettingError) as refused:
        load({variable: value})
    assert str(refused.value).startswith(f"{variable}: ")
    assert "hunter2" not in str(refused.value)


def test_all_are_described_and_secrets_masked() -> None:
    environment = {
        "DATABASE_URL": "postgresql://user:hunter2@db/ringmain?password=hunter3",
        "RINGMAIN_OPERATOR_TOKEN": "hunter4" * 4,
        "RINGMAIN_PORT": "9000",
    }
    described = describe(load(environment))
    assert len(described) == len(Settings.__struct_fields__)
    shown = {variable: value for variable, value, _, _ in described}
    assert shown["DATABASE_URL"] == "postgresql://user:***@db/ringmain?***"
    assert shown["RINGMAIN_OPERATOR_TOKEN"] == "***"
    assert shown["RINGMAIN_PORT"] == "9000"
    for variable, _, default, meaning in described:
        assert meaning.endswith("."), variable
        assert "hunter" not in default
    assert dict.fromkeys(v for v, *_ in described).keys() >= {"RINGMAIN_DATA_DIR", "RINGMAIN_ROLES"}


def test_hosting_platforms_say_port() -> None:
    assert load({"PORT": "5000"}).port == 5000
    assert load({"PORT": "5000", "RINGMAIN_PORT": "6000"}).port == 6000


def test_misspelt_variables_are_noticed() -> None:
    assert unknown_variables({"RINGMAIN_PROT": "1", "RINGMAIN_PORT": "2", "HOME": "/"}) == ["RINGMAIN_PROT"]


@pytest.mark.parametrize(
    ("host", "url"),
    [("0.0.0.0", "http://127.0.0.1:8000"), ("::", "http://[::1]:8000"), ("::1", "http://[::1]:8000")],
)
def test_where_clients_reach_it(host: str, url: str) -> None:
    assert load({"RINGMAIN_HOST": host}).base_url == url
