import TestSupport

@testable import Tenancy

/// Files that comment on the schema that they run in: PostgreSQL allows it, so tenants get it.
enum SchemaComments {
  /// By how they run.
  static let files = [
    ("in a transaction", "-- migrate:up\n\(comment("Accounts"))"),
    ("outside of a transaction", "-- migrate:up transaction:false\n\(comment("Accounts"))"),
  ]

  static func comment(_ text: String) -> String { "DO $$\(body(text))$$;" }

  /// In PL/pgSQL.
  static func body(_ text: String) -> String {
    "BEGIN EXECUTE format('Comment On Schema %I IS %L', current_schema(), '\(text)'); END"
  }
}

extension Fleet {
  /// The comment on the schema of acme, and that on its ledger's column.
  func comments() async throws -> String {
    try await psql(
      """
      SELECT obj_description('acme'::regnamespace, 'pg_namespace'),
        col_description(to_regclass('acme.schema_migrations'), 1)
      """)
  }
}
