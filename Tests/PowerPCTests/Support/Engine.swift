import Testing

/// What can execute instructions.
enum Engine: CaseIterable {
    case interpreter
    /// Native code of everything, from its first execution on; what it leaves out falls to the interpreter.
    case nativeCode
}

/// Lets each test of a suite run on every engine that this host has.
struct EveryEngine: SuiteTrait, TestTrait, TestScoping {
    let isRecursive = true

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        for engine in Engine.allCases {
            try await Machine.$engine.withValue(engine) { try await function() }
        }
    }
}

extension Trait where Self == EveryEngine {
    /// Each test runs on every engine.
    static var everyEngine: Self { Self() }
}
