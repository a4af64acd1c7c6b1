/// Numbers of bytes as people write them.
public enum ByteSize {
    /// `10MiB`, `2GB`, `512`; case does not matter. Nil too for what exceeds 63 bits.
    public static func parse(_ text: String) -> Int64? { SettingText.bytes(text) }
}
