/// Reads the files of sqlx (`sqlx-core/src/migrate/source.rs` of 0.8): `1_tanks.sql`, or `1_tanks.up.sql` and
/// `1_tanks.down.sql`. A file that begins with `-- no-transaction` is sent as one message, any other as a transaction.
enum SQLxReader {
  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    var undoing: [SourceVersion: SourceFile] = [:]
    var applying: [(version: SourceVersion, name: String, file: SourceFile)] = []
    for name in folder.names {
      let parts = name.split(separator: "_", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, name.hasSuffix(".sql") else {
        reading.ignore(name, in: folder)
        continue
      }
      guard let version = SourceVersion(number: parts[0]) else {
        reading.refuse(folder.path(of: name), .malformed("its name does not begin with a version"))
        continue
      }
      guard let file = folder.read(name, &reading.problems) else { continue }
      if !name.hasSuffix(".down.sql") {
        applying.append((version, name.replacing(".up.sql", with: ".sql"), file))
      } else if let other = undoing.updateValue(file, forKey: version) {
        reading.refuse(file.path, .sameVersion(as: other.path))
      }
    }
    for (version, name, file) in applying {
      let down = undoing.removeValue(forKey: version)
      reading.migrations.append(
        ImportedMigration(
          fileName: name, sources: [file.path] + (down.map { [$0.path] } ?? []), version: version,
          up: section(file, &reading.problems), down: down.map { section($0, &reading.problems) },
          checksums: file.checksumsOverLineEnds(SHA384.hex(of:))))
    }
    for file in undoing.values { reading.refuse(file.path, .nothingToUndo) }
    return reading
  }

  private static func section(_ file: SourceFile, _ problems: inout [ImportProblem]) -> ImportedSection {
    let isAlone = file.bytes.starts(with: "-- no-transaction".utf8)
    return ImportedSection(file, file.range, sent: isAlone ? .message : .transaction, &problems)
  }
}

extension ImportSource {
  static let sqlx = ImportSource(title: "sqlx", historyTable: "_sqlx_migrations", read: SQLxReader.read) {
    table in
    // The time is in nanoseconds, and -1 until it is known.
    """
    SELECT version::text AS version, 'applied' AS event, '' AS kind, success AS finished,
      encode(checksum, 'hex') AS checksum, installed_on AS applied_at, NULL AS applied_by,
      (nullif(execution_time, -1) / 1000000)::text AS ms
    FROM \(table) ORDER BY version
    """
  }
}
