"""Telephone numbers by libphonenumber (14 microseconds each), with a short way for ordinary ones (2)."""

import re
from functools import cache, lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneMetadata

DECORATION = str.maketrans("", "", " ()/.-\u00a0")
CALLING_CODES = {str(code): regions[0] for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items()}
SHORTEST = len("+4912345")
"""Some plans hold two digits for a possible number; with the calling code, no customer's is this short."""


class Plan(NamedTuple):
    """How a country numbers: `number` may follow the calling code, `abroad` is the prefix to call out."""

    code: str
    trunk: str
    number: re.Pattern[str]
    abroad: re.Pattern[str]


@cache
def _plain(region: str) -> Plan | None:
    """Return the plan of a region whose numbers need no rules beyond it."""
    rules = PhoneMetadata.metadata_for_region(region, None)
    if rules is None or rules.general_desc is None or rules.national_prefix_transform_rule:
        return None
    trunk = rules.national_prefix or ""
    if (rules.national_prefix_for_parsing or "") != trunk or trunk not in ("", "0"):
        return None
    number = re.compile(rules.general_desc.national_number_pattern or "(?!)")
    return Plan(str(rules.country_code), trunk, number, re.compile(rules.international_prefix or "00"))


@lru_cache(maxsize=131_072)
def e164(text: str, region: str | None) -> str | None:
    """Return the number in E.164, or None if it cannot be one.

    >>> e164("+49 (0)170 1234567", None), e164("0170/1234567", "DE"), e164("600 123 456", "ES")
    ('+491701234567', '+491701234567', '+34600123456')
    """
    digits = text.translate(DECORATION)
    if digits.isascii():
        quick = _abroad(digits) if digits[:1] == "+" else _at_home(digits, region)
        if quick:
            return quick
    return _asked(text, region)


def _abroad(digits: str) -> str | None:
    for length in (2, 3):
        home = CALLING_CODES.get(digits[1 : 1 + length])
        if home:
            rules = _plain(home)
            known = rules and len(digits) > SHORTEST and rules.number.fullmatch(digits, 1 + length)
            return digits if known else None
    return None


def _at_home(digits: str, region: str | None) -> str | None:
    rules = _plain(region) if region else None
    if rules is None or rules.abroad.match(digits):
        return None
    rest = digits[1:] if rules.trunk and digits[:1] == rules.trunk else digits
    said = f"+{rules.code}{rest}"
    return said if len(said) > SHORTEST and rules.number.fullmatch(rest) else None


def _asked(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region if region in phonenumbers.SUPPORTED_REGIONS else None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    said = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return said if len(said) > SHORTEST else None


@lru_cache(maxsize=16_384)
def region(number: str) -> str | None:
    """Return the country of a number in E.164."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return None
    found = phonenumbers.region_code_for_number(parsed) or CALLING_CODES.get(str(parsed.country_code))
    return found if found in phonenumbers.SUPPORTED_REGIONS else None


def said(number: str, *, national: bool) -> str:
    """Return a number in E.164 as its own country writes it, with or without the trunk prefix.

    >>> said("+491701234567", national=True), said("+491701234567", national=False)
    ('0170 1234567', '1701234567')
    """
    parsed = phonenumbers.parse(number)
    if national:
        return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL)
    return phonenumbers.national_significant_number(parsed)
