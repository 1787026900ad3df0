/// The set of migrations that a schema has, each with the checksum of the file as it was then.
struct LedgerHistory: Sendable, Hashable {
  /// By version; `nil` where the ledger has no checksum (one of dbmate's).
  private(set) var checksums: [MigrationVersion: Checksum?]
  /// How many rows the ledger has besides, with versions that are none of ours.
  private let foreign: Int
  /// Whether the ledger has a column for checksums; without one, those of files that are added are not kept either.
  private let keepsChecksums: Bool

  init(
    _ checksums: [MigrationVersion: Checksum?] = [:], foreign: Int = 0, keepsChecksums: Bool = true
  ) {
    self.checksums = checksums
    self.foreign = foreign
    self.keepsChecksums = keepsChecksums
  }

  /// What the history is once all of the files are applied.
  init(of files: some Sequence<MigrationFile>) {
    self.init()
    for file in files { checksums[file.version] = .some(file.checksum) }
  }

  /// How many rows the ledger has.
  var count: Int { checksums.count + foreign }

  func contains(_ version: MigrationVersion) -> Bool { checksums[version] != nil }

  func adding(_ file: MigrationFile) -> LedgerHistory {
    var copy = self
    copy.checksums[file.version] = .some(keepsChecksums ? file.checksum : nil)
    return copy
  }

  func removing(_ version: MigrationVersion) -> LedgerHistory {
    var copy = self
    copy.checksums[version] = nil
    return copy
  }

  var versions: [MigrationVersion] { checksums.keys.sorted() }

  /// The summary. Two histories have the same digest only if they have the same versions with the same checksums.
  var head: LedgerHead {
    let versions = versions
    let lines = versions.map { "\($0.rawValue) \((checksums[$0] ?? nil)?.rawValue ?? "-")\n" }.joined()
    return LedgerHead(
      version: versions.last, count: count, digest: String(SHA256.hex(of: lines).prefix(32)))
  }
}

/// What a ledger's table comment says about it: a hint, by which one query tells the state of 10,000 tenants. What is
/// applied is decided on the ledger itself.
public struct LedgerHead: Sendable, Hashable, Encodable {
  /// The newest version; `nil` if there is none.
  public let version: MigrationVersion?
  /// How many migrations are applied.
  public let count: Int
  /// A digest of the set of versions and checksums.
  public let digest: String

  init(version: MigrationVersion?, count: Int, digest: String) {
    self.version = version
    self.count = count
    self.digest = digest
  }

  var comment: String {
    "tenantctl head=\(version?.rawValue ?? "-") count=\(count) digest=\(digest)"
  }

  /// Reads a comment; `nil` if it is not one of ours.
  init?(comment: String) {
    let words = comment.split(separator: " ")
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
