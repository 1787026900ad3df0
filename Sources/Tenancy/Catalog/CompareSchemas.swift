internal import TenancyPostgres

/// What a glance at a schema shows.
struct SchemaInspection: Sendable {
  /// Whether it has tables, other than those that record migrations.
  let hasTables: Bool
  /// Other tools' records of migrations.
  let histories: [MigrationHistory]
}

extension TenantDatabase {
  /// That a row of pg_class is a table that records migrations, of this or of another tool: such tables are left out of
  /// comparisons.
  var recordsMigrations: @Sendable (_ relation: SQL) -> SQL {
    { [ledger = settings.ledger] relation in
      """
      (\(relation).relname IN (\(ledger), 'schema_migrations') OR (\(MigrationHistory.place(of: relation))) IS NOT NULL)
      """
    }
  }

  /// Inspects the schemas of tenants, in one query; those that are missing or cannot be named are left out.
  func inspect(_ members: [FleetMember]) async throws -> [SchemaName: SchemaInspection] {
    let names = members.map(\.tenant).readable.map(\.schema.rawValue)
    let known = MigrationHistory.known
    let rows = try await connected { connection in
      try await connection.query(
        """
        SELECT n.nspname, coalesce(bool_or(NOT \(self.recordsMigrations("c"))), false),
          string_agg((\(MigrationHistory.place(of: "c")))::text, ',')
        FROM pg_catalog.pg_namespace n
        LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'f')
        WHERE n.nspname = ANY(\(names)::text[]) GROUP BY n.nspname
        """)
    }
    return try rows.reduce(into: [:]) { inspected, row in
      let (name, hasTables, places) = try row.decode(String.self, Bool.self, String?.self)
      let found = Set(places?.split(separator: ",").compactMap { Int($0) } ?? [])
      inspected[SchemaName(stored: name)] = SchemaInspection(
        hasTables: hasTables, histories: found.sorted().map { known[$0] })
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
    let reader = SchemaReader(excluded: recordsMigrations, opening: limits.opening)
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
    let reader = SchemaReader(excluded: recordsMigrations, opening: limits.opening)
    let digests = try await inBatches(of: SchemaReader.batch, schemas) { batch, connection in
      try await reader.digests(of: batch, over: connection)
    }
    return digests.reduce(into: [:]) { all, found in
      for (schema, digest) in found { all[schema] = digest.mapError { TenancyProblem.from($0.error) } }
    }
  }
}
