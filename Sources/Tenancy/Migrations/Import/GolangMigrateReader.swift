/// Reads the files of golang-migrate: one for each direction, which its driver sends as one message.
enum GolangMigrateReader {
  private struct Pair {
    var digits: Substring
    var title: Substring
    var files: [MigrationDirection: SourceFile] = [:]
  }

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    var pairs: [SourceVersion: Pair] = [:]
    for name in folder.names {
      guard let parsed = parse(name) else {
        reading.ignore(name, in: folder)
        continue
      }
      let path = folder.path(of: name)
      var pair = pairs[parsed.version] ?? Pair(digits: parsed.digits, title: parsed.title)
      if let other = pair.files[parsed.direction] {
        reading.refuse(path, .sameVersion(as: other.path))
      } else if parsed.ending != "sql" {
        reading.refuse(path, .noSQL("a file for golang-migrate with the ending .\(parsed.ending)"))
      } else if let file = folder.read(name, &reading.problems) {
        pair.files[parsed.direction] = file
        if parsed.direction == .up { (pair.digits, pair.title) = (parsed.digits, parsed.title) }
        pairs[parsed.version] = pair
      }
    }
    for (version, pair) in pairs { reading.migrations.append(migration(version, pair, &reading.problems)) }
    return reading
  }

  /// A direction without a file has nothing to do; but a missing down file is a missing down section.
  private static func migration(
    _ version: SourceVersion, _ pair: Pair, _ problems: inout [ImportProblem]
  ) -> ImportedMigration {
    func section(_ direction: MigrationDirection) -> ImportedSection? {
      pair.files[direction].map { ImportedSection($0, $0.range, sent: .message, &problems) }
    }
    return ImportedMigration(
      fileName: "\(pair.digits)_\(pair.title).sql",
      sources: [pair.files[.up], pair.files[.down]].compactMap { $0?.path }, version: version,
      up: section(.up) ?? .empty, down: section(.down))
  }

  private struct Name {
    let version: SourceVersion
    let digits, title, ending: Substring
    let direction: MigrationDirection
  }

  /// golang-migrate's own pattern: `^([0-9]+)_(.*)\.(down|up)\.(.*)$`.
  private static func parse(_ name: String) -> Name? {
    let digits = name.prefix { ("0"..."9").contains($0) }
    guard let version = SourceVersion(number: digits), name.dropFirst(digits.count).first == "_" else {
      return nil
    }
    let parts = name.dropFirst(digits.count + 1).split(separator: ".", omittingEmptySubsequences: false)
    let index = parts.dropFirst().dropLast().lastIndex { MigrationDirection(rawValue: String($0)) != nil }
    guard let index, let direction = MigrationDirection(rawValue: String(parts[index])) else { return nil }
    return Name(
      version: version, digits: digits, title: parts[0].base[parts[0].startIndex..<parts[index - 1].endIndex],
      ending: parts[0].base[parts[index + 1].startIndex...], direction: direction)
  }
}

extension ImportSource {
  static let golangMigrate = ImportSource(
    title: "golang-migrate", historyTable: "schema_migrations", read: GolangMigrateReader.read
  ) { table in
    """
    SELECT version::text AS version, 'upTo' AS event, '' AS kind, NOT dirty AS finished, NULL AS checksum,
      NULL AS applied_at, NULL AS applied_by, NULL AS ms
    FROM \(table)
    """
  }
}
