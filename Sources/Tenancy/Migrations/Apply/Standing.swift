/// What the contents of a ledger come to, held against the files. The tenants of a fleet share a few of these: worked
/// out for each of 10,000 it would be most of the time that a run takes in which nothing is pending.
final class Standing: Sendable {
  let history: LedgerHistory
  let head: LedgerHead
  let applied: [MigrationVersion]
  let pending: [MigrationFile]
  let changed: [MigrationFile]
  /// Of the changed ones, those that had no statement when they were applied, and have some now.
  let changedFromEmpty: [MigrationFile]
  let unknown: [String]
  let begun: [MigrationVersion: Int]
  /// How many rows the ledger has, including those of other tools.
  let rows: Int

  init(_ contents: LedgerContents, _ files: [MigrationFile]) {
    let history = contents.history
    let known = Set(files.map(\.version))
    let checksums = history.checksums
    self.history = history
    head = history.head
    applied = history.versions
    pending = files.filter { !history.contains($0.version) || contents.begun[$0.version] != nil }
    changed = files.filter { file in
      guard let checksum = checksums[file.version] ?? nil else { return false }
      return checksum != file.checksum
    }
    changedFromEmpty = changed.filter { !$0.up.isEmpty && contents.empty.contains($0.version) }
    unknown = applied.filter { !known.contains($0) }.map(\.rawValue) + contents.foreign
    begun = contents.begun
    rows = checksums.count + contents.foreign.count
  }
}
