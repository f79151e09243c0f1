import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringmain.delivery.signing import BadSignature, new_secret, sign, verify

# The reference vector that the standard's own libraries are tested with.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": ID,
    "webhook-timestamp": str(TIMESTAMP),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}

keys = st.binary(min_size=24, max_size=64).map(lambda key: "whsec_" + base64.b64encode(key).decode())
ids = st.text(st.characters(codec="ascii", categories=["L", "N"], include_characters="_-"), min_size=1)


def test_the_reference_vector_signs_and_verifies() -> None:
    assert sign([SECRET], ID, TIMESTAMP, BODY) == HEADERS
    verify([SECRET], HEADERS, BODY, now=TIMESTAMP)


def test_a_new_secret_is_base64_of_32_random_octets() -> None:
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32
    assert secret != new_secret()


@given(old=keys, new=keys, webhook_id=ids, timestamp=st.integers(0, 2**33), body=st.binary(max_size=200))
def test_during_a_rotation_either_secret_verifies(
    old: str, new: str, webhook_id: str, timestamp: int, body: bytes
) -> None:
    headers = sign([new, old], webhook_id, timestamp, body)
    assert headers["webhook-signature"].count("v1,") == 2
    for known in ([old], [new], [old, new]):
        verify(known, headers, body, now=timestamp)


@given(body=st.binary(), other=st.binary())
def test_another_body_does_not_verify(body: bytes, other: bytes) -> None:
    headers = sign([SECRET], ID, TIMESTAMP, body)
    if body == other:
        verify([SECRET], headers, other, now=TIMESTAMP)
    else:
        with pytest.raises(BadSignature):
            verify([SECRET], headers, other, now=TIMESTAMP)


@pytest.mark.parametrize("drift", [-301, 301])
def test_a_timestamp_out_of_tolerance_is_refused(drift: int) -> None:
    with pytest.raises(BadSignature, match="too far"):
        verify([SECRET], HEADERS, BODY, now=TIMESTAMP + drift)


@pytest.mark.parametrize("drift", [-300, 300])
def test_the_tolerance_is_inclusive(drift: int) -> None:
    verify([SECRET], HEADERS, BODY, now=TIMESTAMP + drift)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": "msg_other"},
        {"webhook-id": f"{ID}.1"},
        {"webhook-timestamp": str(TIMESTAMP + 1)},
        {"webhook-timestamp": "now"},
        {"webhook-timestamp": "-1"},
        {"webhook-timestamp": "\u0661"},
        {"webhook-signature": ""},
        {"webhook-signature": HEADERS["webhook-signature"].removeprefix("v1,")},
        {"webhook-signature": HEADERS["webhook-signature"].replace("v1,", "v1a,")},
        {"webhook-signature": HEADERS["webhook-signature"][:-2]},
        {"webhook-signature": "v1,\u00e9"},
    ],
)
def test_a_changed_header_does_not_verify(changed: dict[str, str]) -> None:
    with pytest.raises(BadSignature):
        verify([SECRET], HEADERS | changed, BODY, now=TIMESTAMP)


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_missing_header_does_not_verify(name: str) -> None:
    headers = {key: value for key, value in HEADERS.items() if key != name}
    with pytest.raises(BadSignature, match=name):
        verify([SECRET], headers, BODY, now=TIMESTAMP)


def test_an_unknown_version_beside_ours_is_passed_over() -> None:
    headers = HEADERS | {"webhook-signature": "v2,AAAA " + HEADERS["webhook-signature"]}
    verify([SECRET], headers, BODY, now=TIMESTAMP)


def test_no_secret_known_verifies_nothing() -> None:
    with pytest.raises(BadSignature):
        verify([], HEADERS, BODY, now=TIMESTAMP)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_%%%", SECRET.removeprefix("whsec_"), "whsec_abc"])
def test_a_secret_that_is_none_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(ValueError, match="a secret is not whsec_<base64>") as caught:
        sign([secret], ID, TIMESTAMP, BODY)
    assert not secret.removeprefix("whsec_") or secret not in str(caught.value)


@pytest.mark.parametrize("webhook_id", ["", "a.b"])
def test_an_ambiguous_id_is_not_signed(webhook_id: str) -> None:
    with pytest.raises(ValueError, match="webhook id"):
        sign([SECRET], webhook_id, TIMESTAMP, BODY)


def test_signing_needs_a_secret() -> None:
    with pytest.raises(ValueError, match="no secret"):
        sign([], ID, TIMESTAMP, BODY)
