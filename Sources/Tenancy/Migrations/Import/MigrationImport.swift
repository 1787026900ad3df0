/// The migrations of another tool, as tenantctl is to have them. Nothing is written yet.
package struct MigrationImport: Sendable {
  /// The tool.
  package let format: ImportFormat
  /// The migrations, by version.
  package let migrations: [ImportedMigration]
  /// The SQL files of the folder that the tool itself does not read.
  package let ignored: [String]

  /// Reads a folder of the tool's.
  ///
  /// Throws ``MigrationFolderError`` if it cannot be read, and ``TenancyProblem/importRefused(_:)`` with every file that
  /// cannot be taken over as what it is.
  package init(from format: ImportFormat, at folder: String) throws {
    let reading = format.read(try SourceFolder(folder, deep: format.source.readsFoldersBelow))
    self.format = format
    migrations = reading.migrations
    ignored = reading.ignored
    if migrations.isEmpty, let below = format.folder(below: folder) {
      throw MigrationFolderError.nothingToImport(path: folder, format, below: below)
    }
    if migrations.isEmpty || !reading.problems.isEmpty {
      let others = ImportFormat.recognized(in: folder)
      if !others.isEmpty, !others.contains(format) {
        throw MigrationFolderError.otherTool(path: folder, format, seems: others)
      }
    }
    if !reading.problems.isEmpty { throw TenancyProblem.importRefused(reading.problems) }
    if migrations.isEmpty { throw MigrationFolderError.nothingToImport(path: folder, format) }
  }

  /// Finds out what would be written into a folder of migrations: into `tenant/`, or `shared/`, of it.
  ///
  /// Throws ``MigrationFolderError/occupied(path:)`` if there are other files: it takes an empty folder, or one that has
  /// these very files already.
  package func placed(in folder: String, shared: Bool) throws -> PlacedImport {
    try PlacedImport(self, in: folder, shared: shared)
  }
}

/// Migrations of another tool at the place where tenantctl finds them.
package struct PlacedImport: Sendable {
  /// What is placed.
  package let source: MigrationImport
  /// The files, one for each of ``MigrationImport/migrations``.
  package let files: [MigrationFile]
  /// The folder that holds them.
  package let folder: String
  /// Whether they already exist.
  package let isThere: Bool
  private let root: String
  private let placeholder: String?

  fileprivate init(_ source: MigrationImport, in root: String, shared: Bool) throws {
    self.source = source
    self.root = root
    folder = Disk.join(root, shared ? "shared" : "tenant")
    let target = folder
    files = try source.migrations.map { migration in
      do {
        return try MigrationFile.parse(
          path: Disk.join(target, migration.fileName), bytes: Array(migration.text.utf8))
      } catch let error as MigrationFilesInvalid {
        throw MigrationFolderError.invalid(error)
      }
    }
    // What nothing would read there would keep every command from running.
    let layout = Disk.isFolder(root) ? try MigrationLayout(root) : nil
    if let layout, !layout.passedOver.isEmpty || layout.tenant.folder == root {
      throw MigrationFolderError.occupied(path: root)
    }
    let names = try Self.names(in: folder)
    // Git keeps no empty folder: such a file stands for one.
    placeholder = names == [".gitkeep"] || names == [".keep"] ? names[0] : nil
    isThere = try !names.isEmpty && placeholder == nil && Self.isThere(source, among: names, in: target)
    if !isThere, placeholder == nil, !names.isEmpty { throw MigrationFolderError.occupied(path: folder) }
  }

  private static func isThere(_ source: MigrationImport, among names: [String], in folder: String) throws
    -> Bool
  {
    try source.migrations.allSatisfy { migration in
      guard names.contains(migration.fileName) else { return false }
      let path = Disk.join(folder, migration.fileName)
      return try reaching(path) { try Disk.read(path) } == Array(migration.text.utf8)
    }
  }

  private static func names(in folder: String) throws -> [String] {
    try reaching(folder) { try Disk.names(in: folder) ?? [] }.filter { $0 != "." && $0 != ".." }
  }

  private static func reaching<T>(_ path: String, _ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch {
      throw MigrationFolderError.inaccessible(path, error)
    }
  }

  /// A line for each file that ``write()`` would write: comments, among the SQL of a dry run.
  package var script: [String] { isThere ? [] : files.map { "-- write \($0.path)" } }

  /// Writes all files or none: into another folder, which then replaces the empty one.
  ///
  /// Throws ``MigrationFolderError``.
  package func write() throws {
    if isThere { return }
    try Self.reaching(folder) {
      try Disk.makeFolder(root)
      let draft = try Disk.makeDraftFolder(in: root)
      do {
        for migration in source.migrations {
          try Disk.create(Disk.join(draft, migration.fileName), migration.text)
        }
        if let placeholder { try Disk.remove(Disk.join(folder, placeholder)) }
        try Disk.rename(draft, to: folder)
      } catch {
        for migration in source.migrations { try? Disk.remove(Disk.join(draft, migration.fileName)) }
        try? Disk.remove(draft)
        throw error
      }
    }
  }
}
