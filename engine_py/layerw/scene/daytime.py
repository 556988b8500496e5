"""Where the sun stands at a place, on a day, at an hour.

Owns nothing. Limits: solar time (12 is when the sun is highest), no refraction, a round orbit: within half a degree.
Source: J. Meeus, "Astronomical Algorithms", chapters 13 (horizontal coordinates) and 25 (declination, its first term).
"""

from __future__ import annotations

import math

TILT = math.radians(23.44)  # of the Earth's axis
YEAR_DAYS = 365.25
MARCH_EQUINOX_DAY = 79.5  # days since the year began


def solar_angles(latitude: float, day: float, hour: float) -> tuple[float, float]:
    """Elevation above the horizon and azimuth from north towards east, radians."""
    along = 2 * math.pi * (day - 1 + hour / 24 - MARCH_EQUINOX_DAY) / YEAR_DAYS  # the ecliptic
    declination = math.asin(math.sin(TILT) * math.sin(along))
    turned = math.radians(15 * (hour - 12))  # the Earth since noon
    up = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(turned)
    east = -math.cos(declination) * math.sin(turned)
    north = math.cos(latitude) * math.sin(declination) - math.sin(latitude) * math.cos(declination) * math.cos(turned)
    return math.asin(max(-1.0, min(1.0, up))), math.atan2(east, north) % (2 * math.pi)
