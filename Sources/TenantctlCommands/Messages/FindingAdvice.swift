internal import Tenancy

extension Tenant {
  /// Whether another name would give the schema one that needs no quotes: it is what is odd in the schema's.
  var nameIsInTheWay: Bool {
    schema.rawValue == name.rawValue
      || schema.rawValue.hasSuffix(name.rawValue) && name.rawValue.wholeMatch(of: /[a-z_][a-z0-9_]*/) == nil
  }
}

extension Finding.InvalidIndex {
  func advice(_ tenant: String, _ index: String) -> String {
    switch self {
    case .unbuilt: "it is built again, without blocking reads and writes"
    case .leftover, .leftoverOfTOAST: "it is a leftover of a failed REINDEX, and is dropped"
    case .unfinishedMigration(let direction):
      """
      drop it: tenantctl psql \(tenant) -- -c \("DROP INDEX CONCURRENTLY \(quoted(index))".argument); then 'tenantctl \
      \(direction == .up ? "migrate" : "rollback") \(tenant)' builds it again, unless it was to be dropped
      """
    }
  }

  func place(of index: String, in schema: SchemaName) -> String {
    if case .leftoverOfTOAST(let table) = self {
      "pg_toast.\(index) of \(schema).\(table)"
    } else {
      "\(schema).\(index)"
    }
  }
}

extension MigrationTool? {
  /// What to do about a table of the tool's that has the ledger's name, in that schema.
  func advice(in schema: SchemaName) -> String {
    self == .golangMigrate
      ? """
      'tenantctl migration import --from golang-migrate DIR --ledger \(schema == .shared ? "--shared" : "--all")' imports it
      """
      : "choose another table for tenantctl: ledger = \"tenantctl_migrations\" under [migrations] in tenantctl.toml"
  }
}

extension Finding.UnquotedName {
  var sentence: String {
    switch self {
    case .folded(let name): "becomes \(name)"
    case .refused: "a syntax error"
    }
  }
}
