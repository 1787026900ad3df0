import TestSupport

@testable public import Tenancy

/// A database with a registry, and the code that is tested on top of it.
struct Fleet: Sendable {
  let database: TestDatabase
  let tenancy: TenantDatabase

  /// - Parameters:
  ///   - registry: the registry's shape; tables are made as its app makes them.
  ///   - connections: how many the pool holds at most.
  static func with<T>(
    _ registry: Registry = .ours, connections: Int = 4, isolation: isolated (any Actor)? = #isolation,
    _ body: (Fleet) async throws -> T
  ) async throws -> T {
    try await TestDatabase.with { database in
      try await database.psql(registry.ddl)
      let fleet = try Fleet(database: database, tenancy: database.tenancy(registry, connections: connections))
      let result = try await body(fleet)
      await fleet.tenancy.close()
      return result
    }
  }

  /// Runs SQL through psql.
  @discardableResult
  func psql(_ sql: String) async throws -> String { try await database.psql(sql) }

  @discardableResult
  func create(
    _ name: String, domains: [String] = [], values: ColumnValues = [:], _ migrations: [MigrationFile] = []
  ) async throws -> CreatedTenant {
    let new = NewTenant(
      try TenantName(parsing: name), domains: try domains.map(DomainName.init(parsing:)), values: values)
    return try await tenancy.planCreate(new, migrations: migrations).apply()
  }

  @discardableResult
  func drop(_ name: String) async throws -> DroppedTenant {
    try await tenancy.planDrop(TenantName(parsing: name)).apply()
  }

  @discardableResult
  func rename(_ old: String, _ new: String) async throws -> RenamedTenant {
    try await tenancy.planRename(TenantName(parsing: old), to: TenantName(parsing: new)).apply()
  }

  func setActive(_ name: String, _ isActive: Bool) async throws -> Bool {
    try await tenancy.planSetActive([TenantName(parsing: name)], isActive).apply()[0].changed
  }

  /// Tenant and rule: `acme by domain`, `public by shared`.
  func resolve(_ host: String) async throws -> String {
    let found = try await tenancy.resolve(host: Host(parsing: host))
    return "\(found.tenant?.name.rawValue ?? "public") by \(found.rule.rawValue)"
  }

  /// `acme(www.acme.com,acme.com) beta-`: the domains in order, deactivated tenants with a minus.
  func list() async throws -> String {
    try await tenancy.list().map { entry in
      let domains = entry.domains.map(\.name.rawValue).joined(separator: ",")
      return "\(entry.tenant.name)\(domains.isEmpty ? "" : "(\(domains))")\(entry.tenant.isActive ? "" : "-")"
    }.joined(separator: " ")
  }

  /// The schemas that are nobody else's.
  func schemas() async throws -> String {
    try await psql(
      """
      SELECT coalesce(string_agg(nspname, ' ' ORDER BY nspname), '') FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public', 'My App')
      """)
  }
}

extension TestDatabase {
  func tenancy(
    _ registry: Registry = .ours, url: String? = nil, connections: Int = 4,
    lockTimeout: Duration = .seconds(2)
  ) throws -> TenantDatabase {
    try TenantDatabase(
      url ?? self.url, settings: .init(registry: registry.mapping, lockTimeout: lockTimeout),
      connections: connections)
  }
}

/// A migration from its text; the file's name begins with the version.
func migration(_ version: String, _ sql: String, name: String = "x") throws -> MigrationFile {
  try MigrationFile.parse(path: "migrations/\(version)_\(name).sql", bytes: Array(sql.utf8))
}

extension TenantName: ExpressibleByStringLiteral {
  /// The tenant of that name.
  public init(stringLiteral value: String) { self.init(stored: value) }
}
