internal import Synchronization

/// The set of migrations that a schema has, each with the checksum of the file as it was then.
///
/// It never changes. It is an object so that the tenants of a fleet, most of which have one history, share what follows
/// from it: its summary, and the histories that come next. With hundreds of migrations, to work that out for each tenant
/// would take as long as to apply one.
final class LedgerHistory: Sendable, Hashable {
  private enum Change: Hashable {
    case adding([MigrationVersion: Checksum])
    case removing(MigrationVersion)
  }

  private struct Known {
    var head: LedgerHead?
    var next: [Change: LedgerHistory] = [:]

    mutating func takeNext() -> [LedgerHistory] {
      defer { next = [:] }
      return Array(next.values)
    }
  }

  private let log: HistoryLog
  /// How many changes of the log it has.
  private let length: Int
  /// How many rows the ledger has besides, with versions of other tools.
  private let foreign: Int
  /// Whether the ledger has a column for checksums; without one, those of files that are added are not kept either.
  private let keepsChecksums: Bool
  private let known = Mutex(Known())
  /// How many rows the ledger has.
  let count: Int

  init(
    _ checksums: [MigrationVersion: Checksum?] = [:], foreign: Int = 0, keepsChecksums: Bool = true
  ) {
    log = HistoryLog(checksums)
    length = 0
    count = checksums.count + foreign
    self.foreign = foreign
    self.keepsChecksums = keepsChecksums
  }

  private init(after before: LedgerHistory, _ log: HistoryLog, _ length: Int, versions: Int) {
    (self.log, self.length) = (log, length)
    count = versions + before.foreign
    foreign = before.foreign
    keepsChecksums = before.keepsChecksums
  }

  /// What the history is once all of the files are applied.
  convenience init(of files: some Sequence<MigrationFile>) {
    self.init(Dictionary(files.map { ($0.version, .some($0.checksum)) }) { $1 })
  }

  deinit {
    // One by one: of a chain of thousands, each freed from within the one before, the stack would not hold the frames.
    var rest = known.withLock { $0.takeNext() }
    while var history = rest.popLast() {
      if isKnownUniquelyReferenced(&history) { rest += history.known.withLock { $0.takeNext() } }
    }
  }

  static func == (left: LedgerHistory, right: LedgerHistory) -> Bool {
    left === right
      || left.count == right.count && left.foreign == right.foreign
        && left.keepsChecksums == right.keepsChecksums && left.checksums == right.checksums
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(checksums)
  }

  /// By version; `nil` where the ledger has no checksum (one of dbmate's).
  var checksums: [MigrationVersion: Checksum?] { log.checksums(after: length) }

  func contains(_ version: MigrationVersion) -> Bool { log.contains(version, after: length) }

  func adding(_ file: MigrationFile) -> LedgerHistory { adding([file]) }

  func adding(_ files: [MigrationFile]) -> LedgerHistory {
    let added = Dictionary(files.map { ($0.version, $0.checksum) }) { $1 }
    return after(.adding(added)) {
      added.sorted { $0.key < $1.key }.map { version, checksum in
        (version, .some(keepsChecksums ? checksum : nil) as Checksum??)
      }
    }
  }

  func removing(_ version: MigrationVersion) -> LedgerHistory {
    after(.removing(version)) { [(version, nil)] }
  }

  private func after(_ change: Change, _ entries: () -> [HistoryLog.Entry]) -> LedgerHistory {
    known.withLock { known in
      if let next = known.next[change] { return next }
      let (log, length, versions) = log.appending(entries(), after: length)
      let next = LedgerHistory(after: self, log, length, versions: versions)
      known.next[change] = next
      return next
    }
  }

  var versions: [MigrationVersion] { checksums.keys.sorted() }

  /// The summary. Two histories have the same digest only if they have the same versions with the same checksums.
  var head: LedgerHead {
    known.withLock { known in
      if let head = known.head { return head }
      let (version, digest) = log.summary(after: length)
      let head = LedgerHead(version: version, count: count, digest: String(digest.prefix(32)))
      known.head = head
      return head
    }
  }
}

/// What a ledger's table comment says about it: a hint, by which one query tells the state of 10,000 tenants. What is
/// applied is decided on the ledger itself.
package struct LedgerHead: Sendable, Hashable, Encodable {
  /// The newest version; `nil` if it is empty.
  package let version: MigrationVersion?
  /// How many migrations are applied.
  package let count: Int
  /// A digest of the set of versions and checksums.
  package let digest: String

  /// More characters than a head comment can have. The schema's owner may write comments of any size, and of those no more
  /// than this is asked for.
  static let maximumLength = 250

  init(version: MigrationVersion?, count: Int, digest: String) {
    self.version = version
    self.count = count
    self.digest = digest
  }

  var comment: String {
    "tenantctl head=\(version?.rawValue ?? "-") count=\(count) digest=\(digest)"
  }

  /// Reads a comment; `nil` if it is not a head comment.
  init?(comment: String) {
    let words = comment.split(separator: " ", maxSplits: 4)
    guard words.count == 4, words[0] == "tenantctl" else { return nil }
    func value(_ index: Int, _ key: String) -> String? {
      words[index].hasPrefix("\(key)=") ? String(words[index].dropFirst(key.count + 1)) : nil
    }
    guard let head = value(1, "head"), let count = value(2, "count").flatMap({ Int($0) }),
      let digest = value(3, "digest")
    else { return nil }
    self.init(version: head == "-" ? nil : try? MigrationVersion(parsing: head), count: count, digest: digest)
  }
}
