/// How much of anything a multipart body may hold. What a file may hold is not among them: that is the reader's to count.
package struct MultipartLimits: Hashable, Sendable {
    /// Parts in a body.
    package var parts = 1000
    /// Header fields of a part.
    package var headers = 16
    /// Bytes of the header fields of a part, line ends included.
    package var headerBytes = 8 * 1024
    /// Bytes of a parameter of a header field, for example of a file name.
    package var parameterBytes = 4 * 1024
    /// Bytes of a field name.
    package var nameBytes = 200
    /// Bytes of all fields that are not files, together.
    package var fieldBytes = 64 * 1024
    /// Bytes before the first boundary.
    package var preambleBytes = 1024
    /// Blanks and tabs between a boundary and the end of its line (RFC 2046 allows some).
    package var paddingBytes = 64

    package init() {}
}
