internal import TenancyPostgres

/// How another program reaches the database of this connection. It may contain a password, so it is never printed.
package struct ClientEnvironment: Sendable, CustomStringConvertible, CustomReflectable {
  private let settings: [String: String]
  private let path: TenantPath

  init(_ settings: [String: String], _ path: TenantPath = TenantPath()) {
    self.settings = settings
    self.path = path
  }

  /// The environment for a program that works on one tenant: the inherited one, with
  /// - libpq's variables for the connection, and `DATABASE_URL` for programs that do not use libpq;
  /// - `PGOPTIONS`, which sets the search path to the tenant's schema, then the shared ones;
  /// - `TENANT` and `TENANT_SCHEMA`, the names.
  package func variables(for tenant: Tenant, inheriting inherited: [String: String]) -> [String: String] {
    // Each of these could lead to another database.
    let foreign = [
      "PGSERVICE", "PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER", "PGPASSWORD", "PGOPTIONS",
      "TENANTCTL_DATABASE_URL",
    ]
    var variables = inherited.filter { !foreign.contains($0.key) }
    variables.merge(settings) { $1 }
    let path = Self.escaped(path.value(for: tenant.schema))
    variables["PGOPTIONS"] = (settings["PGOPTIONS"].map { "\($0) " } ?? "") + "-c search_path=\(path)"
    variables["DATABASE_URL"] = url
    variables["TENANT"] = tenant.name.rawValue
    variables["TENANT_SCHEMA"] = tenant.schema.rawValue
    return variables
  }

  /// Words of `PGOPTIONS` end at white space, unless a backslash stands before it
  /// (PostgreSQL manual, 34.1.2 "Parameter Key Words", `options`).
  private static func escaped(_ word: String) -> String {
    word.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar == "\\" || scalar.properties.isWhitespace { text += "\\" }
      text.unicodeScalars.append(scalar)
    }
  }

  /// As a URI. A socket's directory and several hosts only fit into its query.
  private var url: String {
    func part(_ name: String) -> String? { settings[name]?.percentEncoded(keeping: \.isUnreservedInURI) }
    let password = part("PGPASSWORD").map { ":\($0)" } ?? ""
    let user = part("PGUSER").map { "\($0)\(password)@" } ?? ""
    let host = settings["PGHOST"] ?? ""
    let isPlain = !host.contains { "/,:@".contains($0) }
    let authority = isPlain ? host + (settings["PGPORT"].map { ":\($0)" } ?? "") : ""
    let inQuery =
      [("host", "PGHOST"), ("port", "PGPORT")].filter { _ in !isPlain } + [("sslmode", "PGSSLMODE")]
    let query = inQuery.compactMap { key, name in part(name).map { "\(key)=\($0)" } }
    return "postgresql://\(user)\(authority)/\(part("PGDATABASE") ?? "")"
      + (query.isEmpty ? "" : "?\(query.joined(separator: "&"))")
  }

  /// Which database on which server, without user and password.
  fileprivate var place: String {
    let host = settings["PGHOST"].map { " on \($0)" } ?? ""
    return "\(settings["PGDATABASE"] ?? "")\(host)\(settings["PGPORT"].map { ", port \($0)" } ?? "")"
  }

  /// Hides the settings.
  package var description: String { "the environment of a client" }
  /// Hides the settings.
  package var customMirror: Mirror { Mirror(self, children: []) }
}

extension TenantDatabase {
  /// Which database on which server, for people: `shop on db.example.com, port 5432`.
  package func place() async throws -> String { try await clientEnvironment().place }

  /// How another program reaches this database.
  package func clientEnvironment() async throws -> ClientEnvironment {
    let path = try await frame().path
    return try await connected { ClientEnvironment(try await $0.clientVariables(), path) }
  }

  /// The same for programs that are to work on one tenant's tables.
  ///
  /// Throws ``TenancyProblem/poolerBeforeProgram``: PgBouncer ignores the search path if it is told to
  /// (`ignore_startup_parameters`), and the program would work in `public`.
  package func clientEnvironmentForTenants() async throws -> ClientEnvironment {
    let client = try await clientEnvironment()
    let isDirect = try await connected { try await self.traits(over: $0) }.isDirect
    if !isDirect, try await losesSearchPath() { throw TenancyProblem.poolerBeforeProgram }
    return client
  }

  /// A tenant by its name, deactivated or not, whose schema exists.
  ///
  /// Throws ``TenancyProblem/tenantNotFound(_:)``, and as ``checkSchema(of:)`` does.
  package func tenantWithSchema(_ name: TenantName) async throws -> Tenant {
    let member = try await tenants(in: FleetSelection(names: [name])).members.first
    guard let member else { throw TenancyProblem.tenantNotFound(name) }
    try await checkSchema(of: member.tenant)
    return member.tenant
  }

  /// Checks that a program whose search path begins with the tenant's schema can use it.
  ///
  /// Throws ``TenancyProblem/schemaMissing(_:_:)``, or ``TenancyProblem/insufficientPrivilege(_:)`` without USAGE on it.
  package func checkSchema(of tenant: Tenant) async throws {
    if !tenant.schema.canBeEntered { throw TenancyProblem.schemaNotEnterable(tenant.name, tenant.schema) }
    try await connected { connection in
      do {
        try await connection.query("SELECT \(tenant.schema.entry)")
      } catch let error as ServerError {
        throw tenant.absence(error) ?? error
      }
    }
  }
}
