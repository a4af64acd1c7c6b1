import HTTPTypes
import Platform
import Testing
import Web

private let part = "018f4e9a-7c00-7abc-8def-0123456789ab"

/// The grammar of the protocol's fields, without a server.
@Suite("Fields of tus")
struct TusSyntaxTests {
    private static func fields(_ pairs: [(HTTPField.Name, String)]) -> HTTPFields {
        HTTPFields(pairs.map { HTTPField(name: $0, value: $1) })
    }

    @Test("a count is digits and nothing else", arguments: [("0", 0), ("007", 7), ("9223372036854775807", Int64.max)])
    func counts(text: String, count: Int64) throws {
        #expect(try Self.fields([(.uploadLength, text)]).count(of: .length) == count)
        #expect(try Self.fields([(.uploadOffset, text)]).count(of: .offset) == count)
        #expect(try HTTPFields().count(of: .offset) == nil)
    }

    @Test(
        "H49 what is no count of bytes, or one that does not fit",
        arguments: [
            "-1", "+1", "1e3", "9223372036854775808", "", " ", "1 2", "1,1", "1.0", "0x10", "text", "١", "99999999999999999999999999",
            "0000000000000000000000000001", "NaN",
        ])
    func noCounts(text: String) {
        let fields = Self.fields([(.uploadLength, text)])
        #expect(throws: UploadFieldError.self) { try fields.count(of: .length) }
        #expect(throws: UploadFieldError.self) { try CreationFields(fields) }
        #expect(throws: UploadFieldError.self) { try AppendFields(Self.fields([(.uploadOffset, text)])) }
    }

    @Test("H49 two fields of a name are none")
    func twice() {
        let fields = Self.fields([(.uploadLength, "1"), (.uploadLength, "1")])
        #expect(throws: UploadFieldError.self) { try fields.count(of: .length) }
    }

    @Test("a creation has a length, or says that it will come, and not both")
    func lengths() throws {
        #expect(try CreationFields(Self.fields([(.uploadLength, "5")])).kind == .whole(length: 5))
        #expect(try CreationFields(Self.fields([(.uploadDeferLength, "1")])).kind == .whole(length: nil))
        #expect(try CreationFields(Self.fields([(.uploadLength, "5"), (.uploadConcat, "partial")])).kind == .part(length: 5))
        #expect(throws: UploadFieldError.self) { try CreationFields([:]) }
        #expect(throws: UploadFieldError.self) { try CreationFields(Self.fields([(.uploadLength, "5"), (.uploadDeferLength, "1")])) }
        for text in ["0", "2", "", "true", "1, 1"] {
            #expect(throws: UploadFieldError.self) { try CreationFields(Self.fields([(.uploadDeferLength, text)])) }
        }
    }

    @Test("metadata: keys with values, empty values with and without a blank, and the field as it was sent")
    func metadata() throws {
        let text = "filename d29ybGQucGRm,is_confidential,empty ,note aGk="
        let metadata = try UploadMetadata(text)
        #expect(metadata.text == text)
        #expect(metadata["filename"] == Array("world.pdf".utf8) && metadata["note"] == Array("hi".utf8))
        #expect(metadata["is_confidential"] == [] && metadata["empty"] == [] && metadata["other"] == nil)
        #expect(try UploadMetadata("")["filename"] == nil)
        #expect(try UploadMetadata(nil).text.isEmpty)
        #expect(try UploadMetadata("a YQ==, b Yg==")["b"] == [0x62])
    }

    @Test(
        "H53 metadata that is none",
        arguments: [
            "a YQ==,a Yg==", "a YQ==,", ",", ",a YQ==", "a YQ==,,b Yg==", " ", "a  YQ==", "a YQ", "a YQ==\r\nX: 1", "a YQ==\nb",
            "a\u{0} YQ==",
            "a YQ==\t", "é YQ==", "a b c", "a:b YQ==", "a \u{7F}", "a %41", "a Y Q==", "\"a\" YQ==",
        ])
    func noMetadata(text: String) {
        #expect(throws: UploadFieldError.self) { try UploadMetadata(text) }
    }

    @Test("H53 metadata has limits")
    func largeMetadata() throws {
        let pairs = (0..<UploadMetadata.maximumCount).map { "k\($0) YQ==" }
        #expect(try UploadMetadata(pairs.joined(separator: ","))["k31"] == [0x61])
        #expect(throws: UploadFieldError.self) { try UploadMetadata((pairs + ["more"]).joined(separator: ",")) }
        #expect(throws: UploadFieldError.self) { try UploadMetadata("a " + String(repeating: "YWFh", count: 1 << 18)) }
        #expect(throws: UploadFieldError.self) { try UploadMetadata(String(repeating: ",", count: 1 << 20)) }
    }

