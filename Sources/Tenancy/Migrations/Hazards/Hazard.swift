package import SQLText

/// A statement in a migration that runs, but causes harm: in another tenant, or under traffic.
package enum Hazard: String, Sendable, Hashable, CaseIterable {
  /// A tenant's file names a schema.
  case schemaName = "schema-name"
  /// `CREATE EXTENSION` without `SCHEMA`.
  case extensionSchema = "extension-schema"
  /// `SET search_path`.
  case searchPath = "search-path"
  /// `SET` without `LOCAL` inside of a transaction.
  case sessionSetting = "session-setting"
  /// `CREATE INDEX` without `CONCURRENTLY` on a table of an earlier migration.
  case indexLock = "index-lock"
  /// `ADD COLUMN` with a default that differs from row to row.
  case volatileDefault = "volatile-default"
  /// `ADD COLUMN ... NOT NULL` without a default.
  case notNull = "not-null"
  /// `CONCURRENTLY`, or what else PostgreSQL does not run there, inside of a transaction.
  case concurrently = "concurrently"
  /// A file without a statement that applies.
  case empty
}

/// Where a hazard is.
package struct HazardFinding: Sendable, Hashable {
  /// What.
  package let hazard: Hazard
  /// The file.
  package let path: String
  /// The statement's place in it.
  package let location: ScriptLocation
  /// The statement's first line.
  package let excerpt: String
}
