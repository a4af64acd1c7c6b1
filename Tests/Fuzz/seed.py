#!/usr/bin/env python3
"""Writes the first inputs of each corpus: what is well formed, and one of each kind that the tests refuse.

What fuzzing found out is added by `Fuzz NAME -merge=1 Tests/Fuzz/corpus/NAME .build-fuzz/corpus/NAME`.
"""

import base64
import pathlib

FOLDER = pathlib.Path(__file__).parent / "corpus"
PART = b'Content-Disposition: form-data; name="a"; filename="b.txt"\r\n'
UUID = b"0190b3a0-7c1e-7d2f-8a3b-4c5d6e7f8091"
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def form(body, choice=b"\x05", boundary=b"b"):
    return choice + boundary + b"\n" + body


def envelope(payload, extensions=b"", version=1):
    return b"\x02" + version.to_bytes(2, "big") + len(extensions).to_bytes(2, "big") + extensions + len(payload).to_bytes(4, "big") + payload


def entry(body):
    return b"1700000000000|1700000000000|1|0||7|3:42|" + UUID + b"|file.transfer|key|" + body


WHOLE = b"--b\r\n" + PART + b"Content-Type: text/plain; charset=\"utf-8\"\r\n\r\nhello\r\n--b\r\nContent-Disposition: form-data; name=c\r\n\r\nv\r\n--b--\r\n"

CORPORA = {
    "multipart": [form(WHOLE), form(WHOLE, b"\x85"), form(b"pre\r\n" + WHOLE, b"\x87"), form(b"--b--"), form(b"--b  \r\n" + PART + b"\r\n--b--")]
    + [form(b"--b\r\n" + PART + b"\r\n" + piece * 20 + b"\r\n--b--") for piece in (b"\r", b"\n", b"\r\n", b"\r\n-", b"\r\n--", b"-", b"\r\n--x")]
    + [form(b"--b\r\n" + field + b"\r\n\r\nx\r\n--b--") for field in (
        b"Content-Disposition: form-data; name=a; name=b", b"Content-Disposition: form-data; name=a\r\n folded", b"Content-Type: multipart/mixed",
        b"content-disposition:form-data;name=\"a\\\"b\";filename*=UTF-8''x", PART + b"Content-Transfer-Encoding: base64", b"no colon")]
    + [form(WHOLE.replace(b"--b", b"--longer-boundary'()+_,-./:=?"), b"\x40", b"longer-boundary'()+_,-./:=?"), form(WHOLE[:-9])],
    "parameters": [b'multipart/form-data; boundary="a b"', b"text/html; charset=utf-8; a=\"\\\"\\\\\"", b"form-data; name=\"a%22b\"; filename=\"C:\\dir\\x.txt\"",
        b"a=b&c=d%20e+f&limit=12&q=%C3%A9", b"limit=00000000000000000000012", b"bytes=0-99", b"bytes=-5", b"bytes=9223372036854775807-",
        b"bytes=0-0,5-6", b"%00", b"%2", b"%ED%A0%80", "r\u00e9sum\u00e9 \u202egpj.exe".encode(), b"a=1;;b=2; c", b"x" * 300],
    # The letters are those whose number, divided by the count of fields, leaves the field's place.
    "tus": [b"i5\nk6wordsXYZ", b"i10\nkfilename aGVsbG8=,empty\n", b"j1\n", b"h9223372036854775807\nlsha1 qvTGHdzF6KLavt4PO0gs2a6pQ00=\n",
        b"mpartial\ni3\n", b"mfinal;/api/v1/uploads/" + UUID + b" https://a.b/api/v1/uploads/" + UUID[:-1] + b"2\n", b"oUpload-Checksum\ni1\n",
        b"filename aGVsbG8=, type dGV4dA==", b"sha256 LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", b"crc32c yZRlqg==",
        b"final;/api/v1/uploads/" + UUID, b"partial"],
    "repetition": [b"ssha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:\n", b"psha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:, unixsum=:aGk=:\n",
        b"uXUFAKrxLKna5cZ2REBfFkg==\n", b'q"8e03978e-40d5-43dd-bc93-6894a57f9324"\n', b"qplain-key\n", b'q"a\\"b"\n', b"rContent-Digest\n", b"aGVsbG8="],
    "names": [b"a.txt", b"../../etc/passwd", b"C:\\dir\\a.txt", b"CON", b"con.txt", b"a%2Fb", b"a%00", b" .. ", b"\xff", "e\u0301.txt".encode(),
        "\u202egpj.exe".encode(), ("\U0001F468\u200d\U0001F469" * 40 + ".txt").encode(), b"a" * 300 + b".tar.gz", b"a:b", b"%2\xe2\x80\x8bF"],
    "cursor": [b"1\ncreated\n" + UUID + b"\n", b"1\n-name\n" + UUID + b"\nb.txt", b"1\nsize\n" + UUID + b"\n1024",
        base64.urlsafe_b64encode(b"1\n-created\n" + UUID + b"\n").rstrip(b"="), b"MQ", b"1\nname\n" + UUID + b"\na\nb"],
    "envelope": [b"\x01" + envelope(b"{}"), b"\x01" + envelope(b"", b"\x01\x06\x00\x00\x00\x00\x10\x00\x02\x06\x00\x00\x00\x01\x00\x00"),
        b"\x01" + envelope(b"x", b"\x03" + bytes([len(TRACE)]) + TRACE + b"\x09\x01z"), b"\x00" + entry(envelope(b"{}")), b"\x00" + entry(b"x"),
        b"\x00|||||1|0:|a|b||"],
    "resp": [b"+OK\r\n", b"-ERR no\r\n", b":-12\r\n", b"$-1\r\n", b"*-1\r\n", b"$5\r\nhello\r\n", b"*2\r\n$1\r\na\r\n*2\r\n:1\r\n+b\r\n", b"*0\r\n$0\r\n\r\n",
        b"*1\r\n" * 9 + b":1\r\n", b"$9999999999\r\n", b"*4294967296\r\n", b":9223372036854775808\r\n", b"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$2\r\nhi\r\n"],
}

for name, inputs in CORPORA.items():
    (FOLDER / name).mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(inputs):
        (FOLDER / name / f"seed-{number:02}").write_bytes(content)
