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
  case liquibase = "Liquibase"
  case mikroORM = "MikroORM"
  case nodePgMigrate = "node-pg-migrate"
  case phinx = "Phinx"
  case prisma = "Prisma"
  case rails = "Rails"
  case sequelize = "Sequelize"
  case sqlMigrate = "sql-migrate"
  case sqlx = "SQLx"

  /// The default names of its tables.
  package var tables: [String] {
    switch self {
    case .alembic: ["alembic_version"]
    case .atlas: ["atlas_schema_revisions"]
    case .diesel: [ImportFormat.diesel.historyTable]
    case .django: ["django_migrations"]
    case .doctrine: ["doctrine_migration_versions"]
    case .drizzle: ["__drizzle_migrations"]
    case .entityFramework: ["__EFMigrationsHistory"]
    case .flyway: [ImportFormat.flyway.historyTable, "schema_version"]
    case .goose: [ImportFormat.goose.historyTable]
    case .knex: ["knex_migrations", "knex_migrations_lock"]
    case .kysely: ["kysely_migration", "kysely_migration_lock"]
    case .liquibase: ["databasechangelog", "databasechangeloglock"]
    case .mikroORM: ["mikro_orm_migrations"]
    case .nodePgMigrate: [ImportFormat.nodePgMigrate.historyTable]
    case .phinx: ["phinxlog"]
    case .prisma: [ImportFormat.prisma.historyTable]
    case .rails: ["ar_internal_metadata"]
    case .sequelize: ["SequelizeMeta"]
    case .sqlMigrate: [ImportFormat.sqlMigrate.historyTable]
    case .sqlx: [ImportFormat.sqlx.historyTable]
    // Their table is named schema_migrations, too.
    case .ecto, .golangMigrate: []
    }
  }

  /// The tool that a table with the ledger's name belongs to, by its columns; `nil`: none that is known. The tables of
  /// dbmate and Rails are a ledger with fewer columns.
  init?(ledgerColumns columns: Set<String>) {
    if columns.contains("dirty") {
      self = .golangMigrate
    } else if columns == ["version", "inserted_at"] {
      self = .ecto
    } else {
      return nil
    }
  }
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
}
