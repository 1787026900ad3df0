internal import Tenancy

extension LedgerDistrust {
  /// What is wrong with the table.
  var sentence: String {
    switch self {
    case .notATable: "it is not an ordinary table"
    case .owner(let role): "it belongs to role \(role)"
    case .triggers: "it has triggers"
    case .foreignKeys: "a foreign key refers to it, or it has one"
    case .rules: "it has rules"
    case .policies: "it has row-level security"
    case .checks: "it has check constraints"
    case .expressions: "a column or an index of it may run code"
    }
  }

  /// What to do about it. Whoever migrates would run what stands in the table with her own privileges.
  func hint(_ schema: some CustomStringConvertible) -> String {
    switch self {
    case .notATable:
      "find out who made it; drop or rename it, and record what the tenant has with 'tenantctl migration baseline'"
    case .owner:
      """
      look at its rows with psql; if they are right, give it to the role that migrates: \
      ALTER TABLE "\(schema)".schema_migrations OWNER TO CURRENT_USER
      """
    case .triggers, .foreignKeys, .rules, .policies, .checks, .expressions:
      "find out who made them with psql's \\d, and drop them: the ledger needs none"
    }
  }
}
