import CoreMetrics
import Glibc
import Platform
import Testing

struct PrometheusTests {
    private func page(_ registry: PrometheusRegistry) -> [String] {
        String(decoding: registry.render(), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    @Test("Counters, fractional counters and gauges are rendered with type, help and labels") func values() {
        let registry = PrometheusRegistry()
        registry.describe("files_total", "Files \\ of\nall kinds.")
        let counter = Counter(label: "files", dimensions: [("state", "stored"), ("area", "b")], factory: registry)
        counter.increment(by: 3)
        counter.increment()
        FloatingPointCounter(label: "seconds_total", factory: registry).increment(by: 1.5)
        let gauge = Meter(label: "depth", factory: registry)
        gauge.set(10)
        gauge.decrement(by: 2.5)
        #expect(
            page(registry) == [
                "# TYPE depth gauge", "depth 7.5", #"# HELP files_total Files \\ of\nall kinds."#, "# TYPE files_total counter",
                #"files_total{area="b",state="stored"} 4"#, "# TYPE seconds_total counter", "seconds_total 1.5",
            ])
    }

    @Test("The same name and labels are one series, whoever asks") func identity() {
        let registry = PrometheusRegistry()
        for _ in 0..<3 { Counter(label: "a_total", dimensions: [("x", "1"), ("y", "2")], factory: registry).increment() }
        Counter(label: "a_total", dimensions: [("y", "2"), ("x", "1")], factory: registry).increment()
        #expect(page(registry) == ["# TYPE a_total counter", #"a_total{x="1",y="2"} 4"#])
    }

    @Test("Timers are histograms in seconds with cumulative buckets") func timers() {
        let registry = PrometheusRegistry()
        let timer = Timer(label: "took", dimensions: [("op", "get")], factory: registry)
        timer.recordMilliseconds(3)
        timer.recordMilliseconds(40)
        timer.recordSeconds(7200)
        let lines = page(registry)
        #expect(lines.first == "# TYPE took_seconds histogram")
        for line in [
            #"took_seconds_bucket{op="get",le="0.0025"} 0"#, #"took_seconds_bucket{op="get",le="0.005"} 1"#,
            #"took_seconds_bucket{op="get",le="0.05"} 2"#, #"took_seconds_bucket{op="get",le="1800"} 2"#,
            #"took_seconds_bucket{op="get",le="+Inf"} 3"#,
            #"took_seconds_sum{op="get"} 7200.043"#, #"took_seconds_count{op="get"} 3"#,
        ] {
            #expect(lines.contains(line), "\(line)")
        }
    }

    @Test("Recorders are histograms, or gauges when they do not aggregate") func recorders() {
        let registry = PrometheusRegistry()
        let batch = Recorder(label: "batch", dimensions: [], aggregate: true, factory: registry)
        for size in [1, 2, 3, 100] { batch.record(size) }
        batch.record(Double.nan)
        Recorder(label: "last", dimensions: [], aggregate: false, factory: registry).record(5)
        let lines = page(registry)
        #expect(lines.contains(#"batch_bucket{le="2"} 2"#) && lines.contains(#"batch_bucket{le="128"} 4"#))
        #expect(lines.contains("batch_sum 106") && lines.contains("batch_count 4"))
        #expect(lines.contains("# TYPE last gauge") && lines.contains("last 5"))
    }

    @Test("Hostile names and label values cannot forge a line") func escaping() {
        let registry = PrometheusRegistry()
        let value = "a\"} 1\nforged_total 99\\\r\u{1B}"
        registry.makeCounter(label: "9 b/ad\nname", dimensions: [("le", value), ("__x", "1"), ("1é", "☃")]).increment(by: 1)
        let lines = page(registry)
        #expect(lines.count == 2)
        #expect(lines.first == "# TYPE _9_b_ad_name_total counter")
        #expect(lines.last == #"_9_b_ad_name_total{_1__="☃",label___x="1",label_le="a\"} 1\nforged_total 99\\__"} 1"#)
    }

    @Test("A metric has a bounded number of series; what exceeds it is counted together") func cardinality() {
        let registry = PrometheusRegistry(maximumSeries: 3)
        for user in 0..<1000 { registry.makeCounter(label: "c_total", dimensions: [("user", "\(user)")]).increment(by: 1) }
        #expect(
            page(registry) == [
                "# TYPE c_total counter", #"c_total{user="0"} 1"#, #"c_total{user="1"} 1"#, #"c_total{user="2"} 1"#,
                #"c_total{user="other"} 997"#,
            ])
        registry.makeCounter(label: "d_total", dimensions: [("x", String(repeating: "y", count: 100_000))]).increment(by: 1)
        #expect(registry.render().count < 1000)
    }

    @Test("A name taken by another kind does not fail its caller nor the page") func conflict() {
        let registry = PrometheusRegistry()
        registry.makeCounter(label: "a_total", dimensions: []).increment(by: 1)
        registry.makeMeter(label: "a_total", dimensions: []).set(Int64(99))
        #expect(page(registry) == ["# TYPE a_total counter", "a_total 1"])
    }

    @Test("Counters never fall, and start anew on reset") func monotony() {
        let registry = PrometheusRegistry()
        let counter = registry.makeCounter(label: "a_total", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: -3)
        let fraction = registry.makeFloatingPointCounter(label: "a_total", dimensions: [])
        fraction.increment(by: -1.5)
        fraction.increment(by: .nan)
        #expect(page(registry).last == "a_total 5")
        counter.reset()
        #expect(page(registry).last == "a_total 0")
    }

    @Test("No addition of concurrent threads is lost, while the page is rendered and series are made") func concurrency() async {
        let registry = PrometheusRegistry()
        let histogram = registry.makeTimer(label: "t", dimensions: [])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for step in 0..<2000 {
                        registry.makeCounter(label: "c", dimensions: [("n", "\(step % 4)")]).increment(by: 1)
                        registry.makeFloatingPointCounter(label: "f", dimensions: []).increment(by: 0.5)
                        histogram.recordNanoseconds(1_000_000_000)
                    }
                }
            }
            group.addTask { for _ in 0..<50 { _ = registry.render() } }
        }
        let lines = page(registry)
        for n in 0..<4 { #expect(lines.contains(#"c_total{n="\#(n)"} 4000"#)) }
        #expect(lines.contains("f_total 8000") && lines.contains("t_seconds_count 16000") && lines.contains("t_seconds_sum 16000"))
    }

    @Test("Destroying a metric does not take it from others who hold it") func destruction() {
        let registry = PrometheusRegistry()
        let (one, two) = (Counter(label: "a_total", factory: registry), Counter(label: "a_total", factory: registry))
        one.increment()
        one.destroy()
        two.increment()
        #expect(page(registry).last == "a_total 2")
    }

    @Test("The process reports memory, descriptors and processor time") func process() throws {
        let registry = PrometheusRegistry()
        registry.collect(ProcessMetrics.samples)
        func value(_ name: String) throws -> Double {
            let line = try #require(page(registry).first { $0.hasPrefix(name + " ") }, "\(name)")
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try (1e6...1e11).contains(value("process_resident_memory_bytes")))
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
    }

    @Test("Open descriptors are counted, in a process where nobody else opens or closes any") func descriptors() async throws {
        await #expect(processExitsWith: .success) {
            let before = try #require(ProcessMetrics.openDescriptors())
            let files = (0..<100).map { _ in open("/dev/null", O_RDONLY) }
            let during = try #require(ProcessMetrics.openDescriptors())
            for file in files { close(file) }
            #expect(during - before == 100)
        }
    }
}
