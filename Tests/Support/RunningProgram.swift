import Foundation
import Glibc
import Synchronization

/// A program that runs: what a test may watch, interrupt and wait for.
package final class RunningProgram: Sendable {
  /// The command, for messages.
  package let command: [String]
  /// The process id, which is its process group's id too.
  package let pid: Int32
  /// Where its output comes from, standard output first; a terminal takes what is typed there too.
  private let outputs: [Int32]

  private struct State {
    var stdout = Data()
    var stderr = Data()
    var status: Int32?
    var waiting: [(condition: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = []
  }
  private let state = Mutex(State())

  /// Watches a child from threads of its own: a blocked thread of the cooperative pool would hold up every test.
  init(command: [String], pid: Int32, stdout: Int32, stderr: Int32?, timeout: Duration) {
    self.command = command
    self.pid = pid
    outputs = [stdout, stderr].compactMap { $0 }
    let readers = DispatchGroup()
    read(stdout, into: \.stdout, readers)
    if let stderr { read(stderr, into: \.stderr, readers) }
    Thread.detachNewThread { [self] in reap(after: readers) }
    DispatchQueue.global().asyncAfter(deadline: .now() + .seconds(Int(timeout.components.seconds))) {
      [weak self] in self?.signal(SIGKILL)
    }
  }

  /// Sends a signal to the program and to whatever it has started.
  package func signal(_ number: Int32) {
    // Once reaped, the id may belong to somebody else.
    state.withLock { if $0.status == nil { kill(-pid, number) } }
  }

  /// Types on the terminal that the program runs on; `"\u{3}"` is Ctrl-C.
  package func type(_ text: String) {
    // Once it has ended, the descriptor may be somebody else's.
    state.withLock { if $0.status == nil { _ = write(outputs[0], text, text.utf8.count) } }
  }

  /// Waits for the end.
  package func outcome() async -> Outcome {
    await wait { $0.status != nil }
    return state.withLock {
      Outcome(stdout: $0.stdout.text, stderr: $0.stderr.text, status: $0.status ?? 0)
    }
  }

  /// What it has written to standard output so far.
  package var output: String { state.withLock { $0.stdout.text } }

  /// Waits until the program has written `text`, to standard output or standard error.
  ///
  /// - Throws: `ProgramFailed` where it ends without.
  package func wrote(_ text: String) async throws {
    let isWritten = { @Sendable (state: State) in
      state.stdout.text.contains(text) || state.stderr.text.contains(text)
    }
    await wait { isWritten($0) || $0.status != nil }
    guard state.withLock({ isWritten($0) }) else {
      throw await ProgramFailed(command: command, outcome: outcome())
    }
  }

  private func wait(until condition: @escaping @Sendable (State) -> Bool) async {
    await withCheckedContinuation { continuation in
      change { $0.waiting.append((condition, continuation)) }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      let waiting = state.waiting
      state.waiting = waiting.filter { !$0.condition(state) }
      for waiter in waiting where waiter.condition(state) { waiter.continuation.resume() }
    }
  }

  private func read(
    _ descriptor: Int32, into buffer: any WritableKeyPath<State, Data> & Sendable, _ readers: DispatchGroup
  ) {
    readers.enter()
    Thread.detachNewThread { [self] in
      // Read by hand: a terminal whose program has ended gives EIO, at which FileHandle stops the tests.
      var bytes = [UInt8](repeating: 0, count: 65_536)
      while case let count = Glibc.read(descriptor, &bytes, bytes.count),
        count > 0 || (count < 0 && errno == EINTR)
      {
        if count > 0 { change { $0[keyPath: buffer] += bytes[..<count] } }
      }
      readers.leave()
    }
  }

  private func reap(after readers: DispatchGroup) {
    // The child stays a zombie, and its id its own, until its children have let go of the pipes too.
    var info = siginfo_t()
    while waitid(P_PID, id_t(pid), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    readers.wait()
    change { state in
      var status: Int32 = 0
      while waitpid(pid, &status, 0) == -1, errno == EINTR {}
      let signal = status & 0x7f
      for descriptor in outputs { close(descriptor) }
      state.status = signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }
  }
}

extension Data {
  fileprivate var text: String { String(decoding: self, as: UTF8.self) }
}
