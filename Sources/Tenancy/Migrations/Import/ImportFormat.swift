internal import SQLText
internal import TenancyPostgres

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
  /// Prisma Migrate.
  case prisma
  /// Diesel's CLI and `diesel_migrations`.
  case diesel
  /// rubenv/sql-migrate.
  case sqlMigrate = "sql-migrate"
  /// jackc/tern.
  case tern
  /// node-pg-migrate, for its migrations in SQL.
  case nodePgMigrate = "node-pg-migrate"

  /// What is known of it.
  var source: ImportSource {
    switch self {
    case .goose: .goose
    case .golangMigrate: .golangMigrate
    case .flyway: .flyway
    case .sqlx: .sqlx
    case .prisma: .prisma
    case .diesel: .diesel
    case .sqlMigrate: .sqlMigrate
    case .tern: .tern
    case .nodePgMigrate: .nodePgMigrate
    }
  }

  /// The tool's name, as it writes it.
  package var title: String { source.title }
  /// The table that it records in, unless it was told otherwise.
  package var historyTable: String { source.historyTable }

  func read(_ folder: SourceFolder) -> ImportReading {
    var reading = source.read(folder)
    reading.refuseForeignSections()
    reading.finish(source.order)
    return reading
  }
}

/// What is to be known of a tool to take its migrations over.
struct ImportSource: Sendable {
  /// In which order the tool runs its migrations.
  enum Order: Sendable {
    /// By the number of the version, as tenantctl does.
    case number
    /// By the text of the name: in the order in which the reader found them.
    case text
  }

  let title: String
  let historyTable: String
  var order = Order.number
  /// Whether it reads subfolders, too.
  var readsFoldersBelow = false
  let read: @Sendable (SourceFolder) -> ImportReading
  /// The query for what it has recorded, in the order in which it did: what ``ForeignHistory`` decodes.
  let records: @Sendable (QualifiedName) -> SQL
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

  /// A file without a down section for this tool may have one of another tool's, which would run with the rest of it.
  fileprivate mutating func refuseForeignSections() {
    for migration in migrations where migration.down == nil {
      for problem in MigrationSections(Array(migration.up.text.utf8)).problems {
        // `+goose` and the like are found in every file.
        if case .foreignSection(let comment, let tool) = problem.reason, tool.name != nil,
          !comment.contains("+")
        {
          refuse(migration.sources[0], .foreignSection(comment, tool))
        }
      }
    }
  }

  fileprivate mutating func finish(_ order: ImportSource.Order) {
    if order == .number { migrations.sort { $0.version < $1.version } }
    for (first, second) in zip(migrations, migrations.dropFirst()) {
      if first.version == second.version {
        refuse(
          second.sources[0],
          Self.isPair(first.fileName, second.fileName)
            ? .pair(with: first.sources[0]) : .sameVersion(as: first.sources[0]))
      } else if order == .text, second.ownVersion.map({ $0 <= first.ownVersion ?? $0 }) ?? true {
        refuse(second.sources[0], .otherOrder(after: first.sources[0]))
      }
    }
    problems.sort { ($0.file, $0.location ?? .start) < ($1.file, $1.location ?? .start) }
  }

  /// Whether the one undoes what the other applies, by their names: `1_a.down.sql` and `1_a.up.sql`.
  private static func isPair(_ first: String, _ second: String) -> Bool {
    let stems = [".down.sql", "_down.sql", "-down.sql"].compactMap { ending in
      [first, second].first { $0.hasSuffix(ending) }?.dropLast(ending.count)
    }
    return stems.contains { stem in first.hasPrefix(stem) && second.hasPrefix(stem) }
  }
}

extension ImportedMigration {
  /// The version that its file has here.
  fileprivate var ownVersion: MigrationVersion? { MigrationFileName(path: fileName)?.version }
}
