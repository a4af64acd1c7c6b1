"""What a captcha shows. Its letters are computed from its name under the key of signing in, which is the test's own: the product has no
way around them, and without the key this is as good as any guess."""

import hashlib
import hmac

ALPHABET = "CFHJKLMPSTVXZ"
LENGTH = 5


def letters(key, captcha):
    own = hmac.new(key.encode(), b"captchas", hashlib.sha256).digest()
    number = int.from_bytes(hmac.new(own, captcha.encode(), hashlib.sha256).digest()[:8], "big")
    text = ""
    for _ in range(LENGTH):
        number, letter = divmod(number, len(ALPHABET))
        text += ALPHABET[letter]
    return text
