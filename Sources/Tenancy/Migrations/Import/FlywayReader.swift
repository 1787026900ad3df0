internal import SQLText

/// Reads the files of Flyway in its default naming: `V1.2__tanks.sql`, and `U1.2__tanks.sql` to undo it. What cannot run
/// in a transaction, Flyway finds by the statement.
struct FlywayReader {
  private let folder: SourceFolder
  private var reading = ImportReading()
  private var applying: [(name: FlywayName, file: SourceFile)] = []
  private var undoing: [SourceVersion: SourceFile] = [:]

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reader = FlywayReader(folder: folder)
    for path in folder.names { reader.read(path) }
    reader.gather()
    return reader.reading
  }

  private init(folder: SourceFolder) {
    self.folder = folder
  }

  private mutating func read(_ path: String) {
    let file = folder.path(of: path)
    guard let name = FlywayName(path) else { return reading.ignore(path, in: folder) }
    switch name.kind {
    case .repeatable: reading.refuse(file, .repeatable)
    case .baseline: reading.refuse(file, .baseline)
    case .callback(let event): reading.refuse(file, .callback(event))
    case .program(let what): reading.refuse(file, .noSQL(what))
    case .versioned:
      guard let source = folder.read(path, &reading.problems) else { return }
      applying.append((name, source))
    case .undo:
      guard let source = folder.read(path, &reading.problems) else { return }
      if let other = undoing.updateValue(source, forKey: name.version) {
        reading.refuse(file, .sameVersion(as: other.path))
      }
    }
  }

  private mutating func gather() {
    let digits = FlywayDigits(applying.map(\.name))
    for (name, file) in applying {
      guard let version = digits.of(name) else {
        reading.refuse(file.path, .badVersionAmongOthers(String(name.text)))
        continue
      }
      let down = undoing.removeValue(forKey: name.version)
      reading.migrations.append(
        ImportedMigration(
          fileName: name.description.isEmpty ? "\(version).sql" : "\(version)_\(name.description).sql",
          sources: [file.path] + (down.map { [$0.path] } ?? []), version: name.version, up: section(file),
          down: down.map { section($0) }, checksums: [Self.checksum(of: file)]))
    }
    for file in undoing.values { reading.refuse(file.path, .nothingToUndo) }
  }

  private mutating func section(_ file: SourceFile) -> ImportedSection {
    var (sending, substitutes) = (ImportedSection.Sending.message, true)
    for (key, value) in settings(of: file) {
      switch (key, value.lowercased()) {
      case ("executeInTransaction", "true"): sending = .transaction
      case ("executeInTransaction", "false"): sending = .statements
      case ("placeholderReplacement", "true"): substitutes = true
      case ("placeholderReplacement", "false"): substitutes = false
      case ("encoding", "utf-8"): break
      default: reading.refuse("\(file.path).conf", .setting("\(key)=\(value)"))
      }
    }
    if substitutes { refusePlaceholders(in: file) }
    return ImportedSection(file, file.range, sent: sending, &reading.problems)
  }

  /// Flyway replaces `${name}` everywhere, in comments and strings, too.
  private mutating func refusePlaceholders(in file: SourceFile) {
    for index in file.range where file.bytes[index...].starts(with: "${".utf8) {
      let end = file.bytes[index...].firstIndex(of: UInt8(ascii: "}")).map { $0 + 1 } ?? index + 2
      reading.problems.append(
        ImportProblem(.substitution(file.text(index..<end)), file: file.path, at: file.location(at: index)))
    }
  }

  /// Those of the script's own `.conf` file.
  private mutating func settings(of file: SourceFile) -> [(key: String, value: String)] {
    let path = "\(file.path).conf"
    guard let name = folder.names.first(where: { folder.path(of: $0) == path }),
      let settings = folder.read(name, &reading.problems)
    else { return [] }
    return settings.lines.compactMap { line in
      let text = settings.text(line)[...].trimmingWhitespace()
      guard !text.isEmpty, !text.hasPrefix("#") else { return nil }
      let parts = text.split(separator: "=", maxSplits: 1).map { $0.trimmingWhitespace() }
      return (parts[0], parts.count > 1 ? parts[1] : "")
    }
  }

  /// CRC-32 over the lines without their ends (`ChecksumCalculator`), as a signed number.
  private static func checksum(of file: SourceFile) -> String {
    let text = file.bytes[file.range].filter { !ASCII.isNewline($0) }
    return String(Int32(bitPattern: CRC32.checksum(of: text)))
  }
}

extension ImportSource {
  static let flyway = ImportSource(
    title: "Flyway", historyTable: "flyway_schema_history", readsFoldersBelow: true, read: FlywayReader.read
  ) { table in
    // Repeatable migrations have no version.
    """
    SELECT version, CASE WHEN type = 'SCHEMA' OR version IS NULL AND type = 'SQL' THEN 'nothing'
        WHEN type = 'SQL' THEN 'applied' WHEN type IN ('UNDO_SQL', 'DELETE') THEN 'undone'
        WHEN type IN ('BASELINE', 'SQL_BASELINE') THEN 'upTo' ELSE 'unknown' END AS event,
      type AS kind, success AS finished, checksum::text AS checksum, installed_on AS applied_at,
      installed_by AS applied_by, execution_time::text AS ms
    FROM \(table) ORDER BY installed_rank
    """
  }
}
