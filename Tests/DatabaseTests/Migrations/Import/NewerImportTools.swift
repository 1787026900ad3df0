import Tenancy

/// The tools that keep a folder for each migration, or divide a file by comments of their own.
extension Tool {
  private static let tanks =
    "CREATE TABLE tanks (id int);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1;\n"
  private static let litres = "ALTER TABLE tanks ADD litres int;\n"
  private static let index = "CREATE INDEX CONCURRENTLY i ON tanks (id);\n"
  private static let noTanks = "DROP FUNCTION f();\nDROP TABLE tanks;\n"
  private static let noLitres = "ALTER TABLE tanks DROP litres;\n"
  private static let noIndex = "DROP INDEX CONCURRENTLY i;\n"

  static let prisma = Tool(
    .prisma, table: "_prisma_migrations",
    create: """
      (id VARCHAR(36) PRIMARY KEY NOT NULL, checksum VARCHAR(64) NOT NULL, finished_at TIMESTAMPTZ,
      migration_name VARCHAR(255) NOT NULL, logs TEXT, rolled_back_at TIMESTAMPTZ,
      started_at TIMESTAMPTZ NOT NULL DEFAULT now(), applied_steps_count INTEGER NOT NULL DEFAULT 0)
      """,
    insert: "(id, checksum, migration_name, started_at, finished_at, rolled_back_at) VALUES",
    rows: [
      "('a', '?', '20240101_tanks', '2024-01-01', NULL, '2024-01-02')",
      "('b', '?', '20240101_tanks', '2024-01-02 00:00:01', '2024-01-02 00:00:02.5', NULL)",
      "('c', '?', '20240102_litres', '2024-01-03', '2024-01-03', NULL)",
    ], history: "20240101|2024-01-02|NULL|1500\n20240102|2024-01-03|NULL|0",
    files: [
      "20240101_tanks/migration.sql": tanks, "20240101_tanks/down.sql": noTanks,
      "20240102_litres/migration.sql": litres, "20240102_litres/down.sql": noLitres,
      "20240103_index/migration.sql": index, "20240103_index/down.sql": noIndex,
      "migration_lock.toml": "provider = \"postgresql\"\n",
    ])

  static let diesel = Tool(
    .diesel, table: "__diesel_schema_migrations",
    create: "(version VARCHAR(50) PRIMARY KEY NOT NULL, run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
    insert: "VALUES",
    rows: ["('20240101000000', '2024-01-02')", "('20240102000000', '2024-01-03')"],
    history: "20240101000000|2024-01-02|NULL|NULL\n20240102000000|2024-01-03|NULL|NULL",
    files: [
      "2024-01-01-000000_tanks/up.sql": tanks, "2024-01-01-000000_tanks/down.sql": noTanks,
      "2024-01-02-000000_litres/up.sql": litres, "2024-01-02-000000_litres/down.sql": noLitres,
      "2024-01-03-000000_index/up.sql": index, "2024-01-03-000000_index/down.sql": noIndex,
      "2024-01-03-000000_index/metadata.toml": "run_in_transaction = false\n",
    ])

  static let sqlMigrate = Tool(
    .sqlMigrate, table: "gorp_migrations",
    create: "(id text NOT NULL PRIMARY KEY, applied_at timestamp with time zone)", insert: "VALUES",
    rows: ["('1_tanks.sql', '2024-01-02Z')", "('2_litres.sql', '2024-01-03Z')"],
    history: "1|2024-01-02|NULL|NULL\n2|2024-01-03|NULL|NULL",
    files: [
      "1_tanks.sql": "-- +migrate Up\n\(tanks)-- +migrate Down\n\(noTanks)",
      "2_litres.sql": "-- +migrate Up\n\(litres)-- +migrate Down\n\(noLitres)",
      "3_index.sql": "-- +migrate Up notransaction\n\(index)-- +migrate Down notransaction\n\(noIndex)",
    ])

  static let tern = Tool(
    .tern, table: "schema_version", create: "(version int4 NOT NULL)", insert: "VALUES", rows: ["(2)"],
    history: "001|NULL|NULL|NULL\n002|NULL|NULL|NULL",
    files: [
      "001_tanks.sql": "\(tanks)---- create above / drop below ----\n\(noTanks)",
      "002_litres.sql": "\(litres)---- create above / drop below ----\n\(noLitres)",
      "003_index.sql":
        "---- tern: disable-tx ----\n\(index)---- create above / drop below ----\n---- tern: disable-tx ----\n\(noIndex)",
    ])

  static let nodePgMigrate = Tool(
    .nodePgMigrate, table: "pgmigrations",
    create: "(id SERIAL PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)",
    insert: "(name, run_on) VALUES",
    rows: ["('1704067200001_tanks', '2024-01-02')", "('1704067200002_litres', '2024-01-03')"],
    history: "1704067200001|2024-01-02|NULL|NULL\n1704067200002|2024-01-03|NULL|NULL",
    files: [
      "1704067200001_tanks.sql": "-- Up Migration\n\(tanks)-- Down Migration\n\(noTanks)",
      "1704067200002_litres.sql": "-- Up Migration\n\(litres)-- Down Migration\n\(noLitres)",
      // node-pg-migrate has no way to run SQL outside of a transaction.
      "1704067200003_index.sql": "CREATE INDEX i ON tanks (id);\n-- Down Migration\nDROP INDEX i;\n",
    ])
}
