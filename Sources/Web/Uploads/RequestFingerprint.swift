import Cryptography
import Files
import HTTPTypes
import Hummingbird

/// What makes two requests with the same Idempotency-Key the same request.
///
/// Of the files, not of the bytes on the wire: another boundary between the same parts is no other request, and the digests of the
/// files are there already.
struct RequestFingerprint {
    private var bytes: [UInt8] = []

    /// What can be told before the body: method and path.
    static func head(of request: Request) -> SHA256Digest {
        var fingerprint = RequestFingerprint()
        fingerprint.add(request.method.rawValue)
        fingerprint.add(request.uri.path)
        return fingerprint.finish()
    }

    /// The same for a creation after tus, with all that it says about the upload.
    ///
    /// - Parameter expected: the digest that the file is to have.
    static func creation(_ request: Request, expected: SHA256Digest?) -> SHA256Digest {
        var fingerprint = RequestFingerprint()
        fingerprint.add(request.method.rawValue)
        fingerprint.add(request.uri.path)
        for name in [HTTPField.Name.uploadLength, .uploadDeferLength, .uploadMetadata, .uploadConcat] {
            fingerprint.add(request.headers[name].map { "=" + $0 } ?? "")
        }
        fingerprint.add(expected?.description ?? "")
        return fingerprint.finish()
    }

    /// Of a body with the first bytes of an upload, of which nobody knows whether it will come to its end: how long it is said to be.
    static func content(of body: UploadBody) -> SHA256Digest {
        var fingerprint = RequestFingerprint()
        fingerprint.add("announced")
        fingerprint.add(body.count.map { String($0) } ?? "")
        return fingerprint.finish()
    }

    /// Of all parts of a body.
    static func content(of parts: [MultipartReceiver.Part]) -> SHA256Digest {
        var fingerprint = RequestFingerprint()
        for part in parts {
            switch part {
            case .received(let file, let name, let contentType):
                fingerprint.add(name: name, contentType: contentType, size: file.size, sha256: file.sha256)
            case .refused(let name, let error):
                fingerprint.add("refused")
                fingerprint.add(name ?? "")
                fingerprint.add(error.problem.type)
            }
        }
        return fingerprint.finish()
    }

    /// Of a body that is one file, where its sender has told enough about it before it was sent.
    static func content(name: FileName, contentType: String, size: Int64, sha256: SHA256Digest) -> SHA256Digest {
        var fingerprint = RequestFingerprint()
        fingerprint.add(name: name, contentType: contentType, size: size, sha256: sha256)
        return fingerprint.finish()
    }

    private mutating func add(name: FileName, contentType: String, size: Int64, sha256: SHA256Digest) {
        add("file")
        add(name.value)
        add(contentType)
        add(String(size))
        add(sha256.description)
    }

    /// With its length in front, so that no two lists of texts run together into the same bytes.
    private mutating func add(_ text: String) {
        bytes += "\(text.utf8.count):\(text)".utf8
    }

    private func finish() -> SHA256Digest { SHA256Hasher.digest(of: bytes) }
}
