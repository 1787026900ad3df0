internal import TenancyPostgres

/// Another program that records migrations in its own table.
package enum MigrationTool: String, CaseIterable, Sendable, Hashable, Encodable {
  case alembic = "Alembic"
  case atlas = "Atlas"
  case diesel = "Diesel"
  case django = "Django"
  case doctrine = "Doctrine"
  case drizzle = "Drizzle"
  case ecto = "Ecto"
  case entityFramework = "Entity Framework"
  case flyway = "Flyway"
  case golangMigrate = "golang-migrate"
  case goose = "goose"
  case knex = "Knex"
  case kysely = "Kysely"
  case laravel = "Laravel"
  case liquibase = "Liquibase"
  case mikroORM = "MikroORM"
  case nodePgMigrate = "node-pg-migrate"
  case phinx = "Phinx"
  case prisma = "Prisma"
  case rails = "Rails"
  case sequelize = "Sequelize"
  case sqlMigrate = "sql-migrate"
  case sqlx = "SQLx"
  case tern = "tern"
  case typeORM = "TypeORM"

  /// The default names of its tables.
  package var tables: [String] {
    switch self {
    case .alembic: ["alembic_version"]
    case .atlas: ["atlas_schema_revisions"]
    case .diesel: [ImportFormat.diesel.historyTable]
    case .django: ["django_migrations"]
    case .doctrine: ["doctrine_migration_versions"]
    case .drizzle: ["__drizzle_migrations"]
    case .ecto: ["schema_migrations"]
    case .entityFramework: ["__EFMigrationsHistory"]
    case .flyway: [ImportFormat.flyway.historyTable, "schema_version"]
    case .golangMigrate: [ImportFormat.golangMigrate.historyTable]
    case .goose: [ImportFormat.goose.historyTable]
    case .knex: ["knex_migrations", "knex_migrations_lock"]
    case .kysely: ["kysely_migration", "kysely_migration_lock"]
    case .laravel, .typeORM: ["migrations"]
    case .liquibase: ["databasechangelog", "databasechangeloglock"]
    case .mikroORM: ["mikro_orm_migrations"]
    case .nodePgMigrate: [ImportFormat.nodePgMigrate.historyTable]
    case .phinx: ["phinxlog"]
    case .prisma: [ImportFormat.prisma.historyTable]
    case .rails: ["ar_internal_metadata"]
    case .sequelize: ["SequelizeMeta"]
    case .sqlMigrate: [ImportFormat.sqlMigrate.historyTable]
    case .sqlx: [ImportFormat.sqlx.historyTable]
    case .tern: [ImportFormat.tern.historyTable]
    }
  }

  /// By what its table is told from others of the same name.
  func columns(of table: String) -> HistoryColumns {
    switch self {
    case .ecto: .exactly(["inserted_at", "version"])
    case .flyway where table != ImportFormat.flyway.historyTable: .including(["script", "version"])
    case .golangMigrate: .including(["dirty", "version"])
    case .laravel: .exactly(["batch", "id", "migration"])
    case .tern: .exactly(["version"])
    case .typeORM: .exactly(["id", "name", "timestamp"])
    default: .including([])
    }
  }

  /// The tool that a table with the ledger's name belongs to, by its columns; `nil`: none that is known. The tables of
  /// dbmate and Rails are a ledger with fewer columns.
  init?(ledgerColumns columns: Set<String>) {
    let tool = Self.ofLedgersName.first { $0.columns(of: $0.tables[0]).match(columns) }
    guard let tool else { return nil }
    self = tool
  }

  /// Those whose own table is named as the ledger is, and has other columns.
  static let ofLedgersName: [MigrationTool] = [.ecto, .golangMigrate]
}

/// Another tool's record of migrations in a schema.
package struct MigrationHistory: Sendable, Hashable, Encodable {
  /// The tool.
  package let tool: MigrationTool
  /// The table.
  package let table: String

  /// Every known table of such records.
  static let known: [MigrationHistory] = MigrationTool.allCases.flatMap { tool in
    tool.tables.map { MigrationHistory(tool: tool, table: $0) }
  }

  /// Whether a table is such a record, of whatever tool.
  static func isOne(_ table: CatalogTable) -> Bool {
    let columns = Set(table.columns.map(\.name))
    return known.contains { $0.table == table.name.name.name && $0.tool.columns(of: $0.table).match(columns) }
  }

  /// Which of ``known`` a row of pg_class is, by its place there; NULL for none.
  static func place(of relation: SQL) -> SQL {
    let names = Set(known.map(\.table)).sorted().map { "\(literal: $0)" as SQL }
    let cases = known.enumerated().map { place, history -> SQL in
      let named: SQL = "\(relation).relname = \(literal: history.table)"
      let columns = history.tool.columns(of: history.table).condition(on: relation)
      let condition = SQL.joined([named] + (columns.map { [$0] } ?? []), by: " AND ")
      return "WHEN \(condition) THEN \(unsafeRaw: String(place))"
    }
    return
      "CASE WHEN \(relation).relname IN (\(SQL.joined(names))) THEN CASE \(SQL.joined(cases, by: " ")) END END"
  }
}

/// The columns by which a table is told from others of the same name.
enum HistoryColumns {
  /// These and no others, in the order of their bytes.
  case exactly([String])
  /// These, and perhaps others.
  case including([String])

  func match(_ columns: Set<String>) -> Bool {
    switch self {
    case .exactly(let names): columns == Set(names)
    case .including(let names): columns.isSuperset(of: names)
    }
  }

  /// The same, of a row of pg_class; `nil` if any columns will do.
  func condition(on relation: SQL) -> SQL? {
    let columns: SQL = """
      (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid = \(relation).oid AND a.attnum > 0 AND NOT a.attisdropped)
      """
    let array = { (names: [String]) -> SQL in
      "ARRAY[\(SQL.joined(names.map { "\(literal: $0)" as SQL }))]::text[]"
    }
    return switch self {
    case .exactly(let names): "\(columns) = \(array(names))"
    case .including(let names): names.isEmpty ? nil : "\(columns) @> \(array(names))"
    }
  }
}
