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
    case .expressions: "an expression of a column, an index or statistics may run code"
    case .schemaOwner(let role): "role \(role) may rename its schema and put another one in its place"
    }
  }

  /// What to do about it. Code in the table would run with the privileges of the role that migrates.
  func hint(_ schema: some CustomStringConvertible) -> String {
    switch self {
    case .notATable:
      "find out who created it; drop or rename it, and record the tenant's version with 'tenantctl migration baseline'"
    case .owner:
      """
      check its rows with psql; if they are right, give it to the role that migrates, in the schema \(schema): \
      ALTER TABLE ... OWNER TO CURRENT_USER
      """
    case .schemaOwner(let role):
      """
      REVOKE CREATE ON DATABASE from \(role), or from the role through which it has it; or ALTER SCHEMA ... OWNER TO \
      CURRENT_USER
      """
    case .policies:
      """
      inspect the table with psql's \\d, find out who created its policies, and drop them, or ALTER TABLE ... DISABLE ROW LEVEL \
      SECURITY: the ledger needs none
      """
    case .triggers, .foreignKeys, .rules, .checks, .expressions:
      "inspect the table with psql's \\d, find out who created them, and drop them: the ledger needs none"
    }
  }
}
