"""A stand-in for the captcha: a picture and a sound, with the standard library alone."""

import io
import math
import random
import struct
import wave
import zlib

GLYPHS = {
    "K": ["10001", "10010", "10100", "11000", "10100", "10010", "10001"], "R": ["11110", "10001", "10001", "11110", "10100", "10010", "10001"],
    "W": ["10001", "10001", "10001", "10101", "10101", "11011", "10001"], "T": ["11111", "00100", "00100", "00100", "00100", "00100", "00100"],
    "H": ["10001", "10001", "10001", "11111", "10001", "10001", "10001"], "X": ["10001", "10001", "01010", "00100", "01010", "10001", "10001"],
    "P": ["11110", "10001", "10001", "11110", "10000", "10000", "10000"],
}


def png(letters, width=220, height=80):
    noise = random.Random(letters)
    pixels = [[(247, 247, 244)] * width for _ in range(height)]

    def dot(x, y, colour, size=3):
        for dy in range(size):
            for dx in range(size):
                if 0 <= int(y) + dy < height and 0 <= int(x) + dx < width:
                    pixels[int(y) + dy][int(x) + dx] = colour

    for index, letter in enumerate(letters):
        angle = noise.uniform(-0.35, 0.35)
        cx, cy = 30 + index * 40, 40 + noise.uniform(-8, 8)
        for r, line in enumerate(GLYPHS[letter]):
            for c, bit in enumerate(line):
                if bit == "1":
                    for sub in range(24):
                        x, y = (c - 2 + (sub % 5) / 5) * 6, (r - 3 + (sub // 5) / 5) * 6
                        dot(cx + x * math.cos(angle) - y * math.sin(angle), cy + x * math.sin(angle) + y * math.cos(angle), (38, 60, 66))
    for _ in range(5):
        y0, y1, phase = noise.uniform(10, 70), noise.uniform(10, 70), noise.uniform(0, 6)
        for x in range(width):
            dot(x, y0 + (y1 - y0) * x / width + 8 * math.sin(x / 22 + phase), (96, 122, 128), 1)
    raw = b"".join(b"\0" + bytes(v for pixel in line for v in pixel) for line in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b"")


def wav(letters):
    rate = 8000
    samples = b"".join(
        struct.pack("<h", int(9000 * math.sin(2 * math.pi * (300 + 40 * i) * n / rate))) if n < rate // 3 else b"\0\0"
        for i in range(len(letters)) for n in range(rate // 2))
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples)
    return out.getvalue()
