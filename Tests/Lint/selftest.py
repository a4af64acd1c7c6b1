#!/usr/bin/env python3
"""Plants violations and looks whether the checks find them: a check that cannot fail checks nothing."""

import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
import imports
import rules
import standards


class Planted(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "Sources").mkdir()

    def plant(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def forbidden(self, path, text):
        self.plant(path, text)
        found = list(imports.breaches(self.root))
        self.assertEqual(len(found), 1, found)
        self.assertIn(path.rsplit("/", 1)[-1], found[0])

    def allowed(self, path, text):
        self.plant(path, text)
        self.assertEqual(list(imports.breaches(self.root)), [])


class Imports(Planted):
    def test_web_cannot_speak_ftp(self):
        self.forbidden("Sources/Web/Routes/A.swift", "import Logging\nimport Curl\n")

    def test_web_cannot_speak_ftp_even_in_its_main(self):
        self.forbidden("Sources/Web/main.swift", "import Curl\n")

    def test_worker_serves_no_pages(self):
        self.forbidden("Sources/Worker/A.swift", "internal import HummingbirdCore\n")

    def test_only_the_adapter_imports_its_c_library(self):
        self.forbidden("Sources/Jobs/A.swift", "import CHiredis\n")

    def test_no_test_imports_a_c_library(self):
        self.forbidden("Tests/RedisTests/A.swift", "import CHiredis\n")

    def test_no_testable(self):
        self.forbidden("Tests/RedisTests/A.swift", "@testable import Redis\n")

    def test_libraries_do_not_know_executables(self):
        self.forbidden("Sources/Files/A.swift", "import Web\n")

    def test_adapters_do_not_know_each_other(self):
        self.forbidden("Sources/Redis/A.swift", "import Postgres\n")

    def test_postgres_stands_without_nio(self):
        self.forbidden("Sources/Postgres/A.swift", "import NIOCore\n")

    def test_longest_pattern_counts(self):
        self.forbidden("Sources/Files/A.swift", "import NIOSSL\n")

    def test_no_second_crypto_library(self):
        self.forbidden("Sources/Accounts/A.swift", "import Crypto\n")

    def test_every_spelling_of_an_import(self):
        for text in (
            "public import Curl",
            "package import struct Curl.FTPClient",
            "@preconcurrency import Curl",
            "@_spi(Some) public import class Curl.A",
            "  import Curl // why",
            "#if os(Linux)\nimport Curl\n#endif",
        ):
            with self.subTest(text):
                self.forbidden("Sources/Files/A.swift", text)

    def test_unknown_targets_are_reported(self):
        self.plant("Sources/Utils/A.swift", "")
        self.assertEqual(len(list(imports.breaches(self.root))), 1)

    def test_the_composition_root_may_wire(self):
        self.plant("Sources/Web/main.swift", "import Redis\n")
        self.allowed("Sources/Web/Wiring.swift", "import Redis\nimport Postgres\n")

    def test_an_attribute_marks_the_main_file(self):
        self.plant("Sources/Worker/Program.swift", "import Redis\n@main\nstruct Program {}\n")
        self.allowed("Sources/Worker/Wiring.swift", "import Postgres\n")

    def test_the_composition_root_is_one_file(self):
        self.plant("Sources/Web/Wiring.swift", "import Redis\n")
        self.plant("Sources/Web/Another.swift", "import Redis\n")
        self.assertEqual(len(list(imports.breaches(self.root))), 2)

    def test_comments_and_literals_are_not_code(self):
        self.allowed(
            "Sources/Web/A.swift",
            '// import Curl\n/*\nimport Curl\n*/\nlet a = """\nimport Curl\n"""\nlet b = "https://x"\nimport Files\n',
        )

    def test_what_the_table_allows(self):
        self.plant("Sources/Curl/A.swift", "import CCurl\nimport Platform\nimport Logging\n")
        self.allowed("Sources/Worker/A.swift", "import Files\nimport Jobs\nimport Curl\n")


class Rules(Planted):
    def broken(self, path, text):
        self.plant(path, text)
        self.assertEqual(len(list(rules.breaches(self.root))), 1)

    def test_detached_task(self):
        self.broken("Sources/Redis/A.swift", "Task\n  .detached { }\n")

    def test_unchecked_above_the_adapters(self):
        self.broken("Sources/Files/A.swift", "final class A: @unchecked Sendable {}\n")

    def test_unsafe_above_the_adapters(self):
        self.broken("Sources/Web/A.swift", "nonisolated(unsafe) var a = 1\n")

    def test_forced_try(self):
        self.broken("Sources/Web/A.swift", "let a = try! b()\n")

    def test_nameless_metadata(self):
        self.broken("Sources/Web/A.swift", 'log.info("a", metadata: ["b": "c"])\n')

    def test_requests_to_addresses_of_others(self):
        self.broken("Sources/Worker/A.swift", "let a = HTTPClient()\n")

    def test_fatal_error(self):
        self.broken("Sources/Postgres/A.swift", 'fatalError("x")\n')

    def test_length(self):
        self.broken("Tests/FilesTests/A.swift", "\n" * 501)

    def test_unfinished(self):
        self.broken("compose/local/stack", "# TO" "DO\n")

    def test_adapters_may_vouch(self):
        self.plant("Sources/Redis/A.swift", "final class A: @unchecked Sendable {} // not Task.detached\n")
        self.assertEqual(list(rules.breaches(self.root)), [])


class Standards(Planted):
    ROWS = (
        "| ASVS 6.2.1 | a length | `ATests`, `test_c.py` |\n| ASVS 6.2.12 | breached | none: later |\n"
        "| ASVS 7.2.4 | a new identifier | `ATests` |\n| H87 | forged | `BTests` |\n| H88 | old ones | `ATests`, `BTests`, `test_c.py` |\n")

    def setUp(self):
        super().setUp()
        self.plant("docs/security.md", self.ROWS)
        self.plant("Tests/AccountsTests/ATests.swift", '@Test(\n    "H88 ASVS 6.2.1, 7.2.4 one of each", arguments: [1])\n')
        self.plant("Tests/WebTests/BTests.swift", '@Test("H87 H88 another \\"one\\"")\n')
        self.plant("Tests/Stack/test_c.py", "    def test_h88_asvs_6_2_1_in_python(self):\n")

    def found(self):
        return list(standards.breaches(self.root))

    def test_kept(self):
        self.assertEqual(self.found(), [])

    def test_a_renamed_test(self):
        self.plant("Tests/WebTests/BTests.swift", '@Test("H87 another one")\n// "H88"\n')
        self.assertEqual(self.found(), ["docs/security.md: no test in BTests has H88 in its name"])

    def test_a_number_that_another_one_begins_with(self):
        self.plant("Tests/AccountsTests/ATests.swift", '@Test("H881 H88 ASVS 6.2.1 7.2.41")\n')
        self.assertIn("docs/security.md: no test in ATests has ASVS 7.2.4 in its name", self.found())
        self.assertIn("docs/security.md: ASVS 7.2.41 in ATests has no row, or its row does not name the file", self.found())

    def test_a_row_that_does_not_name_the_file(self):
        self.plant("Tests/WebTests/CTests.swift", '@Test("H88 a third")\n')
        self.assertEqual(self.found(), ["docs/security.md: H88 in CTests has no row, or its row does not name the file"])

    def test_a_number_in_python_that_is_gone(self):
        self.plant("Tests/Stack/test_c.py", "def test_h881_asvs_6_2_1(): pass\ndef test_graph88(): pass\n")
        self.assertEqual(
            self.found(),
            ["docs/security.md: no test in test_c.py has H88 in its name",
             "docs/security.md: H881 in test_c.py has no row, or its row does not name the file"])

    def test_a_number_with_two_rows_and_one_with_none(self):
        self.plant("docs/security.md", self.ROWS + "| H88 | again | `ATests`, `BTests`, `test_c.py` |\n| H90 | later | none: later |\n")
        self.assertEqual(self.found(), ["docs/security.md: H88 has two rows", "docs/security.md: there is no row for H89"])

    def test_a_row_without_test_and_reason(self):
        self.plant("docs/security.md", self.ROWS + "| ASVS 7.4.4 | a button | |\n")
        self.assertEqual(len(self.found()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=0)
