internal import TenancyPostgres

extension TenantDatabase {
  /// Versions that another tenant has and that no file has: a new tenant will lack what they made.
  ///
  /// One tenant stands for all, by the comment on its ledger. Only if that does not say that it has the first so many files
  /// the ledger is read. Where no ledger can be read, nothing is said: whatever is wrong with other tenants is no obstacle to
  /// a new one.
  package func versionsWithoutFile(_ files: [MigrationFile]) async -> [UnknownVersion] {
    (try? await knownVersionsWithoutFile(files)) ?? []
  }

  private func knownVersionsWithoutFile(_ files: [MigrationFile]) async throws -> [UnknownVersion] {
    let surveyor = surveyor(files)
    return try await readingRegistry { connection, shape in
      for row in try await connection.query(shape.headsQuery(self.settings)) {
        let tenant = try RegistryShape.tenant(in: row)
        guard tenant.isReadable else { continue }
        if let head = row[3].flatMap({ LedgerHead(comment: $0) }), surveyor.standing(of: head) != nil {
          return []
        }
        let survey = try await surveyor.inspect((tenant, tenant.schema), over: connection)
        if survey.problem == nil { return UnknownVersion.gather([survey]) }
      }
      return []
    }
  }
}

extension RegistryShape {
  /// A few tenants that have a ledger, and the comment on it. Row by row: a join would read the ledgers of the whole fleet first.
  fileprivate func headsQuery(_ settings: TenantDatabase.Settings) -> SQL {
    """
    SELECT \(tenantColumns), l.comment
    FROM \(tenants.table) t CROSS JOIN LATERAL (
      SELECT left(d.description, \(LedgerHead.maximumLength)) AS comment
      FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = \(settings.ledger)
      LEFT JOIN pg_catalog.pg_description d
        ON d.objoid = c.oid AND d.classoid = 'pg_catalog.pg_class'::regclass AND d.objsubid = 0
      WHERE n.nspname = \(schema) OFFSET 0) l
    WHERE t.\(tenants.name) IS NOT NULL AND NOT \(settings.isShared("\(schema)")) LIMIT 5
    """
  }
}
