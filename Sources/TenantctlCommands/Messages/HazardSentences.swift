internal import SQLText
internal import Tenancy

extension Hazard {
  /// Why it is one. One sentence without a full stop.
  var reason: String {
    switch self {
    case .schemaName: "the file runs in every tenant's schema, but this names one schema for all of them"
    case .extensionSchema:
      "without SCHEMA the extension is created in the first tenant's schema, and dropped with that tenant"
    case .searchPath: "the statements after it run in another schema than the tenant's"
    case .sessionSetting: "the setting outlives the transaction and applies to the tenants after this one"
    case .indexLock: "writes to the table, which has rows by then, are blocked while the index is built"
    case .volatileDefault: "reads of the table are blocked while the whole table is rewritten"
    case .notNull: "it fails in every tenant whose table has a row"
    case .concurrently: "PostgreSQL refuses this statement in a transaction"
    case .empty: "the file is recorded as applied, so statements that are added to it later never run"
    }
  }

  /// What to write instead.
  var rewrite: String {
    switch self {
    case .schemaName: "omit the schema; statements for all tenants together belong in shared/"
    case .extensionSchema: "CREATE EXTENSION IF NOT EXISTS ... SCHEMA public, in shared/"
    case .searchPath: "remove it: the search path is already the tenant's"
    case .sessionSetting: "SET LOCAL, which ends with the transaction"
    case .indexLock: "CREATE INDEX CONCURRENTLY in a file of its own, with '-- migrate:up transaction:false'"
    case .volatileDefault:
      "ADD COLUMN without a default, then SET DEFAULT for new rows; fill existing rows in batches"
    case .notNull: "give it a DEFAULT, or ADD COLUMN without NOT NULL, fill it, and SET NOT NULL later"
    case .concurrently:
      "put it in its own file, with transaction:false after the section's '-- migrate:up' or '-- migrate:down'"
    case .empty: "write its statements, or delete the file"
    }
  }
}

extension HazardFinding: CustomStringConvertible {
  /// `file:line:column: hazard: reason`.
  var description: String {
    "\(path):\(location.line):\(location.column): \(hazard.rawValue): \(hazard.reason)"
  }
}
