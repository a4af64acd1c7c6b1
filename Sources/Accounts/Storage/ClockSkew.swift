/// How far the clocks of two processes may be apart, where one reads what another one has dated.
enum ClockSkew {
    static let allowance = Duration.seconds(60)
}
