// swift-tools-version: 6.2
import PackageDescription

let nio = { (name: String) -> Target.Dependency in .product(name: name, package: "swift-nio") }
let ssl = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let concurrency: [Target.Dependency] = [logging, lifecycle, deque]

let package = Package(
    name: "Sluice",
    products: [
        .executable(name: "Web", targets: ["Web"]), .executable(name: "Worker", targets: ["Worker"]),
        .executable(name: "sluice", targets: ["CLI"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache.git", from: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // The C libraries: module maps and typed shims, nothing else.
        .systemLibrary(name: "CHiredis", pkgConfig: "hiredis", providers: [.apt(["libhiredis-dev"])]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        // Without pkg-config: Debian's file for gd asks for the headers of every format that it could read.
        .systemLibrary(name: "CGD", providers: [.apt(["libgd-dev"])]),
        // Without pkg-config: Debian's header is where every compiler looks.
        .systemLibrary(name: "CMagic", providers: [.apt(["libmagic-dev"])]),

        .target(name: "Cryptography", dependencies: ["COpenSSL"]),
        .target(
            name: "Platform",
            dependencies: concurrency + [metrics, configuration, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1")]),
        .target(
            name: "Redis",
            dependencies: concurrency + ["CHiredis", "Platform", metrics, ssl, nio("NIOCore"), nio("NIOPosix")]),
        .target(name: "Postgres", dependencies: concurrency + ["CPostgres", "Platform", metrics]),
        .target(name: "Magic", dependencies: ["CMagic", "Platform"]),
        .target(name: "Curl", dependencies: concurrency + ["CCurl", "Platform", metrics]),
        .target(
            name: "Jobs", dependencies: concurrency + ["Redis", "Platform", metrics],
            resources: [.embedInCode("Queue/Scripts")]),
        .target(
            name: "Accounts", dependencies: concurrency + ["CGD", "Postgres", "Redis", "Cryptography", "Platform", metrics],
            resources: [
                .embedInCode("Migrations"), .embedInCode("Storage/Scripts"), .embedInCode("Sessions/Scripts"),
                .embedInCode("Throttles/Scripts"), .embedInCode("Purge/Scripts"), .embedInCode("Passwords/Resources"),
            ]),
        .target(
            name: "Files",
            dependencies: concurrency + ["Postgres", "Redis", "Cryptography", "Platform", metrics, nio("NIOCore"), nio("NIOPosix")],
            resources: [.embedInCode("Migrations"), .embedInCode("Quotas/Scripts"), .embedInCode("Resumable/Scripts")]),
        .target(name: "Outbox", dependencies: concurrency + ["Files", "Jobs", "Platform"]),
        .executableTarget(
            name: "Web",
            dependencies: concurrency + [
                "Accounts", "Files", "Jobs", "Outbox", "Cryptography", "Magic", "Platform", "Redis", "Postgres", metrics, signals,
                hummingbird,
                httpTypes, nioHTTPTypes,
                .product(name: "HummingbirdCore", package: "hummingbird"), .product(name: "Mustache", package: "swift-mustache"),
                nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"), .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
            ],
            exclude: ["Pages/CONTEXT.md"],
            resources: [.embedInCode("Resources"), .embedInCode("Pages/Templates"), .embedInCode("Pages/Assets")]),
        .executableTarget(
            name: "Worker",
            dependencies: concurrency + [
                "Accounts", "Files", "Jobs", "Outbox", "Curl", "Cryptography", "Platform", "Redis", "Postgres", metrics, signals, arguments,
                nio("NIOPosix"),
            ]),
        .target(name: "Client", dependencies: ["Curl", "Cryptography", "Platform", logging]),
        .executableTarget(
            name: "CLI",
            dependencies: [
                "Client", "Accounts", "Files", "Jobs", "Outbox", "Platform", "Redis", "Postgres", logging, arguments, lifecycle, signals,
                nio("NIOPosix"),
            ]),

        .target(
            name: "TestSupport",
            dependencies: concurrency + ["Platform", nio("NIOCore"), nio("NIOPosix")],
            path: "Tests/TestSupport", exclude: ["Servers"]),
        .target(
            name: "DatabaseSupport", dependencies: ["TestSupport", "Accounts", "Files", "Postgres", "Platform", logging],
            path: "Tests/DatabaseSupport"),
        .target(
            name: "RedisSupport", dependencies: ["TestSupport", "Redis", "Platform", logging, nio("NIOPosix")], path: "Tests/RedisSupport"),
        .testTarget(name: "CryptographyTests", dependencies: ["Cryptography"]),
        .testTarget(
            name: "PlatformTests",
            dependencies: concurrency + [
                "Platform", "TestSupport", metrics, configuration, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
            ]),
        .testTarget(
            name: "RedisTests",
            dependencies: concurrency + [
                "Redis", "Platform", "TestSupport", "RedisSupport", nio("NIOCore"), nio("NIOPosix"), nio("NIOEmbedded"),
                nio("NIOTestUtils"), ssl,
            ]),
        .testTarget(name: "PostgresTests", dependencies: concurrency + ["Postgres", "Platform", "TestSupport"]),
        .testTarget(name: "MagicTests", dependencies: ["Magic", "Platform"]),
        .testTarget(name: "CurlTests", dependencies: concurrency + ["Curl", "Platform", "TestSupport"]),
        .testTarget(
            name: "JobsTests",
            dependencies: concurrency + ["Jobs", "Redis", "Platform", "TestSupport", "RedisSupport", metrics, nio("NIOPosix")]),
        // Apart from the others: they compute for seconds without a pause, which the deadlines of tests beside them would not survive.
        .testTarget(name: "ScheduleTests", dependencies: concurrency + ["Jobs", "Platform", "TestSupport"]),
        .testTarget(
            name: "AccountsTests",
            dependencies: concurrency + [
                "Accounts", "Postgres", "Redis", "Cryptography", "Platform", "TestSupport", "DatabaseSupport", "RedisSupport",
                nio("NIOPosix"),
            ]),
        // Apart from AccountsTests, whose password hashes take memory by the megabyte: one of these weighs what the process holds.
        .testTarget(name: "CaptchaDrawingTests", dependencies: ["Accounts"]),
        .testTarget(
            name: "FilesTests",
            dependencies: concurrency + [
                "Files", "Accounts", "Postgres", "Redis", "Cryptography", "Platform", "TestSupport", "DatabaseSupport", "RedisSupport",
                nio("NIOCore"), nio("NIOPosix"),
            ]),
        .testTarget(
            name: "WebTests",
            dependencies: concurrency + [
                "Web", "Accounts", "Files", "Jobs", "Outbox", "Redis", "Postgres", "Cryptography", "Magic", "Platform", "TestSupport",
                "DatabaseSupport", "RedisSupport", hummingbird, httpTypes, httpClient, metrics, nioHTTPTypes,
                .product(name: "Mustache", package: "swift-mustache"),
                .product(name: "HummingbirdTesting", package: "hummingbird"), nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
                nio("NIOEmbedded"),
            ]),
        .testTarget(
            name: "WorkerTests",
            dependencies: concurrency + [
                "Worker", "Accounts", "Files", "Jobs", "Outbox", "Curl", "Redis", "Postgres", "Platform", "TestSupport", "RedisSupport",
                "DatabaseSupport", nio("NIOPosix"),
            ]),
        .testTarget(
            name: "ClientTests",
            dependencies: concurrency + [
                "Client", "Curl", "Cryptography", "Platform", "TestSupport", nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
            ]),
        .testTarget(
            name: "EndToEnd",
            dependencies: concurrency + [
                "Platform", "Cryptography", "TestSupport", httpClient, nio("NIOCore"), nio("NIOPosix"), nio("NIOHTTP1"),
            ]),
    ],
    swiftLanguageModes: [.v6]
)

// With SLUICE_PARSERS only what reads bytes of others is built, as libraries of the same names: what is `package` in a program
// can be linked into that program's tests alone. `fuzz` adds libFuzzer and the address sanitizer, `bench` the benchmark.
let coverage = ["-sanitize=fuzzer,address"]
let parsers: [Target] = [
    .target(
        name: "Web", dependencies: ["Cryptography", "Platform", httpTypes, nio("NIOCore")],
        sources: [
            "Resumable/Syntax", "HTTP/Base64.swift", "HTTP/DigestFields.swift", "HTTP/IdempotencyKey.swift",
            "Multipart", "HTTP/ByteRange.swift", "HTTP/ContentDisposition.swift", "HTTP/FieldScanner.swift", "HTTP/FormFields.swift",
            "HTTP/MediaType.swift", "HTTP/PercentEncoding.swift", "HTTP/QueryParameters.swift", "HTTP/RequestSyntaxError.swift",
            "HTTP/UInt8+ASCII.swift",
        ]),
    .target(
        name: "Files", dependencies: ["Cryptography", "Platform"],
        sources: [
            "FilesError.swift", "Catalog/FileCursor.swift", "Catalog/FileSort.swift", "Records/FileName.swift", "Records/FileRecord.swift",
            "Records/StagedPlace.swift", "Quotas/QuotaLimits.swift", "Quotas/QuotaUse.swift",
        ]),
    .target(
        name: "Jobs", dependencies: [logging, "Platform"],
        sources: ["JobsError.swift", "Model", "Queue/JobEntry.swift", "Queue/JobEnvelope.swift"]),
    .target(
        name: "Redis", dependencies: ["CHiredis", nio("NIOCore")],
        sources: ["RedisError.swift", "Codec/ReplyBuilder.swift", "Codec/ReplyReader.swift", "Commands/RedisValue.swift"]),
]
if let mode = Context.environment["SLUICE_PARSERS"] {
    let kept: Set = ["CHiredis", "COpenSSL", "Cryptography", "Platform"]
    package.products = []
    package.targets = package.targets.filter { kept.contains($0.name) } + parsers
    switch mode {
    case "fuzz":
        package.targets += [
            .systemLibrary(name: "CFuzzer", path: "Tests/Fuzz/CFuzzer"),
            .target(
                name: "FuzzTargets", dependencies: ["Web", "Files", "Jobs", "Redis", "Cryptography", httpTypes, nio("NIOCore")],
                path: "Tests/WebTests/Fuzz/Targets"),
            // gold cannot link what the sanitizers bring.
            .executableTarget(
                name: "Fuzz", dependencies: ["CFuzzer", "FuzzTargets"], path: "Tests/Fuzz/Driver",
                linkerSettings: [.unsafeFlags(coverage + ["-use-ld=lld"])]),
        ]
    default:
        package.targets.append(
            .executableTarget(
                name: "ParseBench", dependencies: ["Web", nio("NIOCore")], path: "Tests",
                sources: ["Bench/Parse/main.swift", "WebTests/Multipart/FormSample.swift"]))
    }
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
    ]
    if Context.environment["SLUICE_PARSERS"] == "fuzz" { target.swiftSettings?.append(.unsafeFlags(coverage)) }
}
