"""What a test sees of an explorer's page: its clock, its words, its pixels."""

import numpy as np

from diffusion_core.explorer import ROLES

PICKED = ".explorer input[type=number]"


def clock(page):
    return int(page.locator(".clock strong").inner_text().replace(",", ""))


def shows(page, step):
    page.wait_for_function("step => document.querySelector('.clock strong').textContent == step", arg=step)


def heard(page):
    return page.locator("[role=status]").inner_text()


def colour_at(page, place, half_side=3.15, stage=0):
    """The colour of the dots' canvas at a place of the data."""
    read = """([[x, y], half, stage]) => {
        const canvas = document.querySelectorAll("canvas.dots")[stage];
        const [u, v] = [(x + half) / (2 * half), (half - y) / (2 * half)].map((share) => share * canvas.width);
        return Array.from(canvas.getContext("2d").getImageData(u, v, 1, 1).data).slice(0, 3);
    }"""
    return np.array(page.evaluate(read, [list(map(float, place)), half_side, stage]))


def on_screen(page, place, half_side=3.15):
    """Where a place of the data is on the page."""
    box = page.locator(".square").bounding_box()
    x, y = place
    return (
        box["x"] + box["width"] * (x + half_side) / (2 * half_side),
        box["y"] + box["height"] * (half_side - y) / (2 * half_side),
    )


def of_hex(colour):
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])


def palette_of(look):
    """A theme of the films as the explorer takes it."""
    return {role: getattr(look, role) for role in ROLES}
