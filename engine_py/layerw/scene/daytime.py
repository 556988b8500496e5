"""Where sun and moon stand at a place, on a day, at an hour.

Owns nothing. Limits: solar time (12 is when the sun is highest), no refraction, a round orbit: within half a degree.
The moon goes along the ecliptic, evenly, and is new on the same day of each year.
Source: J. Meeus, "Astronomical Algorithms", chapters 13 (horizontal coordinates) and 25 (declination, its first term).
"""

from __future__ import annotations

import math

TILT = math.radians(23.44)  # of the Earth's axis
YEAR_DAYS = 365.25
MARCH_EQUINOX_DAY = 79.5  # days since the year began
NEW_MOON_DAY, MONTH_DAYS = 8.0, 29.530588


def solar_angles(latitude: float, day: float, hour: float) -> tuple[float, float]:
    """Elevation above the horizon and azimuth from north towards east, radians."""
    return _angles(latitude, _along(day, hour), math.radians(15 * (hour - 12)))


def lunar_angles(latitude: float, day: float, hour: float) -> tuple[float, float]:
    """As solar_angles, of the moon."""
    ahead = 2 * math.pi * (day - 1 + hour / 24 - NEW_MOON_DAY) / MONTH_DAYS
    along = _along(day, hour)
    return _angles(latitude, along + ahead, math.radians(15 * (hour - 12)) - _right_ascension(along + ahead)
                   + _right_ascension(along))  # fmt: skip


def sky_turned(day: float, hour: float) -> float:
    """How far the stars have turned, radians: a little more than once a day."""
    return (2 * math.pi * (hour / 24 + (day - 1) / YEAR_DAYS)) % (2 * math.pi)


def _along(day: float, hour: float) -> float:
    """The sun's place on the ecliptic."""
    return 2 * math.pi * (day - 1 + hour / 24 - MARCH_EQUINOX_DAY) / YEAR_DAYS


def _right_ascension(along: float) -> float:
    return math.atan2(math.cos(TILT) * math.sin(along), math.cos(along))


def _angles(latitude: float, along: float, turned: float) -> tuple[float, float]:
    """Of what stands at this place of the ecliptic. turned: the Earth, since it was highest."""
    declination = math.asin(math.sin(TILT) * math.sin(along))
    up = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(turned)
    east = -math.cos(declination) * math.sin(turned)
    north = math.cos(latitude) * math.sin(declination) - math.sin(latitude) * math.cos(declination) * math.cos(turned)
    return math.asin(max(-1.0, min(1.0, up))), math.atan2(east, north) % (2 * math.pi)
