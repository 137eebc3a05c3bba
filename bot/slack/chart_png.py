"""Draws a chart as a PNG: the same content as the `data_visualization` block that Slack refused.

Run as a program, it reads the block as JSON and writes the picture: the plotting library then never stays in the bot's
memory.
"""

import asyncio
import io
import sys
from typing import Any, Final

import msgspec

SECONDS: Final = 20.0
_SIZE: Final = (8.0, 3.6)
_DOTS_PER_INCH: Final = 150
# Okabe and Ito's colours, which people with any colour vision tell apart (https://jfly.uni-koeln.de/color/).
_COLORS: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_INK: Final = "#3b3f46"


class NotDrawn(Exception):
    """The picture could not be drawn."""


async def png_of(block: dict[str, Any]) -> bytes:
    """Return the picture of a chart block, drawn in a process of its own.

    Raises:
        NotDrawn: it took too long, or failed.
    """
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", __name__),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            picture, said = await program.communicate(msgspec.json.encode(block))
    except TimeoutError as error:
        program.kill()
        await program.wait()
        raise NotDrawn(f"it took longer than {SECONDS:.0f} seconds") from error
    if program.returncode or not picture:
        raise NotDrawn(said.decode("utf-8", "replace")[-500:])
    return picture


def draw(block: dict[str, Any]) -> bytes:
    """Return a chart block as a PNG of 1200 × 540 pixels; what is unknown is a gap."""
    from matplotlib.figure import Figure

    chart = block["chart"]
    labels = chart["axis_config"]["categories"]
    figure = Figure(figsize=_SIZE, dpi=_DOTS_PER_INCH, facecolor="white", layout="constrained")
    axes = figure.add_subplot()
    for number, series in enumerate(chart["series"]):
        known = {point["label"]: point["value"] for point in series["data"]}
        values = [float("nan") if known.get(label) is None else float(known[label]) for label in labels]
        _series(axes, chart["type"], series["name"], values, number, len(chart["series"]))
    axes.set_title(block["title"], loc="left", color=_INK, fontsize=12, fontweight="bold")
    slanted: dict[str, Any] = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if len(labels) > 8 else {}
    axes.set_xticks(range(len(labels)), labels, **slanted)
    axes.tick_params(colors=_INK, length=0)
    axes.grid(axis="y", color="#e3e5e8")
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    if len(chart["series"]) > 1:
        # Outside, so that room is kept for it below labels of any length.
        figure.legend(loc="outside lower left", ncols=3, frameon=False, labelcolor=_INK)
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _series(axes: Any, kind: str, name: str, values: list[float], number: int, of: int) -> None:
    color, places = _COLORS[number % len(_COLORS)], range(len(values))
    if kind == "bar":
        width = 0.8 / of
        shifted = [place + (number - (of - 1) / 2) * width for place in places]
        axes.bar(shifted, values, width * 0.92, label=name, color=color)
        return
    axes.plot(places, values, label=name, color=color, linewidth=2, marker="o", markersize=4)
    if kind == "area":
        axes.fill_between(places, values, alpha=0.2, color=color)


def main() -> None:
    """Read a block, write its picture."""
    sys.stdout.buffer.write(draw(msgspec.json.decode(sys.stdin.buffer.read())))


if __name__ == "__main__":
    main()
