internal import Postgres

/// What `init` found or made.
public struct InitializedRegistry: Sendable, Hashable, Encodable {
  /// The tenants' table.
  public let tenants: String
  /// The domains' table, if there is to be one.
  public let domains: String?
  /// The tables that were not there before.
  public let created: [String]
}

extension TenantDatabase {
  /// Plans the registry's tables. What is there is checked and never changed; what is not there is created in
  /// flask-tenants' shape, with defaults on the server's side too.
  ///
  /// Throws ``TenancyError`` if a table is there that is no registry, or one that the mapping describes is not.
  public func planInitialize() async throws -> Change<InitializedRegistry> {
    let mapping = settings.registry
    return try await connected { connection in
      let tables = [mapping.tenants] + (mapping.domains.map { [$0] } ?? [])
      let rows = try await connection.pipeline(tables.map { "SELECT to_regclass(\($0.quoted)) IS NOT NULL" })
      let missing = try zip(tables, rows).filter { try !$0.1[0].decode(Bool.self) }.map(\.0)
      if !missing.isEmpty && mapping != RegistryMapping() {
        throw TenancyError.registryMissing(tables: missing.map(\.description))
      }
      if missing.isEmpty { _ = try await self.shape(over: connection) }
      if missing == [QualifiedName("public", "domains")] {
        try await self.checkTenantsAlone(over: connection)
      }
      return Change(
        result: InitializedRegistry(
          tenants: mapping.tenants.description, domains: mapping.domains?.description,
          created: missing.map(\.description)),
        steps: missing.isEmpty ? [] : [.transaction([self.guards] + missing.map(Self.definition))],
        database: self)
    }
  }

  /// Only the domains are missing: the tenants' table must be one, or the reference to it would fail obscurely.
  private func checkTenantsAlone(over connection: Connection) async throws {
    var mapping = settings.registry
    mapping.domains = nil
    _ = try await RegistryShape.load(mapping, over: connection)
  }

  private static func definition(_ table: QualifiedName) -> SQL {
    table.name == "tenants" ? tenantsDefinition : domainsDefinition
  }

  private static let tenantsDefinition: SQL = """
    CREATE TABLE public.tenants (
      id serial CONSTRAINT tenants_pkey PRIMARY KEY,
      name varchar(128) NOT NULL CONSTRAINT tenants_name_key UNIQUE,
      created_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
      updated_at timestamp without time zone NOT NULL DEFAULT CURRENT_TIMESTAMP,
      deactivated boolean NOT NULL DEFAULT false
    )
    """

  private static let domainsDefinition: SQL = """
    CREATE TABLE public.domains (
      id serial CONSTRAINT domains_pkey PRIMARY KEY,
      tenant_id integer NOT NULL CONSTRAINT domains_tenant_id_fkey REFERENCES public.tenants (id),
      tenant_name varchar(128) NOT NULL CONSTRAINT domains_tenant_name_fkey REFERENCES public.tenants (name),
      domain_name varchar(255) NOT NULL CONSTRAINT domains_domain_name_key UNIQUE,
      is_primary boolean NOT NULL DEFAULT false
    )
    """
}
