import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from ringmain.core.texting.segments import (
    TooManySegments,
    count,
    decode_gsm7,
    decode_ucs2,
    encode_gsm7,
    encode_ucs2,
    encoding_of,
    split,
    transliterate,
)

GSM = smsutil.codecs.GSM_CHARSET.replace("\x1b", "")
gsm_texts = st.text(alphabet=GSM, min_size=1, max_size=900)
any_texts = st.text(
    alphabet=st.one_of(st.sampled_from(GSM), st.sampled_from("ç`“😀🇳🇴ž漢"), st.characters(exclude_categories=["Cs"])),
    min_size=1,
    max_size=500,
).filter(lambda text: "\x1b" not in text)


@given(st.one_of(gsm_texts, any_texts))
def test_it_splits_as_smsutil_does(text: str) -> None:
    expected = smsutil.split(text)
    encoding = {"gsm0338": "gsm7", "utf_16_be": "ucs2"}[expected.encoding]
    # smsutil decides "one part" by what remains after its own splitting, which agrees with the sizes.
    assert split(text).encoding == encoding
    assert split(text).parts == [part.content for part in expected.parts]
    assert count(text) == (encoding, len(expected.parts))


@given(gsm_texts)
def test_septets_are_those_of_smsutil_and_decode_again(text: str) -> None:
    assert encode_gsm7(text) == text.encode("gsm0338")
    assert decode_gsm7(encode_gsm7(text)) == text


@given(any_texts, st.sampled_from([8, 16]))
def test_parts_join_to_the_text_and_fit(text: str, bits: int) -> None:
    cut = split(text, reference_bits=8 if bits == 8 else 16)
    assert "".join(cut.parts) == text
    assert count(text, 8 if bits == 8 else 16) == (cut.encoding, len(cut.parts))
    if len(cut.parts) > 1:
        for part in cut.parts:
            if cut.encoding == "gsm7":
                assert len(encode_gsm7(part)) <= (153 if bits == 8 else 152)
            else:
                assert len(encode_ucs2(part)) <= 2 * (67 if bits == 8 else 66)


@given(st.binary(max_size=300))
def test_decoding_never_fails(octets: bytes) -> None:
    assert isinstance(decode_gsm7(octets), str)
    assert isinstance(decode_ucs2(octets), str)


@pytest.mark.parametrize(
    ("text", "encoding", "segments"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("€" * 152, "gsm7", 2),
        ("€" * 153, "gsm7", 3),  # 76 pairs a part: the 153rd septet stays empty
        ("a" * 152 + "€" + "a" * 152, "gsm7", 3),
        ("ž" * 70, "ucs2", 1),
        ("ž" * 71, "ucs2", 2),
        ("ž" * 134, "ucs2", 2),
        ("ž" * 135, "ucs2", 3),
        ("😀" * 35, "ucs2", 1),
        ("😀" * 36, "ucs2", 2),
        ("😀" * 67, "ucs2", 3),  # 33 pairs a part: the 67th unit stays empty
        ("`", "ucs2", 1),
        ("ç", "ucs2", 1),
        ("Ç", "gsm7", 1),
        ("“hi”", "ucs2", 1),
        ("no\u00a0break", "ucs2", 1),
        ("\x1be", "ucs2", 1),  # a bare ESC would turn the e into a euro sign
    ],
)
def test_known_counts(text: str, encoding: str, segments: int) -> None:
    assert count(text) == (encoding, segments)
    assert encoding_of(text) == encoding
    assert len(split(text).parts) == segments


def test_a_16_bit_reference_costs_one() -> None:
    assert len(split("a" * 305, reference_bits=16).parts) == 3
    assert count("a" * 304, 16) == ("gsm7", 2)
    assert count("ž" * 133, 16) == ("ucs2", 3)


@pytest.mark.parametrize("text", ["a" * (255 * 153), "ž" * (255 * 67)])
def test_255_parts_are_the_most(text: str) -> None:
    assert count(text)[1] == 255
    assert len(split(text).parts) == 255
    with pytest.raises(TooManySegments):
        count(text + text[0])
    with pytest.raises(TooManySegments):
        split(text + text[0])


def test_pairs_are_counted_before_the_255_limit() -> None:
    text = "€" * (76 * 255)
    assert count(text)[1] == 255
    with pytest.raises(TooManySegments):
        count(text + "€")


def test_a_character_outside_the_alphabet_is_refused() -> None:
    with pytest.raises(ValueError, match="GSM"):
        encode_gsm7("ž")


def test_unknown_extension_codes_read_as_their_basic_character() -> None:
    assert decode_gsm7(b"\x1bA\x1b\x65\x1b") == "A€ "
    assert decode_gsm7(b"caf\xe9") == "café"


def test_transliteration_keeps_gsm_text_and_frees_the_rest() -> None:
    assert transliterate("plain €") == "plain €"
    written = "\u201cIt\u2019s `5\u20136`\u2026\u201d\u00a0\u00e7a"
    assert transliterate(written) == "\"It's '5-6'...\" Ça"
    assert encoding_of(transliterate(written)) == "gsm7"
    assert transliterate("漢“”") == '漢""'


def test_a_lone_surrogate_does_not_crash() -> None:
    assert encode_ucs2("\ud800") == b"\x00?"
    assert count("\ud800" * 71) == ("ucs2", 2)
    assert len(split("\ud800" * 71).parts) == 2
