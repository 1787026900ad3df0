package import SQLText

/// A statement in a migration that runs, but causes harm: in another tenant, or under traffic; or that cannot run in a
/// migration at all.
package enum Hazard: String, Sendable, Hashable, CaseIterable {
  // Tenancy: what differs from one schema to the next.
  case schemaName = "schema-name"
  case schemaReference = "schema-reference"
  case catalogLookup = "catalog-lookup"
  case databaseObject = "database-object"
  case extensionSchema = "extension-schema"
  case searchPath = "search-path"
  case functionSearchPath = "function-search-path"
  case ledgerChange = "ledger-change"
  // The transaction that each file runs in.
  case sessionSetting = "session-setting"
  case setTransaction = "set-transaction"
  case needsTransaction = "needs-transaction"
  case concurrently = "concurrently"
  case empty
  case markerWords = "marker-words"
  // A database under traffic.
  case notNull = "not-null"
  case setNotNull = "set-not-null"
  case indexLock = "index-lock"
  case uniqueLock = "unique-lock"
  case foreignKeyLock = "foreign-key-lock"
  case checkLock = "check-lock"
  case columnType = "column-type"
  case volatileDefault = "volatile-default"
  case tableRewrite = "table-rewrite"
  case lockTable = "lock-table"
  case wholeTable = "whole-table"
  case truncate
  case rename
  case dropColumn = "drop-column"
  case dropTable = "drop-table"
  case dropCascade = "drop-cascade"

  /// How bad it is.
  package enum Severity: String, Sendable, Hashable, Encodable {
    /// The migration fails for some tenant, or does not do to each tenant what it says.
    case error
    /// It does, but a running app feels it; or it may be meant.
    case warning
  }

  package var severity: Severity {
    switch self {
    case .schemaName, .catalogLookup, .databaseObject, .extensionSchema, .searchPath, .functionSearchPath:
      .error
    case .ledgerChange, .setTransaction, .needsTransaction, .concurrently, .empty, .notNull: .error
    case .sessionSetting, .markerWords, .schemaReference, .setNotNull, .indexLock, .uniqueLock,
      .foreignKeyLock, .checkLock,
      .columnType:
      .warning
    case .volatileDefault, .tableRewrite, .lockTable, .wholeTable, .truncate, .rename, .dropColumn: .warning
    case .dropTable, .dropCascade: .warning
    }
  }

  /// The names by which a comment allows it. References to other schemas were part of `schema-name` once.
  var allowances: Set<String> {
    self == .schemaReference ? [rawValue, Hazard.schemaName.rawValue] : [rawValue]
  }
}

/// Where a hazard is.
package struct HazardFinding: Sendable, Hashable {
  /// What.
  package let hazard: Hazard
  /// The file.
  package let path: String
  /// The place in it of the statement, or of the name.
  package let location: ScriptLocation
  /// The line of that place.
  package let excerpt: String
}
