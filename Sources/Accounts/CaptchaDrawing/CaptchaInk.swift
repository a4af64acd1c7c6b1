/// A sheet on which round pens draw with smooth edges: per pixel how much of it is inked, from 0 to 1.
struct CaptchaInk {
    typealias Point = SIMD2<Float>

    let width: Int
    let height: Int
    private(set) var coverage: [Float]

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        coverage = [Float](repeating: 0, count: width * height)
    }

    /// What a pen leaves behind.
    enum Pen {
        case ink
        /// Takes ink away, as if the sheet showed through.
        case paper
    }

    /// Draws along a path; the pen's radius changes evenly from its start to its end. What is outside the sheet is left out.
    mutating func draw(_ path: [Point], radius: Float, to lastRadius: Float? = nil, pen: Pen = .ink) {
        guard let first = path.first else { return }
        guard path.count > 1 else { return segment(first, first, radius: radius, pen: pen) }
        let growth = ((lastRadius ?? radius) - radius) / Float(path.count - 1)
        for index in path.indices.dropLast() {
            segment(path[index], path[index + 1], radius: radius + growth * Float(index), pen: pen)
        }
    }

    /// One straight piece with round ends: each pixel is covered by how far its middle is inside.
    private mutating func segment(_ from: Point, _ to: Point, radius: Float, pen: Pen) {
        let reach = radius + 1
        let low = pointwiseMin(from, to) - reach
        let high = pointwiseMax(from, to) + reach
        guard low.x < Float(width), low.y < Float(height), high.x > 0, high.y > 0 else { return }
        let columns = Int(max(low.x, 0))...Int(min(high.x, Float(width - 1)))
        let rows = Int(max(low.y, 0))...Int(min(high.y, Float(height - 1)))
        let way = to - from
        let length = (way * way).sum()
        for row in rows {
            for column in columns {
                let offset = Point(Float(column) + 0.5, Float(row) + 0.5) - from
                let along = length > 0 ? min(max((offset * way).sum() / length, 0), 1) : 0
                let gap = offset - way * along
                let inside = min(max(radius + 0.5 - (gap * gap).sum().squareRoot(), 0), 1)
                let index = row * width + column
                switch pen {
                case .ink: coverage[index] = max(coverage[index], inside)
                case .paper: coverage[index] = min(coverage[index], 1 - inside)
                }
            }
        }
    }
}
