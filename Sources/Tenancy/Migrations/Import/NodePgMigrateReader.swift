internal import SQLText

/// Reads the SQL files of node-pg-migrate (`sqlMigration.ts` of its version 7): `1414549381268_tanks.sql`, with the comments
/// `-- Up Migration` and `-- Down Migration`, in either order; without them all of it is up.
enum NodePgMigrateReader {
  private static let programs = [".js", ".ts", ".mjs", ".cjs", ".mts", ".cts"]

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    var taken: Set<String> = []
    for name in folder.names {
      let digits = name.prefix { ("0"..."9").contains($0) }
      guard let version = SourceVersion(number: digits) else {
        reading.ignore(name, in: folder)
        continue
      }
      let path = folder.path(of: name)
      guard name.hasSuffix(".sql") else {
        if programs.contains(where: name.hasSuffix) {
          reading.refuse(path, .noSQL("a migration in JavaScript"))
        }
        continue
      }
      // Of `--migration-filename-format utc`, the milliseconds: versions of later are times of 14 digits.
      let shortened = String(digits.prefix(14))
      guard taken.insert(shortened).inserted || digits.utf8.count <= 14 else {
        reading.refuse(path, .badVersion(String(digits)))
        continue
      }
      guard let file = folder.read(name, &reading.problems) else { continue }
      let (up, down) = sections(of: file)
      reading.migrations.append(
        ImportedMigration(
          fileName: shortened + name.dropFirst(digits.count), sources: [path], version: version,
          up: ImportedSection(file, up.range, without: up.cuts, sent: .transaction, &reading.problems),
          down: down.map {
            ImportedSection(file, $0.range, without: $0.cuts, sent: .transaction, &reading.problems)
          }))
    }
    return reading
  }

  private typealias Section = (range: Range<Int>, cuts: [Range<Int>])

  private static func sections(of file: SourceFile) -> (up: Section, down: Section?) {
    let lines = file.lines
    let up = lines.first { begins("up", file.text($0)) }
    let down = lines.first { begins("down", file.text($0)) }
    /// From its comment to the other's, or to the end.
    func section(_ own: Range<Int>, _ other: Range<Int>?) -> Section {
      let end = other.map { $0.lowerBound > own.lowerBound ? $0.lowerBound : file.bytes.count }
      return (own.lowerBound..<(end ?? file.bytes.count), [own])
    }
    let all: Section = (file.start..<(down?.lowerBound ?? file.bytes.count), [])
    return (up.map { section($0, down) } ?? all, down.map { section($0, up) })
  }

  /// node-pg-migrate's own pattern: `^\s*--[\s-]*up\s+migration`, in any case.
  private static func begins(_ direction: String, _ line: String) -> Bool {
    let text = line.drop(while: \.isWhitespace)
    guard text.hasPrefix("--") else { return false }
    let words = text.drop { $0 == "-" || $0.isWhitespace }.lowercased().split(whereSeparator: \.isWhitespace)
    return words.first == direction[...] && words.dropFirst().first?.hasPrefix("migration") ?? false
  }
}

extension ImportSource {
  static let nodePgMigrate = ImportSource(
    title: "node-pg-migrate", historyTable: "pgmigrations", read: NodePgMigrateReader.read
  ) { table in
    """
    SELECT coalesce(substring(name FROM '^[0-9]+'), name) AS version, 'applied' AS event, '' AS kind,
      true AS finished, NULL AS checksum, run_on AS applied_at, NULL AS applied_by, NULL AS ms
    FROM \(table) ORDER BY run_on, id
    """
  }
}
