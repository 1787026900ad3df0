internal import SQLText
internal import TenancyPostgres

/// An object in a schema that all tenants share.
package struct SharedObject: Sendable, Hashable {
  /// Its name, without the schema.
  package let name: String
  let schema: SchemaName
  let kind: UnqualifiedTarget.Kind

  /// Its name as SQL takes it from anywhere.
  package var qualifiedName: String { schema.relation(name).quoted }

  /// Fails where the unqualified name leads to it, as the tenant's schema has none of its own. Safe under any search path.
  func guardStatement(in tenant: SchemaName) -> SQL {
    "SELECT \(Guard.number(if: isElsewhere(than: tenant)))"
  }

  private func isElsewhere(than tenant: SchemaName) -> SQL {
    let own = Identifier(name).quoted
    return switch kind {
    case .relation:
      differs("pg_catalog.to_regclass(\(literal: own))", "pg_catalog.to_regclass(\(literal: qualifiedName))")
    case .type:
      differs("pg_catalog.to_regtype(\(literal: own))", "pg_catalog.to_regtype(\(literal: qualifiedName))")
    case .routine:
      """
      EXISTS (SELECT FROM pg_catalog.pg_proc p WHERE p.proname OPERATOR(pg_catalog.=) \(literal: name) \
      AND p.pronamespace OPERATOR(pg_catalog.=) \
      pg_catalog.to_regnamespace(\(literal: tenant.identifier.quoted))::pg_catalog.oid)
      """
    }
  }

  private func differs(_ found: SQL, _ shared: SQL) -> SQL {
    "(\(found)::pg_catalog.oid OPERATOR(pg_catalog.=) \(shared)::pg_catalog.oid) IS NOT TRUE"
  }
}

/// What the files of a run could change in the schemas that all tenants share. An unqualified name leads there from a tenant
/// that has no such object: `DROP TABLE IF EXISTS users` would drop the table of `public`, and be recorded as the tenant's.
struct SharedTargets: Sendable, Hashable {
  private let objects: [UnqualifiedTarget: SharedObject]

  init(_ objects: [UnqualifiedTarget: SharedObject] = [:]) { self.objects = objects }

  /// Those that a statement would change, if the tenant had no object of that name.
  func met(by statement: SQLStatement) -> [SharedObject] {
    objects.isEmpty ? [] : statement.unqualifiedTargets.compactMap { objects[$0] }
  }
}

extension [SQLStatement] {
  /// What they change or drop without having made it: in a new schema it is not there.
  var foreignTargets: Set<UnqualifiedTarget> {
    var made: Set<String> = []
    var targets: Set<UnqualifiedTarget> = []
    for statement in self {
      targets.formUnion(statement.unqualifiedTargets.filter { !made.contains($0.name) })
      if statement.leadingKeywords.first == "CREATE", let name = SQLWords(statement).createdName {
        made.insert(name)
      }
    }
    return targets
  }
}

extension TenantDatabase {
  /// What statements would change in the shared schemas, if a tenant had no such objects: asked once for all tenants, as
  /// hardly any database has some.
  func sharedTargets(of statements: [SQLStatement], _ path: TenantPath) async throws -> SharedTargets {
    let targets = Set(statements.flatMap(\.unqualifiedTargets))
    return try await targets.isEmpty
      ? SharedTargets() : connected { try await self.sharedTargets(targets, path, over: $0) }
  }

  /// The same over a connection that is at hand.
  func sharedTargets(
    _ targets: Set<UnqualifiedTarget>, _ path: TenantPath, over connection: Connection
  ) async throws -> SharedTargets {
    if targets.isEmpty { return SharedTargets() }
    let names = Set(targets.map(\.name)).sorted()
    let rows = try await connection.query(
      """
      WITH shared AS MATERIALIZED (
        SELECT n.oid, n.nspname, s.place FROM unnest(\(path.shared.map(\.rawValue))::text[]) WITH ORDINALITY s (name, place)
        JOIN pg_catalog.pg_namespace n ON n.nspname = s.name)
      SELECT DISTINCT ON (o.kind, o.name) o.kind, o.name, s.nspname FROM shared s JOIN (
        SELECT 'relation' AS kind, relname AS name, relnamespace AS schema
        FROM pg_catalog.pg_class WHERE relname = ANY(\(names)::text[])
        UNION ALL SELECT 'type', typname, typnamespace FROM pg_catalog.pg_type WHERE typname = ANY(\(names)::text[])
        UNION ALL SELECT 'routine', proname, pronamespace FROM pg_catalog.pg_proc WHERE proname = ANY(\(names)::text[])
      ) o ON o.schema = s.oid
      ORDER BY o.kind, o.name, s.place
      """)
    var objects: [UnqualifiedTarget: SharedObject] = [:]
    for row in rows {
      let (kind, name, schema) = try row.decode(String.self, String.self, String.self)
      for target in targets where target.kind.rawValue == kind && target.name == name {
        objects[target] = SharedObject(name: name, schema: SchemaName(stored: schema), kind: target.kind)
      }
    }
    return SharedTargets(objects)
  }
}

extension Frame {
  /// Fail if the statement would change an object of all tenants, as this one has none of that name.
  func guards(before statement: SQLStatement, of file: MigrationFile, in schema: SchemaName)
    -> [PlannedStatement]
  {
    if path.shared.contains(schema) { return [] }
    return sharedTargets.met(by: statement).map { object in
      PlannedStatement(
        object.guardStatement(in: schema),
        source: MigrationSource(file: file, place: .target(statement, object)))
    }
  }
}
