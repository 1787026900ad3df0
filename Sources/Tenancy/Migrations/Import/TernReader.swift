internal import SQLText

/// Reads the files of tern (`migrate.LoadMigrations` of its version 2): `001_tanks.sql`, divided by a line of its own.
/// What is a template there is refused: tern replaces it before it sends it.
enum TernReader {
  private static let divider = "---- create above / drop below ----"
  private static let alone = "---- tern: disable-tx ----"

  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    for name in folder.names {
      let digits = name.prefix { ("0"..."9").contains($0) }
      guard let version = SourceVersion(number: digits), name.dropFirst(digits.count).first == "_",
        name.hasSuffix(".sql")
      else {
        reading.ignore(name, in: folder)
        continue
      }
      guard let file = folder.read(name, &reading.problems) else { continue }
      refuseTemplates(in: file, &reading.problems)
      let lines = file.lines
      let cut = lines.first { file.text($0).hasPrefix(divider) }
      let up = file.start..<(cut?.lowerBound ?? file.bytes.count)
      reading.migrations.append(
        ImportedMigration(
          fileName: name, sources: [file.path], version: version,
          up: section(file, up, lines, &reading.problems),
          down: cut.map { section(file, $0.upperBound..<file.bytes.count, lines, &reading.problems) }))
    }
    return reading
  }

  private static func section(
    _ file: SourceFile, _ range: Range<Int>, _ lines: [Range<Int>], _ problems: inout [ImportProblem]
  ) -> ImportedSection {
    let cuts = lines.filter { range.contains($0.lowerBound) && file.text($0).hasPrefix(alone) }
    return ImportedSection(
      file, range, without: cuts, sent: cuts.isEmpty ? .transaction : .statements, &problems)
  }

  private static func refuseTemplates(in file: SourceFile, _ problems: inout [ImportProblem]) {
    for index in file.range where file.bytes[index...].starts(with: "{{".utf8) {
      let line = file.bytes[index...].prefix { !ASCII.isNewline($0) }
      problems.append(
        ImportProblem(
          .substitution(file.text(line.startIndex..<line.endIndex)), file: file.path,
          at: file.location(at: index)))
    }
  }
}

extension ImportSource {
  static let tern = ImportSource(title: "tern", historyTable: "schema_version", read: TernReader.read) {
    table in
    """
    SELECT version::text AS version, 'upTo' AS event, '' AS kind, true AS finished, NULL AS checksum,
      NULL AS applied_at, NULL AS applied_by, NULL AS ms
    FROM \(table) WHERE version > 0
    """
  }
}
