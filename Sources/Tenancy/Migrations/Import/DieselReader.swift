internal import SQLText

/// Reads the folders of Diesel (`diesel_migrations` 2): `2024-01-01-000000_init/up.sql` and `down.sql`, each sent as a
/// transaction, unless the folder's `metadata.toml` says `run_in_transaction = false`.
enum DieselReader {
  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    let folders = MigrationFolders(
      folder, &reading, script: "up.sql", besides: ["down.sql", "metadata.toml"], .withoutHyphens)
    for entry in folders.entries {
      let sending = sending(entry, folder, &reading.problems)
      func section(_ file: SourceFile) -> ImportedSection {
        ImportedSection(file, file.range, sent: sending, &reading.problems)
      }
      guard let up = folder.read(entry.script, &reading.problems) else { continue }
      let down = entry.files["down.sql"].flatMap { folder.read($0, &reading.problems) }
      reading.migrations.append(
        ImportedMigration(
          fileName: entry.fileName, sources: [up.path] + (down.map { [$0.path] } ?? []),
          version: entry.version, up: section(up), down: down.map(section)))
    }
    return reading
  }

  private static func sending(
    _ entry: MigrationFolders.Entry, _ folder: SourceFolder, _ problems: inout [ImportProblem]
  ) -> ImportedSection.Sending {
    guard let path = entry.files["metadata.toml"], let file = folder.read(path, &problems) else {
      return .transaction
    }
    for line in file.lines {
      let text = file.text(line).prefix { $0 != "#" }.filter { !$0.isWhitespace }
      switch text {
      case "", "run_in_transaction=true": continue
      case "run_in_transaction=false": return .message
      default:
        problems.append(
          ImportProblem(.setting(text), file: file.path, at: file.location(at: line.lowerBound)))
      }
    }
    return .transaction
  }
}

extension ImportSource {
  static let diesel = ImportSource(
    title: "Diesel", historyTable: "__diesel_schema_migrations", order: .text, readsFoldersBelow: true,
    read: DieselReader.read
  ) { table in
    """
    SELECT version::text AS version, 'applied' AS event, '' AS kind, true AS finished, NULL AS checksum,
      run_on AS applied_at, NULL AS applied_by, NULL AS ms
    FROM \(table) ORDER BY version
    """
  }
}
