internal import SQLText
internal import TenancyPostgres

/// What the files of a run could change in the schemas that all tenants share. An unqualified name leads there from a tenant
/// that has no such object: `DROP TABLE IF EXISTS users` would drop the table of `public`, and be recorded as the tenant's.
struct SharedTargets: Sendable, Hashable {
  private let objects: [UnqualifiedTarget: [SharedObject]]

  init(_ objects: [UnqualifiedTarget: [SharedObject]] = [:]) { self.objects = objects }

  /// Those that a statement would change, if the tenant had no object of that name.
  func met(by statement: SQLStatement) -> [SharedObject] {
    objects.isEmpty ? [] : statement.unqualifiedTargets.flatMap { objects[$0] ?? [] }
  }
}

extension [SQLStatement] {
  /// What they change or drop in a new schema without having made it there: of most files nothing, which saves a question. A
  /// table that is not there to the end may be gone when its name is used; and what code does is not known.
  fileprivate var foreignTargets: Set<UnqualifiedTarget> {
    var made: Set<UnqualifiedTarget> = []
    var (all, foreign): (Set<UnqualifiedTarget>, Set<UnqualifiedTarget>) = ([], [])
    var runsCode = false
    for statement in self {
      let targets = statement.unqualifiedTargets
      all.formUnion(targets)
      foreign.formUnion(targets.filter { !made.contains($0) })
      if let table = statement.newTable { made.insert(table) }
      runsCode = runsCode || statement.mayRunCode
      switch statement.leadingKeywords.first {
      case "DROP": made.subtract(targets)
      case "ALTER" where SQLWords(statement).movesItsTable: made.subtract(targets)
      default: break
      }
    }
    return runsCode ? all : foreign
  }
}

extension SQLStatement {
  /// What only defines, in a schema whose tables have no rows yet.
  private static let definitions: Set = [
    "CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "LOCK", "SAVEPOINT", "RELEASE",
  ]

  /// Whether it may call functions or triggers, which can do anything, or takes back what was done.
  fileprivate var mayRunCode: Bool {
    guard let first = leadingKeywords.first, Self.definitions.contains(first) else { return true }
    if leadingKeywords.contains("EXTENSION") || leadingKeywords.contains("MATERIALIZED") { return true }
    return first == "CREATE" && leadingKeywords.contains("TABLE") && SQLWords(self).contains("AS")
  }
}

extension SQLWords {
  /// Whether the name of what it alters leads elsewhere afterwards.
  fileprivate var movesItsTable: Bool { contains("RENAME") || firstIndex(of: "SET", "SCHEMA") != nil }
}

extension TenantDatabase {
  /// What statements would change in the shared schemas, if a tenant had no such objects: asked once for all tenants, as
  /// hardly any database has some.
  /// - Parameter earlier: statements in the shared schema that the same run begins with.
  func sharedTargets(
    of statements: [SQLStatement], _ path: TenantPath, after earlier: [SQLStatement] = []
  ) async throws -> SharedTargets {
    let targets = Set(statements.flatMap(\.unqualifiedTargets))
    if targets.isEmpty { return SharedTargets() }
    var objects = try await connected { try await self.sharedObjects(targets, path, over: $0) }
    let coming = Set(earlier.compactMap { SQLWords($0).createdName })
    for target in targets where coming.contains(target.name) && objects[target] == nil {
      objects[target] = [SharedObject(name: target.name, schema: .shared, kind: target.kind)]
    }
    return SharedTargets(objects)
  }

  /// The same for statements in a new schema, over a connection that is at hand.
  func sharedTargets(
    ofNew statements: [SQLStatement], _ path: TenantPath, over connection: Connection
  ) async throws -> SharedTargets {
    let targets = statements.foreignTargets
    return SharedTargets(
      targets.isEmpty ? [:] : try await sharedObjects(targets, path, over: connection))
  }

  private func sharedObjects(
    _ targets: Set<UnqualifiedTarget>, _ path: TenantPath, over connection: Connection
  ) async throws -> [UnqualifiedTarget: [SharedObject]] {
    let names = Set(targets.map(\.name)).sorted()
    let kinds = Set(targets.map(\.kind)).sorted { $0.rawValue < $1.rawValue }
    let catalogs: [SQL] = kinds.map { kind in
      """
      SELECT \(literal: kind.rawValue) AS kind, \(kind.column("name")) AS name, \(kind.column("namespace")) AS schema
      FROM \(kind.catalog) WHERE \(kind.column("name")) = ANY(\(names)::text[])
      """
    }
    let rows = try await connection.query(
      """
      SELECT DISTINCT o.kind, o.name, n.nspname, s.place
      FROM unnest(\(path.shared.map(\.rawValue))::text[]) WITH ORDINALITY s (name, place)
      JOIN pg_catalog.pg_namespace n ON n.nspname = s.name
      JOIN (\(SQL.joined(catalogs, by: " UNION ALL "))) o ON o.schema = n.oid
      ORDER BY s.place
      """)
    var objects: [UnqualifiedTarget: [SharedObject]] = [:]
    for row in rows {
      let (kind, name, schema) = try row.decode(String.self, String.self, String.self)
      for target in targets where target.kind.rawValue == kind && target.name == name {
        // Of several the name means the first one; of overloaded ones the types of the arguments decide.
        if target.kind.isResolvedByName, objects[target] != nil { continue }
        objects[target, default: []].append(
          SharedObject(name: name, schema: SchemaName(stored: schema), kind: target.kind))
      }
    }
    return objects
  }
}

extension Frame {
  /// The statement, and what fails if it changes an object of all tenants, as this one has none of that name, or reaches
  /// one outside of the schema by CASCADE.
  func guarded(
    _ planned: PlannedStatement, _ statement: SQLStatement, of file: MigrationFile, in schema: SchemaName
  ) -> [PlannedStatement] {
    let guards = guards(of: statement, file, in: schema) + [cascadeGuard(of: statement, file, in: schema)]
    return guards.flatMap(\.before) + [planned] + guards.flatMap(\.after)
  }

  /// The same where each of them is sent for itself.
  func guards(before statement: SQLStatement, of file: MigrationFile, in schema: SchemaName)
    -> [PlannedStatement]
  {
    guards(of: statement, file, in: schema).flatMap(\.before)
  }

  private func guards(of statement: SQLStatement, _ file: MigrationFile, in schema: SchemaName)
    -> [(before: [PlannedStatement], after: [PlannedStatement])]
  {
    if path.shared.contains(schema) { return [] }
    return sharedTargets.met(by: statement).enumerated().map { number, object in
      let source = MigrationSource(file: file, place: .target(statement, object))
      let guards = object.guards(number)
      return (
        guards.before.map { PlannedStatement($0, source: source) },
        guards.after.map { PlannedStatement($0, source: source) }
      )
    }
  }
}
