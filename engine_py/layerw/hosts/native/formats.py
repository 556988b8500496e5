"""What the table's formats are in wgpu."""

from __future__ import annotations

PICTURE = "rgba8unorm-srgb"
FORMATS = {
    "depth32float": "depth32float", "picture": PICTURE, "rgb10a2": "rgb10a2unorm", "rgba16float": "rgba16float",
    "rg16float": "rg16float", "r32float": "r32float", "rg32uint": "rg32uint", "rgba32float": "rgba32float",
}  # fmt: skip
NOTHING = "r8unorm"  # of an output that a pass has no target for: wgpu-py takes no gaps


def sample_type(format_: str) -> str:
    """How a shader reads it."""
    if format_ == "depth32float":
        return "depth"
    return "unfilterable-float" if format_.endswith("32float") else "float"
