internal import Synchronization

/// What histories that follow from one another share: the first one's checksums, and each change since. A history is the
/// first so many of the changes; a copy of the checksums for each would take memory with the square of the migrations.
final class HistoryLog: Sendable {
  /// A version with its checksum, or without one; `nil` if it is removed.
  typealias Entry = (version: MigrationVersion, checksum: Checksum??)

  private let start: [MigrationVersion: Checksum?]
  private let state: Mutex<State>

  fileprivate struct State {
    var changes: [Entry] = []
    /// After all changes.
    var checksums: [MigrationVersion: Checksum?]
    var digest: RunningDigest?
  }

  init(_ checksums: [MigrationVersion: Checksum?]) {
    start = checksums
    state = Mutex(State(checksums: checksums))
  }

  /// Adds changes to the first so many: to this log if there are no others yet, else to a copy of it.
  /// - Returns: also how many changes there are then, and how many versions.
  func appending(_ entries: [Entry], after length: Int) -> (log: HistoryLog, length: Int, versions: Int) {
    let end: (Int, Int)? = state.withLock { state in
      guard state.changes.count == length else { return nil }
      for entry in entries {
        state.changes.append(entry)
        state.checksums[entry.version] = entry.checksum
      }
      return (state.changes.count, state.checksums.count)
    }
    if let (length, versions) = end { return (self, length, versions) }
    return HistoryLog(checksums(after: length)).appending(entries, after: 0)
  }

  func checksums(after length: Int) -> [MigrationVersion: Checksum?] {
    state.withLock { state in
      if state.changes.count == length { return state.checksums }
      var checksums = start
      for entry in state.changes[..<length] { checksums[entry.version] = entry.checksum }
      return checksums
    }
  }

  func contains(_ version: MigrationVersion, after length: Int) -> Bool {
    state.withLock { state in
      if state.changes.count == length { return state.checksums[version] != nil }
      let last = state.changes[..<length].last { $0.version == version }
      return last.map { $0.checksum != nil } ?? (start[version] != nil)
    }
  }

  /// The newest version, and a digest over all versions in order, with their checksums.
  func summary(after length: Int) -> (version: MigrationVersion?, digest: String) {
    state.withLock { state in
      let digest = state.digest(after: length, start)
      return (digest.last, digest.value)
    }
  }
}

extension HistoryLog.State {
  /// Files mostly come by version, so that what was digested before goes on; otherwise all is digested again.
  fileprivate mutating func digest(
    after length: Int, _ start: [MigrationVersion: Checksum?]
  ) -> RunningDigest {
    if let digest, digest.length <= length, digest.goOn(with: changes[digest.length..<length]) {
      return digest
    }
    var checksums = start
    for entry in changes[..<length] { checksums[entry.version] = entry.checksum }
    let digest = RunningDigest(length: length)
    for (version, checksum) in checksums.sorted(by: { $0.key < $1.key }) { digest.add(version, checksum) }
    self.digest = digest
    return digest
  }
}

/// SHA-256 over the versions and checksums so far.
private final class RunningDigest {
  /// How many changes of the log are in it.
  private(set) var length: Int
  private(set) var last: MigrationVersion?
  private var text = SHA256.Stream()

  init(length: Int) {
    self.length = length
  }

  var value: String { text.hex }

  func add(_ version: MigrationVersion, _ checksum: Checksum?) {
    text.add("\(version.rawValue) \(checksum?.rawValue ?? "-")\n")
    last = version
  }

  /// Whether the changes only add what comes after all that is in it; then they are.
  func goOn(with changes: ArraySlice<HistoryLog.Entry>) -> Bool {
    for (version, checksum) in changes {
      guard case .some(let checksum) = checksum, last.map({ $0 < version }) ?? true else { return false }
      add(version, checksum)
      length += 1
    }
    return true
  }
}
