/// One movement of the pen.
enum CaptchaStroke {
    typealias Point = SIMD2<Float>

    /// Straight from point to point.
    case line([Point])
    /// Smoothly through all the points.
    case curve([Point])

    /// The stroke as points so close together that what bends the plane bends straight lines too: at most `step` apart, or
    /// half the way between two given points.
    func path(step: Float) -> [Point] {
        switch self {
        case .line(let points): Self.divide(points, step) { points, index, t in points[index] + (points[index + 1] - points[index]) * t }
        case .curve(let points): Self.divide(points, step, at: Self.spline)
        }
    }

    private static func divide(_ points: [Point], _ step: Float, at position: ([Point], Int, Float) -> Point) -> [Point] {
        var path = Array(points.prefix(1))
        for index in points.indices.dropLast() {
            let way = points[index + 1] - points[index]
            let steps = max(2, Int((way * way).sum().squareRoot() / step) + 1)
            for step in 1...steps { path.append(position(points, index, Float(step) / Float(steps))) }
        }
        return path
    }

    /// A point of the Catmull-Rom curve between `points[index]` and the next; `t` runs from 0 to 1.
    private static func spline(_ points: [Point], _ index: Int, _ t: Float) -> Point {
        let from = points[index]
        let to = points[index + 1]
        let before = index > 0 ? points[index - 1] : from
        let after = index + 2 < points.count ? points[index + 2] : to
        let cubic = (3 * (from - to) + after - before) * (t * t * t)
        let square = (2 * before - 5 * from + 4 * to - after) * (t * t)
        return from + ((to - before) * t + square + cubic) * 0.5
    }
}
