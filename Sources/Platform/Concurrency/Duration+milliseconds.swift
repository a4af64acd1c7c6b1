extension Duration {
    /// Whole milliseconds, rounded up, so that a short time does not become none. A time too long to be counted so is the longest
    /// that can be.
    public var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (milliseconds, isTooMuch) = seconds.multipliedReportingOverflow(by: 1000)
        let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        let (sum, isTooMuchThen) = milliseconds.addingReportingOverflow(rest > 0 ? whole + 1 : whole)
        guard !isTooMuch, !isTooMuchThen else { return seconds < 0 ? .min : .max }
        return sum
    }
}
