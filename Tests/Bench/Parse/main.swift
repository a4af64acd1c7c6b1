// ParseBench [SECONDS]: how fast forms are taken apart, in MiB for each second of processor time, and how that of bodies
// made to be slow compares with an ordinary one. Each second has passes over every body, so that a noisy moment hits all of
// them; of each the best pass counts.

let seconds = CommandLine.arguments.dropFirst().first.flatMap(Double.init) ?? 10
let samples = try FormSample.all()
var best = samples.map { _ in Double.infinity }
for _ in 0..<max(1, Int(seconds * 40)) {
    for (index, sample) in samples.enumerated() { best[index] = min(best[index], try sample.pass()) }
}
let rates = zip(samples, best).map { Double($0.size) / 1_048_576 / $1 }
for (sample, rate) in zip(samples, rates) {
    print("\(sample.name): \(Int(rate)) MiB/s, \((rate / rates[0] * 100).rounded() / 100) of ordinary")
}
