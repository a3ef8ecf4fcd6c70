internal import Foundation
internal import Fuzzing

/// How a worker tells its driver where it is: a word in a shared file, so that a crash cannot lose it.
@safe
struct Progress {
    private let counter: UnsafeMutablePointer<UInt64>

    /// The progress in the file at `path`, which exists with room for it.
    init?(path: String) {
        let file = unsafe open(path, O_RDWR)
        guard file >= 0 else { return nil }
        defer { close(file) }
        guard let page = unsafe mmap(nil, 8, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), unsafe page != MAP_FAILED
        else { return nil }
        unsafe counter = page.bindMemory(to: UInt64.self, capacity: 1)
    }

    /// The number of the input that is being run, or that comes next.
    var index: UInt64 {
        get { unsafe counter.pointee }
        nonmutating set { unsafe counter.pointee = newValue }
    }
}

/// The inputs of one worker process.
struct Worker {
    let target: FuzzTargetName
    let seed: UInt64
    let inputs: Range<UInt64>
    let progress: Progress

    /// Address space of a worker: some times what the largest input needs.
    private static let memoryLimit: rlim_t = 2 << 30

    /// Runs the inputs in this process, with limits on what it may use.
    func run() {
        var limit = rlimit(rlim_cur: Self.memoryLimit, rlim_max: Self.memoryLimit)
        guard unsafe setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else {
            fatalError("no memory limit")
        }
        limit = rlimit(rlim_cur: 0, rlim_max: 0)
        _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
        let fuzzer = target.make()
        for index in inputs {
            progress.index = index
            var random = FuzzRandom(seed: seed, index: index)
            fuzzer.run(fuzzer.generate(&random))
        }
        progress.index = inputs.upperBound
    }
}
