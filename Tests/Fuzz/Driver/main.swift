import CFuzzer
import FuzzTargets
import Glibc

// Fuzz NAME ARGUMENTS…: fuzzes one target; the arguments are libFuzzer's.

/// Chosen once: libFuzzer's callback can be handed nothing.
enum Chosen {
    static let target = CommandLine.arguments.dropFirst().first.flatMap(FuzzTarget.init(rawValue:))
}

guard Chosen.target != nil else {
    print("usage: Fuzz NAME ARGUMENTS…, NAME one of " + FuzzTarget.allCases.map(\.rawValue).joined(separator: ", "))
    exit(64)
}

var arguments = CommandLine.unsafeArgv
var count = CommandLine.argc - 1
// The name makes way for the program's.
arguments[1] = arguments[0]
var shifted = arguments + 1

let result = withUnsafeMutablePointer(to: &shifted) { shifted in
    shifted.withMemoryRebound(to: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?.self, capacity: 1) { shifted in
        LLVMFuzzerRunDriver(&count, shifted) { bytes, size in
            do {
                try Chosen.target?.check(Array(UnsafeBufferPointer(start: bytes, count: size)))
                return 0
            } catch {
                fatalError("\(error)")
            }
        }
    }
}
exit(result)
