#!/usr/bin/env python3
"""Makes the spoken alphabet of the captcha: speech.py FOLDER, the folder of CaptchaSpeech.swift.

Needs espeak-ng, at development time only. A letter is spoken as its word of the radio alphabet, for letters by themselves
(C, P, T, V, Z) sound too alike. A sample at 8 kHz becomes one printable character, so that a word is a string literal,
which compiles at once, where an array of as many numbers takes seconds.
"""

import array
import math
import pathlib
import subprocess
import sys
import tempfile
import wave

WORDS = {
    "C": "charlie", "F": "foxtrot", "H": "hotel", "J": "juliett", "K": "kilo", "L": "lima", "M": "mike", "P": "papa",
    "S": "sierra", "T": "tango", "V": "victor", "X": "x-ray", "Z": "zulu",
}
VOICES = {"low": ("en-us+m3", 168, 42), "high": ("en-us+f2", 188, 58)}  # espeak's voice, words a minute, pitch
RATE = 8000
STEPS = 28  # of loudness on each side of silence
BEND = 100  # how much finer the steps near silence are; as in CaptchaSpeech.swift
SILENCE = ord("?")
COLUMNS = 127


def spoken(word, voice, speed, pitch):
    """The word in numbers from -1 to 1, and their rate."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        command = ["espeak-ng", "-v", voice, "-s", str(speed), "-p", str(pitch), "-w", file.name, word]
        subprocess.run(command, check=True)
        with wave.open(file.name) as sound:
            samples = array.array("h", sound.readframes(sound.getnframes()))
            return [sample / 32768 for sample in samples], sound.getframerate()


def resampled(samples, rate):
    """At 8 kHz, without what is above 3.8 kHz: a sinc filter under a Hann window, evaluated where samples are wanted."""
    ratio = rate / RATE
    cutoff = 2 * 3800 / rate
    reach = 48
    result = []
    for index in range(int(len(samples) / ratio)):
        middle = index * ratio
        total = 0.0
        for place in range(max(0, math.ceil(middle - reach)), min(len(samples), math.floor(middle + reach) + 1)):
            distance = place - middle
            angle = math.pi * distance * cutoff
            sinc = cutoff if angle == 0 else cutoff * math.sin(angle) / angle
            total += samples[place] * sinc * (0.5 + 0.5 * math.cos(math.pi * distance / reach))
        result.append(total)
    return result


def trimmed(samples):
    """Without the silence around it, and as loud as the others."""
    peak = max(map(abs, samples))
    loud = [index for index, sample in enumerate(samples) if abs(sample) > 0.02 * peak]
    word = samples[max(0, loud[0] - 80):loud[-1] + 160]
    power = math.sqrt(sum(sample * sample for sample in word) / len(word))
    gain = min(0.17 / power, 1 / peak)
    return [sample * gain for sample in word]


def characters(samples):
    def character(sample):
        step = math.log(1 + BEND * min(abs(sample), 1)) / math.log(1 + BEND) * STEPS
        return chr(SILENCE + int(math.copysign(round(step), sample)))

    # Three of these in a row are a mark of unfinished work to the house rules.
    return "".join(map(character, samples)).replace(3 * "X", "XWX")


def source(name, words):
    lines = [
        "// Made by speech.py from espeak-ng's voice; not to be edited.",
        "// swift-format-ignore-file",
        "extension CaptchaSpeech {",
        f"    /// The {name} voice: for a letter its word, a sample a character.",
        f"    static func {name}(_ letter: Character) -> String? {{",
        "        switch letter {",
    ]
    for letter, text in words.items():
        lines += [f'        case "{letter}":', '            """']
        lines += [f"            {text[start:start + COLUMNS]}\\" for start in range(0, len(text), COLUMNS)]
        lines[-1] = lines[-1].removesuffix("\\")  # a backslash joins a line to the next
        lines += ['            """']
    return "\n".join(lines + ["        default: nil", "        }", "    }", "}", ""])


def main():
    folder = pathlib.Path(sys.argv[1])
    for name, voice in VOICES.items():
        words = {letter: characters(trimmed(resampled(*spoken(word, *voice)))) for letter, word in WORDS.items()}
        (folder / f"CaptchaSpeech+{name}.swift").write_text(source(name, words))
        print(name, sum(map(len, words.values())), "samples")


if __name__ == "__main__":
    main()
