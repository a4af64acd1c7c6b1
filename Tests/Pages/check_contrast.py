"""Computes the contrast of each pair of colours that the style sheet puts together, in both schemes (WCAG 2.2, 1.4.3 and 1.4.11)."""

import pathlib
import re
import sys

CSS = (pathlib.Path(__file__).resolve().parents[2] / "Sources/Web/Pages/Assets/sluice.css").read_text()
TEXT, PART = 4.5, 3.0

# what, on what, at least, where
PAIRS = [
    ("ink", "ground", TEXT, "text"), ("ink", "surface", TEXT, "text on cards"), ("ink", "sunken", TEXT, "text on a hovered row, current page"),
    ("ink", "wash", TEXT, "notice, tag"), ("ink", "danger-wash", TEXT, "error summary"),
    ("soft", "ground", TEXT, "hints, footer"), ("soft", "surface", TEXT, "hints, placeholders"), ("soft", "sunken", TEXT, "hints on a hovered row"),
    ("soft", "wash", TEXT, "hints in a notice, drop target"),
    ("accent", "ground", TEXT, "links"), ("accent", "surface", TEXT, "links on cards"), ("accent", "sunken", TEXT, "links on a hovered row"),
    ("accent", "wash", TEXT, "link in the drop target"), ("accent-deep", "surface", TEXT, "hovered links"), ("accent-deep", "ground", TEXT, "hovered links"),
    ("on-accent", "accent", TEXT, "button"), ("on-accent", "accent-deep", TEXT, "hovered button"),
    ("danger", "surface", TEXT, "field error"), ("danger", "ground", TEXT, "field error on the page"), ("danger", "danger-wash", TEXT, "links in the error summary"),
    ("danger", "sunken", TEXT, "failure on a hovered row"), ("danger-deep", "danger-wash", TEXT, "hovered links in the error summary"),
    ("on-danger", "danger-fill", TEXT, "delete button"), ("on-danger", "danger-fill-deep", TEXT, "hovered delete button"),
    ("edge", "ground", PART, "border of fields, drop zone"), ("edge", "surface", PART, "border of fields on cards"),
    ("accent", "ground", PART, "focus ring"), ("accent", "surface", PART, "focus ring on cards, progress, state dot"), ("accent", "sunken", PART, "progress on its track"),
    ("danger", "surface", PART, "border of a refused field, state dot"), ("accent", "on-accent", PART, "mark"),
    ("danger-fill", "surface", PART, "delete button beside the dialog"),
]


def variables(text):
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", text))


def luminance(colour):
    channels = [int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(a, b):
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def main():
    light_text, dark_text = CSS.split("@media (prefers-color-scheme: dark)", 1)
    light = variables(light_text)
    dark = {**light, **variables(dark_text.split("/* Ground */")[0])}
    worst = 0
    print(f"{'':24}{'on':13}{'least':>6}{'light':>7}{'dark':>7}")
    for front, back, least, where in PAIRS:
        ratios = [ratio(scheme[front], scheme[back]) for scheme in (light, dark)]
        low = min(ratios) < least
        worst += low
        print(f"{front:24}{back:13}{least:6.1f}{ratios[0]:7.2f}{ratios[1]:7.2f}  {where}{'  TOO LOW' if low else ''}")
    print(f"contrast: {len(PAIRS)} pairs of colours, {worst} too low")
    return 1 if worst else 0


if __name__ == "__main__":
    sys.exit(main())
