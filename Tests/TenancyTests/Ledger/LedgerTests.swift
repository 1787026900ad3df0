import Testing

@testable import Tenancy

@Suite struct LedgerTests {
  @Test(arguments: ["1", "01", "20261123101500", nil])
  func headCommentsReadBack(version: String?) throws {
    let head = LedgerHead(
      version: try version.map { try MigrationVersion(parsing: $0) }, count: 7, digest: "0123456789abcdef")
    #expect(LedgerHead(comment: head.comment) == head)
  }

  @Test(arguments: [
    "", "tenantctl", "the ledger of dbmate", "tenantctl head=1 count=2", "tenantctl head=1 count=x digest=d",
    "tenantctl count=2 head=1 digest=d", "other head=1 count=2 digest=d",
    "tenantctl head=1 count=2 digest=d more",
  ])
  func otherCommentsAreNone(comment: String) {
    #expect(LedgerHead(comment: comment) == nil)
  }

  @Test func headTellsTheNewestAndTheCount() throws {
    let head = try history("9:a", "10:b", "1:c").head
    #expect(head.version?.rawValue == "10")
    #expect(head.count == 3)
    #expect(LedgerHistory().head.version == nil)
    #expect(LedgerHistory().head.count == 0)
  }

  @Test func sameSetSameDigest() throws {
    #expect(try history("1:a", "2:b").head == history("2:b", "1:a").head)
    #expect(try history("1:a").adding(file("2", "select 1")).removing(version("2")) == history("1:a"))
  }

  @Test func otherSetOtherDigest() throws {
    let histories = try [
      history(), history("1:a"), history("1:b"), history("2:a"), history("1:a", "2:b"), history("1:b", "2:a"),
      history("1:a", "2:b", "3:c"), history("11:a", "2:b"), history("1"), history("01"),
    ]
    #expect(Set(histories.map(\.head.digest)).count == histories.count)
  }

  @Test func historyOfFilesHasTheirChecksums() throws {
    let files = try [file("1", "select 1"), file("2", "select 2")]
    let history = LedgerHistory(of: files)
    #expect(history.versions.map(\.rawValue) == ["1", "2"])
    #expect(history.head == LedgerHistory().adding(files[0]).adding(files[1]).head)
    #expect(try history.head != LedgerHistory(of: [files[0], file("2", "select 3")]).head)
    #expect(history.contains(files[0].version))
  }

  /// What follows from one history shares its changes, until two go different ways.
  @Test func historiesThatFollowFromOne() throws {
    let files = try (1...6).map { try file("\($0)", "select \($0)") }
    let first = LedgerHistory(of: files[..<2])
    var chain = [first]
    for file in files[2...] { chain.append(chain[chain.count - 1].adding(file)) }
    // Asked from the newest to the oldest, then from the oldest.
    for index in [4, 3, 2, 1, 0, 1, 2, 3, 4] {
      let alone = LedgerHistory(of: files[..<(index + 2)])
      #expect(chain[index] == alone && chain[index].head == alone.head && chain[index].count == index + 2)
      #expect(files.map { chain[index].contains($0.version) }.count { $0 } == index + 2)
    }
    let other = try chain[1].adding(file("0", "select 0")).removing(version("2")).adding(files[4])
    #expect(
      try other == history("0:\(file("0", "select 0").checksum)").adding([files[0], files[2], files[4]]))
    #expect(
      other.head == LedgerHistory(of: [files[4], files[2], files[0]] + [try file("0", "select 0")]).head)
    #expect(chain[4].head == LedgerHistory(of: files).head)
    // What the ledger has already is not counted again.
    #expect(chain[4].adding([files[5]]).count == 6 && chain[0].adding(Array(files)).head == chain[4].head)
  }

  private func version(_ text: String) throws -> MigrationVersion { try MigrationVersion(parsing: text) }

  private func file(_ version: String, _ sql: String) throws -> MigrationFile {
    try MigrationFile.parse(path: "\(version)_x.sql", bytes: Array(sql.utf8))
  }

  /// `1:a` is version 1 with checksum a; `1` has none.
  private func history(_ entries: String...) throws -> LedgerHistory {
    var checksums: [MigrationVersion: Checksum?] = [:]
    for entry in entries {
      let parts = entry.split(separator: ":").map(String.init)
      checksums[try version(parts[0])] = .some(parts.dropFirst().first.map(Checksum.init(rawValue:)))
    }
    return LedgerHistory(checksums)
  }
}
