/// A statement of a file or a script that sets a role which may not use the tenant's schema: PostgreSQL then leaves the schema out
/// of the search path without a word (manual, 20.11.1).
enum RoleWithoutUsage {
  static let code = "role_without_usage"
  static let sentence =
    "the role that was set before has no USAGE on the tenant's schema, so unqualified names would mean the shared tables"
  static func advice(in source: String) -> String {
    "grant the role USAGE on the schema of each tenant, or remove the statement that sets it from \(source)"
  }
}
