internal import TenancyPostgres

extension TenantDatabase {
  /// Versions that another tenant has and that no file has: a new tenant will lack what they made.
  ///
  /// One tenant stands for all, by the comment on its ledger. Only if that does not say that it has the first so many files
  /// the ledger is read.
  package func versionsWithoutFile(_ files: [MigrationFile]) async throws -> [UnknownVersion] {
    let found = try await readingRegistry { connection, shape -> (Tenant, LedgerHead?)? in
      try await connection.query(shape.anyHeadQuery(ledger: self.settings.ledger)).first.map { row in
        (try RegistryShape.tenant(in: row), row[3].flatMap { LedgerHead(comment: $0) })
      }
    }
    guard let (tenant, head) = found, tenant.isReadable else { return [] }
    if let head, surveyor(files).standing(of: head) != nil { return [] }
    let set = MigrationSet(tenant: files, shared: [])
    do {
      return UnknownVersion.gather(try await survey(FleetSelection(names: [tenant.name]), set).tenants)
    } catch TenancyProblem.tenantNotFound, TenancyProblem.tenantAmbiguous {
      return []
    }
  }
}

extension RegistryShape {
  /// Some tenant, and the comment on its ledger.
  fileprivate func anyHeadQuery(ledger: String) -> SQL {
    """
    SELECT \(tenantColumns), (
      SELECT left(d.description, \(LedgerHead.maximumLength))
      FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(ledger)
      JOIN pg_catalog.pg_description d
        ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
      WHERE n.nspname = \(schema))
    FROM \(tenants.table) t WHERE t.\(tenants.name) IS NOT NULL AND \(schema) <> \(SchemaName.shared.rawValue) LIMIT 1
    """
  }
}
