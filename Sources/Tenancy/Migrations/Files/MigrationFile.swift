package import SQLText

/// A migration: one SQL file, in the format of dbmate or with no markers at all.
///
/// A class, because each statement that is sent has a reference to its file.
package final class MigrationFile: Sendable {
  /// Where it was read.
  package let path: String
  /// The digits of its name.
  package let version: MigrationVersion
  /// The rest of its name, without `.sql`.
  package let name: String
  /// What the ledger remembers of its contents.
  package let checksum: Checksum
  /// What applies it; may be empty.
  package let up: [SQLStatement]
  /// How `up` runs.
  package let upOptions: MigrationOptions
  /// What undoes it; nil where the file has no such section, or has nothing in it. Of a section with only a comment it is
  /// empty: nothing needs to be undone.
  package let down: [SQLStatement]?
  /// How `down` runs.
  package let downOptions: MigrationOptions
  /// What `-- tenantctl:allow` comments say, by their line.
  let allowances: [Int: Set<String>]
  /// Its markers with words that are no options.
  let remarks: [MarkerRemark]
  /// Whether it may write the comment on the schema. The schema's name is the tenant's, so the statement is mostly in a
  /// string: both words anywhere count.
  let mayCommentOnSchema: Bool
  /// The statements of `up` and of `down` before which it matters what role an earlier one has set.
  private let underAnotherRole: [MigrationDirection: Set<Int>]
  /// Those that set something for the session, where each has one of its own.
  private let settings: [MigrationDirection: [Int]]

  /// Reads a file's contents. A file without markers is all `up`.
  ///
  /// - Parameters:
  ///   - path: the path, for its last part and for messages.
  ///   - bytes: the contents, as they are on disk.
  /// - Throws: all that is wrong with the file.
  package static func parse(
    path: String, bytes: [UInt8]
  ) throws(MigrationFilesInvalid) -> MigrationFile {
    let name = MigrationFileName(path: path)
    let sections = MigrationSections(bytes)
    let nameProblem = name == nil ? [MigrationFileError(.badFileName, file: path)] : []
    let problems =
      nameProblem + sections.problems.map { MigrationFileError($0.reason, file: path, at: $0.location) }
    guard let name, problems.isEmpty else { throw MigrationFilesInvalid(problems: problems) }
    let up = sections.up?.script.statements ?? []
    // A template's empty section does not undo what the file did. Whoever wrote a comment there has thought about it.
    let isBlank = sections.down?.isBlank ?? true
    let down = sections.down?.script.statements
    return MigrationFile(
      path, name, bytes, up: up, sections.up?.options, down: isBlank && !up.isEmpty ? nil : down,
      sections.down?.options, sections.remarks)
  }

  private init(
    _ path: String, _ name: MigrationFileName, _ bytes: [UInt8], up: [SQLStatement],
    _ upOptions: MigrationOptions?, down: [SQLStatement]?, _ downOptions: MigrationOptions?,
    _ remarks: [MarkerRemark]
  ) {
    self.remarks = remarks
    (self.path, version, self.name) = (path, name.version, name.name)
    (self.up, self.upOptions) = (up, upOptions ?? MigrationOptions())
    (self.down, self.downOptions) = (down, downOptions ?? MigrationOptions())
    checksum = Checksum(of: bytes)
    allowances = HazardAllowance.all(in: bytes)
    mayCommentOnSchema = Self.contains("comment", in: bytes) && Self.contains("schema", in: bytes)
    let (upwards, downwards) = (up.sessionUse(self.upOptions), (down ?? []).sessionUse(self.downOptions))
    settings = [.up: upwards.settings, .down: downwards.settings]
    underAnotherRole = [.up: upwards.underAnotherRole, .down: downwards.underAnotherRole]
  }
}

extension MigrationFile: Hashable {
  /// Whether they have the same path and the same contents.
  package static func == (a: MigrationFile, b: MigrationFile) -> Bool {
    a === b || a.checksum == b.checksum && a.path == b.path
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(checksum)
    hasher.combine(path)
  }
}

extension MigrationFile {
  /// What a direction runs; empty if it has nothing to run.
  func statements(_ direction: MigrationDirection) -> [SQLStatement] {
    direction == .up ? up : down ?? []
  }

  /// Those that set something for the session, if it does not run in a transaction: it is set again for each of the others.
  func settings(_ direction: MigrationDirection) -> [Int] { settings[direction] ?? [] }

  /// Those before which it matters what role an earlier one has set.
  func underAnotherRole(_ direction: MigrationDirection) -> Set<Int> { underAnotherRole[direction] ?? [] }

  /// How it runs.
  func options(_ direction: MigrationDirection) -> MigrationOptions {
    direction == .up ? upOptions : downOptions
  }

  /// Whether a word is there, in upper or lower case.
  private static func contains(_ word: String, in bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBufferPointer { ASCII.contains(word, in: $0) }
  }

  /// Whether it has nothing to apply, and no comment says that this is meant.
  var isEmptyByMistake: Bool {
    up.isEmpty && !allowances.values.contains { $0.contains(Hazard.empty.rawValue) }
  }

  /// Throws ``TenancyProblem/emptyMigrations(_:)``.
  static func refuseEmpty(_ files: [MigrationFile]) throws(TenancyProblem) {
    let empty = files.filter(\.isEmptyByMistake).map(\.path)
    if !empty.isEmpty { throw .emptyMigrations(empty) }
  }
}

extension [SQLStatement] {
  /// What sets something for the session, if they do not run in a transaction, and before which of them it matters what role an
  /// earlier one has set.
  fileprivate func sessionUse(_ options: MigrationOptions) -> (settings: [Int], underAnotherRole: Set<Int>) {
    if options.transaction { return ([], underAnotherRole) }
    let settings = indices.filter { self[$0].setsSession }
    return (settings, underAnotherRole(eachAfter: Set(settings)))
  }
}

extension SQLStatement {
  /// Whether a name is in it, anywhere, in upper or lower case.
  func mentions(_ name: String) -> Bool {
    ASCII.contains(name, in: text)
  }
}

/// `20261123101500_add_capacity.sql`; dbmate's `1-name.sql` and `1.sql` are taken, too.
struct MigrationFileName {
  let version: MigrationVersion
  let name: String

  init?(path: String) {
    let file = path.split(separator: "/").last ?? ""
    guard file.hasSuffix(".sql") else { return nil }
    let stem = file.dropLast(4)
    let digits = stem.prefix { ("0"..."9").contains($0) }
    let rest = stem.dropFirst(digits.count)
    guard let version = try? MigrationVersion(parsing: String(digits)) else { return nil }
    guard rest.isEmpty || rest.hasPrefix("_") || rest.hasPrefix("-") else { return nil }
    // Of 2024-01-31 the year would be the version, and the next file of that year would have it, too.
    if digits.count == 4, rest.prefixMatch(of: /-\d\d?-\d\d?(?!\d)/) != nil { return nil }
    self.version = version
    name = String(rest.dropFirst())
  }
}
