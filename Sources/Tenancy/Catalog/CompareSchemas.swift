internal import TenancyPostgres

/// What a glance at a schema shows.
struct SchemaInspection: Sendable {
  /// Whether it has tables, other than those that record migrations.
  let hasTables: Bool
  /// Other tools' records of migrations.
  let histories: [MigrationHistory]
}

extension TenantDatabase {
  /// The tables that record migrations, of this and of other tools: they are left out of comparisons.
  var historyTables: [String] {
    [settings.ledger, "schema_migrations"] + MigrationHistory.known.map(\.table)
  }

  /// Inspects the schemas of tenants, in one query; missing schemas are left out.
  func inspect(_ members: [FleetMember]) async throws -> [SchemaName: SchemaInspection] {
    let names = members.map(\.tenant.schema.rawValue)
    let known = MigrationHistory.known
    let rows = try await connected { connection in
      try await connection.query(
        """
        SELECT n.nspname, coalesce(bool_or(c.relname <> ALL(\(self.historyTables)::text[])), false),
          string_agg(c.relname, ',') FILTER (WHERE c.relname = ANY(\(known.map(\.table))::text[]))
        FROM pg_catalog.pg_namespace n
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'f')
        WHERE n.nspname = ANY(\(names)::text[]) GROUP BY n.nspname
        """)
    }
    return try rows.reduce(into: [:]) { inspected, row in
      let (name, hasTables, tables) = try row.decode(String.self, Bool.self, String?.self)
      let found = Set(tables?.split(separator: ",").map(String.init) ?? [])
      inspected[SchemaName(stored: name)] = SchemaInspection(
        hasTables: hasTables, histories: known.filter { found.contains($0.table) })
    }
  }

  /// How each of the schemas differs from a reference; an empty difference for those that equal it. Schemas that are
  /// alike are read once.
  ///
  /// What keeps a schema from being read is that schema's failure.
  func differences(
    of schemas: [SchemaName], from reference: SchemaName?
  ) async throws -> [SchemaName: Result<SchemaDifference, TenancyProblem>] {
    guard let reference else { return [:] }
    let digests = try await digests(of: [reference] + schemas)
    guard let expected = try digests[reference]?.get() else { return [:] }
    let reader = SchemaReader(excluded: historyTables, opening: limits.opening)
    let model = try await connected { try await reader.items(of: reference, over: $0) }
    var known: [SchemaDigest: SchemaDifference] = [expected: SchemaDifference(of: model, from: model)]
    var differences: [SchemaName: Result<SchemaDifference, TenancyProblem>] = [:]
    for schema in schemas {
      switch digests[schema] {
      case .success(let digest):
        if known[digest] == nil {
          let items = try await connected { try await reader.items(of: schema, over: $0) }
          known[digest] = SchemaDifference(of: items, from: model)
        }
        differences[schema] = known[digest].map { .success($0) }
      case .failure(let error): differences[schema] = .failure(error)
      case nil: break
      }
    }
    return differences
  }

  /// The digests of schemas, in batches over as many connections as there are.
  private func digests(of schemas: [SchemaName]) async throws -> [SchemaName: Result<
    SchemaDigest, TenancyProblem
  >] {
    let reader = SchemaReader(excluded: historyTables, opening: limits.opening)
    let digests = try await inBatches(of: SchemaReader.batch, schemas) { batch, connection in
      try await reader.digests(of: batch, over: connection)
    }
    return digests.reduce(into: [:]) { all, found in
      for (schema, digest) in found { all[schema] = digest.mapError { TenancyProblem.from($0.error) } }
    }
  }
}