    @Test("a checksum is an algorithm and as many bytes as it makes")
    func checksum() throws {
        let sha1 = try UploadChecksum("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=")
        #expect(sha1.algorithm == .sha1 && sha1.digest.count == 20 && sha1.digest.first == 0x2A)
        #expect(try UploadChecksum("crc32c yZRlqg==").digest == [0xC9, 0x94, 0x65, 0xAA])
    }

    @Test(
        "H54 a checksum that is none",
        arguments: [
            "", " ", "sha1", "sha1 ", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0", "sha1  Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 YQ==", "sha1:YQ==",
            "crc32c Kq5sNclPz7QV2+lfQIuc6R7oRu0=", "sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=, sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=",
            "sha1 " + String(repeating: "A", count: 1 << 20),
        ])
    func noChecksum(text: String) {
        #expect { try UploadChecksum(text) } throws: { ($0 as? UploadFieldError)?.isUnsupported == false }
    }

    @Test("H54 algorithms that are not there", arguments: ["md5", "SHA1", "sha-1", "crc32", "none", "sha512"])
    func unsupported(algorithm: String) {
        #expect { try UploadChecksum("\(algorithm) YWFhYQ==") } throws: { ($0 as? UploadFieldError)?.isUnsupported == true }
    }

    @Test(
        "H54 a checksum in the trailer is refused, for nobody would compare it",
        arguments: ["Upload-Checksum", "a, upload-CHECKSUM ", "X,Upload-Checksum"])
    func trailer(names: String) throws {
        #expect(throws: UploadFieldError.self) { try AppendFields(Self.fields([(.uploadOffset, "0"), (.trailer, names)])) }
        #expect(try AppendFields(Self.fields([(.uploadOffset, "0"), (.trailer, "X-Upload-Checksum, Expires")])).checksum == nil)
    }

    @Test("parts are named by their addresses, whatever the host")
    func concat() throws {
        let other = "018f4e9a-7c00-7abc-8def-0123456789ac"
        let (first, second) = (try #require(UUIDv7(part)), try #require(UUIDv7(other)))
        let text = "final;/api/v1/uploads/\(part) https://proxy.example:8443/api/v1/uploads/\(other)"
        #expect(try UploadConcat(text) == .final([first, second]))
        #expect(try UploadConcat("partial") == .partial)
        #expect(UploadConcat.final([first]).text == "final;/api/v1/uploads/\(part)")
        let fields = Self.fields([(.uploadConcat, text)])
        #expect(try CreationFields(fields).kind == .joined([first, second]))
        for field in [UploadField.length, .deferLength] {
            let more = Self.fields([(.uploadConcat, text), (field.name, "1")])
            #expect(throws: UploadFieldError.self) { try CreationFields(more) }
        }
    }

    @Test(
        "H50 H51 what names no part, or one twice",
        arguments: [
            "", "Partial", "partial;", "final", "final;", "final; ", "final;/api/v1/uploads/", "final;/api/v1/uploads/a",
            "final;/api/v1/files/\(part)", "final;/api/v1/uploads/\(part) ", "final; /api/v1/uploads/\(part)",
            "final;/api/v1/uploads/\(part)/",
            "final;/api/v1/uploads/../uploads/\(part)", "final;/api/v1/uploads/\(part)?a=1", "final;/api/v1/uploads/\(part)#a",
            "final;/api/v1/uploads/\(part.uppercased())", "final;//api/v1/uploads/\(part)", "final;ftp://a/api/v1/uploads/\(part)",
            "final;\(part)",
            "final;/api/v1/uploads/%30\(part.dropFirst())", "final;/api/v1/uploads/\(part) /api/v1/uploads/\(part)",
            "final;/api/v1/uploads/\(part)  /api/v1/uploads/018f4e9a-7c00-7abc-8def-0123456789ac", "final;/api/v1/uploads/\(part)\u{0}",
            "final;https://a", "final;https:///api/v1/uploads/",
        ])
    func noConcat(text: String) {
        #expect(throws: UploadFieldError.self) { try UploadConcat(text) }
    }

    @Test("parts have a limit")
    func manyParts() throws {
        let urls = (0..<101).map { "/api/v1/uploads/" + UUIDv7(milliseconds: Int64($0)).description }
        guard case .final(let parts) = try UploadConcat("final;" + urls.prefix(100).joined(separator: " ")) else { return }
        #expect(parts.count == 100)
        #expect(throws: UploadFieldError.self) { try UploadConcat("final;" + urls.joined(separator: " ")) }
        #expect(throws: UploadFieldError.self) { try UploadConcat("final;" + String(repeating: " ", count: 1 << 20)) }
    }

    @Test(
        "the moment of expiry is an IMF-fixdate",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_164_799, "Wed, 28 Feb 2024 23:59:59 GMT"), (1_709_164_800, "Thu, 29 Feb 2024 00:00:00 GMT"),
            (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
        ])
    func expiry(seconds: Int64, text: String) {
        #expect(UploadExpiry.text(seconds: seconds) == text)
    }
}
