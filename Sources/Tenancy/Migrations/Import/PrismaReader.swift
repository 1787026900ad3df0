/// Reads the folders of Prisma Migrate: `20240101000000_init/migration.sql`, sent as one message (`apply_script` of the
/// schema engine). A `down.sql` beside it is what Prisma's guide on down migrations tells people to write; the tool itself
/// does not read it.
enum PrismaReader {
  static func read(_ folder: SourceFolder) -> ImportReading {
    var reading = ImportReading()
    let folders = MigrationFolders(folder, &reading, script: "migration.sql", besides: ["down.sql"], .whole)
    for entry in folders.entries {
      guard let file = folder.read(entry.script, &reading.problems) else { continue }
      let down = entry.files["down.sql"].flatMap { folder.read($0, &reading.problems) }
      reading.migrations.append(
        ImportedMigration(
          fileName: entry.fileName, sources: [file.path] + (down.map { [$0.path] } ?? []),
          version: entry.version,
          up: ImportedSection(file, file.range, sent: .message, &reading.problems),
          down: down.map { ImportedSection($0, $0.range, sent: .message, &reading.problems) },
          checksums: file.checksumsOverLineEnds(SHA256.hex(of:))))
    }
    return reading
  }
}

extension ImportSource {
  static let prisma = ImportSource(
    title: "Prisma", historyTable: "_prisma_migrations", order: .text, readsFoldersBelow: true,
    read: PrismaReader.read
  ) { table in
    // A migration that failed, and was then marked as rolled back, has another row when it is applied.
    """
    SELECT coalesce(substring(migration_name FROM '^[0-9]+'), migration_name) AS version,
      CASE WHEN rolled_back_at IS NULL THEN 'applied' ELSE 'nothing' END AS event, '' AS kind,
      finished_at IS NOT NULL OR rolled_back_at IS NOT NULL AS finished, checksum::text AS checksum,
      finished_at AS applied_at, NULL AS applied_by,
      (1000 * extract(epoch FROM finished_at - started_at))::bigint::text AS ms
    FROM \(table) ORDER BY started_at
    """
  }
}
