internal import SQLText

/// A tool whose migrations can be taken over.
package enum ImportFormat: String, Sendable, Hashable, CaseIterable {
  /// pressly/goose.
  case goose
  /// golang-migrate/migrate, with its driver for PostgreSQL.
  case golangMigrate = "golang-migrate"
  /// Flyway, with its default naming.
  case flyway
  /// sqlx-cli, and the `migrate!` macro of sqlx.
  case sqlx

  /// The table that it records in, unless it was told otherwise.
  package var historyTable: String {
    switch self {
    case .goose: "goose_db_version"
    case .golangMigrate: "schema_migrations"
    case .flyway: "flyway_schema_history"
    case .sqlx: "_sqlx_migrations"
    }
  }

  /// Whether it reads subfolders, too.
  var readsFoldersBelow: Bool { self == .flyway }

  func read(_ folder: SourceFolder) -> ImportReading {
    var reading =
      switch self {
      case .goose: GooseReader.read(folder)
      case .golangMigrate: GolangMigrateReader.read(folder)
      case .flyway: FlywayReader.read(folder)
      case .sqlx: SQLxReader.read(folder)
      }
    reading.finish()
    return reading
  }
}

/// What was found in a folder.
struct ImportReading: Sendable {
  /// By version.
  var migrations: [ImportedMigration] = []
  var problems: [ImportProblem] = []
  /// SQL files that the tool itself does not read.
  var ignored: [String] = []

  /// Reports a file as a whole.
  mutating func refuse(_ file: String, _ reason: ImportProblem.Reason) {
    problems.append(ImportProblem(reason, file: file))
  }

  /// Notes a file that does not belong to the tool.
  mutating func ignore(_ name: String, in folder: SourceFolder) {
    if name.hasSuffix(".sql") { ignored.append(folder.path(of: name)) }
  }

  fileprivate mutating func finish() {
    migrations.sort { $0.version < $1.version }
    for (first, second) in zip(migrations, migrations.dropFirst()) where first.version == second.version {
      refuse(second.sources[0], .sameVersion(as: first.sources[0]))
    }
    problems.sort { ($0.file, $0.location ?? .start) < ($1.file, $1.location ?? .start) }
  }
}
