internal import SQLText
internal import Tenancy

extension Hazard {
  /// Why it is one. One sentence without a full stop.
  var reason: String {
    switch self {
    case .schemaName: "the file runs in every tenant's schema, and this names one schema for all of them"
    case .extensionSchema:
      "without SCHEMA the extension goes to the first tenant's schema, and is gone when that tenant is dropped"
    case .searchPath: "what comes after it in the file runs in another schema than the tenant's"
    case .sessionSetting: "it stays when the transaction ends, for the tenants that come after this one"
    case .indexLock: "while the index is built, nobody can write to the table, which has rows by now"
    case .volatileDefault: "the whole table is rewritten, and nobody can read it meanwhile"
    case .notNull: "it fails in every tenant whose table has a row"
    case .concurrently: "PostgreSQL refuses this statement inside of a transaction"
    case .empty: "nothing runs, and once that is recorded, what is written into the file later never will"
    }
  }

  /// What to write instead.
  var rewrite: String {
    switch self {
    case .schemaName: "leave the schema out; what is for all tenants together goes in shared/"
    case .extensionSchema: "CREATE EXTENSION IF NOT EXISTS ... SCHEMA public, in shared/"
    case .searchPath: "leave it out: the search path is the tenant's already"
    case .sessionSetting: "SET LOCAL, which ends with the transaction"
    case .indexLock: "CREATE INDEX CONCURRENTLY in a file of its own, with '-- migrate:up transaction:false'"
    case .volatileDefault:
      "ADD COLUMN without a default, then SET DEFAULT for new rows; fill the old ones in portions"
    case .notNull: "give it a DEFAULT, or ADD COLUMN without NOT NULL, fill it, and SET NOT NULL later"
    case .concurrently:
      "put it in a file of its own, and transaction:false behind the section's '-- migrate:up' or '-- migrate:down'"
    case .empty: "write it, or delete the file"
    }
  }
}

extension HazardFinding: CustomStringConvertible {
  /// `file:line:column: hazard: reason`.
  var description: String {
    "\(path):\(location.line):\(location.column): \(hazard.rawValue): \(hazard.reason)"
  }
}
