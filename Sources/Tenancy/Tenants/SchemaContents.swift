internal import TenancyPostgres

/// An object that a statement drops by name.
struct DroppedObject {
  /// The table of `pg_catalog` that has it.
  let catalog: String
  let oid: Int
}

/// A statement that drops something, and how many locks it takes.
private struct Drop {
  let sql: SQL
  let object: DroppedObject
  let locks: Int
  var isLedger = false
}

/// What is in a schema, as far as dropping it is concerned.
struct SchemaContents {
  let exists: Bool
  private let oid: Int
  /// Whether a mark says that it is not to be dropped.
  let isProtected: Bool
  let tables: Int
  /// Extensions that were installed there, for the whole database.
  let extensions: [String]
  /// A `DROP` for each relation, extension and routine that none of the others drops.
  private let drops: [Drop]
  /// How many locks one transaction may take: ``LockTable/share``.
  private let lockBudget: Int

  static func read(_ ledger: Ledger, over connection: Connection) async throws -> SchemaContents {
    let schema = ledger.schema
    let rows = try await connection.pipeline([
      """
      SELECT \(Protection.isOn(ledger)), oid
      FROM pg_catalog.pg_namespace WHERE nspname = \(schema.rawValue)::text
      """,
      relationsQuery(schema), extensionsQuery(schema), routinesQuery(schema),
      "SELECT \(LockTable.share)",
    ])
    // As text: the server cuts a name that is too long in its own encoding, and would meet another schema.
    if rows[0].isEmpty {
      return SchemaContents(
        exists: false, oid: 0, isProtected: false, tables: 0, extensions: [], drops: [], lockBudget: 1)
    }
    let relations = try rows[1].map { try $0.decode(String.self, String.self, Int.self, Int.self) }
    let drops = relations.compactMap { name, kind, oid, dependents in
      drop(schema.relation(name), kind: kind).map {
        Drop(
          sql: $0, object: DroppedObject(catalog: "pg_class", oid: oid), locks: locks(dependents),
          isLedger: name == ledger.table)
      }
    }
    let extensions = try rows[2].map { row -> Drop in
      let (name, oid, members) = try row.decode(String.self, Int.self, Int.self)
      return Drop(
        sql: "DROP EXTENSION IF EXISTS \(Identifier(name)) CASCADE",
        object: DroppedObject(catalog: "pg_extension", oid: oid), locks: locks(members))
    }
    let routines = try rows[3].map { row -> Drop in
      let (signature, oid) = try row.decode(String.self, Int.self)
      return Drop(
        sql: "DROP ROUTINE IF EXISTS \(unsafeRaw: signature) CASCADE",
        object: DroppedObject(catalog: "pg_proc", oid: oid), locks: 1)
    }
    return SchemaContents(
      exists: true, oid: try rows[0][0].value(of: 1, as: Int.self),
      isProtected: try rows[0][0].value(of: 0, as: Bool.self),
      tables: relations.count { "rpf".contains($0.1) && $0.0 != ledger.table },
      extensions: try rows[2].map { try $0.value(of: 0, as: String.self) }.sorted(),
      drops: drops + extensions + routines, lockBudget: try rows[4][0].decode(Int.self))
  }

  /// What depends on a table is locked with it: types, constraints, defaults, indexes, its TOAST table. Most of them bring
  /// one more: the array's type, the constraint's index, the TOAST table's.
  private static func locks(_ dependents: Int) -> Int { 1 + 2 * dependents }

  private static func drop(_ name: QualifiedName, kind: String) -> SQL? {
    let words = [
      "r": "TABLE", "p": "TABLE", "f": "FOREIGN TABLE", "v": "VIEW", "m": "MATERIALIZED VIEW",
      "S": "SEQUENCE",
    ]
    return words[kind].map { "DROP \(unsafeRaw: $0) IF EXISTS \(name) CASCADE" }
  }
}

// MARK: - What to drop

extension SchemaContents {
  /// In the order of the drops: what others depend on comes last, or its CASCADE would take all of them in one transaction. A
  /// table may be younger than its children and than those that refer to it.
  private static func relationsQuery(_ schema: SchemaName) -> SQL {
    let namespace: SQL = "to_regnamespace(\(schema.identifier.quoted))"
    return """
      WITH RECURSIVE inheritance (child, parent) AS MATERIALIZED (
        SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i
        JOIN pg_catalog.pg_class p ON p.oid = i.inhparent AND p.relkind IN ('r', 'p', 'f') AND p.relnamespace = \(namespace)
      ), tree (oid, depth) AS (
        SELECT child, 1 FROM inheritance WHERE parent NOT IN (SELECT child FROM inheritance)
        UNION SELECT i.child, t.depth + 1 FROM tree t JOIN inheritance i ON i.parent = t.oid
      )
      SELECT relname, relkind, c.oid, (
          SELECT count(DISTINCT (d.classid, d.objid)) FROM pg_catalog.pg_depend d
          WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid) AS dependents
      FROM pg_catalog.pg_class c
      LEFT JOIN (SELECT oid, max(depth) AS depth FROM tree GROUP BY oid) t ON t.oid = c.oid
      WHERE relnamespace = \(namespace) AND relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
        AND NOT EXISTS (  -- a serial column's sequence goes with its table, a member with its extension
          SELECT FROM pg_catalog.pg_depend
          WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid
            AND (deptype = 'e' OR deptype IN ('a', 'i') AND relkind = 'S'))
      ORDER BY relkind IN ('v', 'm') DESC, coalesce(depth, 0) DESC, dependents, c.oid DESC
      """
  }

  private static func extensionsQuery(_ schema: SchemaName) -> SQL {
    """
    SELECT extname, oid, (
        SELECT count(*) FROM pg_catalog.pg_depend
        WHERE refclassid = 'pg_catalog.pg_extension'::regclass AND refobjid = pg_extension.oid)
    FROM pg_catalog.pg_extension WHERE extnamespace = to_regnamespace(\(schema.identifier.quoted)) ORDER BY oid DESC
    """
  }

  private static func routinesQuery(_ schema: SchemaName) -> SQL {
    """
    SELECT p.oid::regprocedure::text, p.oid FROM pg_catalog.pg_proc p
    WHERE pronamespace = to_regnamespace(\(schema.identifier.quoted))
      AND NOT EXISTS (  -- a range's constructor goes with its type
        SELECT FROM pg_catalog.pg_depend
        WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid AND deptype IN ('i', 'e'))
    """
  }
}

// MARK: - How

/// The transactions of a drop.
struct DropSteps {
  let steps: [Step]
  /// How many come before the one that deletes the tenant's rows.
  var beforeRows = 0
}

extension SchemaContents {
  /// - Parameters:
  ///   - rows: what deletes the tenant's rows: it goes first, in the same transaction.
  ///   - checks: what comes at the start of it.
  func dropping(
    _ schema: SchemaName, _ keys: RegistryKeys, after rows: [PlannedStatement], checks: [PlannedStatement],
    mark: String, opening: [SQL]
  ) -> DropSteps {
    let start = opening.planned + checks
    guard exists else { return DropSteps(steps: [.transaction(start + rows)]) }
    let dependents = SchemaDependents(schema: schema)
    let drop =
      dependents.guardStatements + [
        isSame(schema), PlannedStatement("DROP SCHEMA \(schema.identifier) CASCADE"), isGone,
      ]
    let budget = lockBudget
    let batches = batches(of: drops)
    let referring = drops.filter { $0.object.catalog == "pg_class" && keys.tables.contains($0.object.oid) }
    let areMany = referring.reduce(0) { $0 + $1.locks } > budget
    let before = areMany ? keysAlone(keys, of: schema, start, budget) : []
    // All locks in the schema that have to be waited for come before the registry's exclusive one.
    let all = batches.count <= 1 && !keys.isEmpty ? [dependents.lock] : []
    let ahead =
      areMany || referring.isEmpty
      ? []
      : keys.lock + all + dependents.guardStatements(of: referring.map(\.object)) + [isSame(schema)]
        + referring.map { PlannedStatement($0.sql) }
    let rows = start + ahead + rows + [isSame(schema)]
    if batches.count <= 1 { return DropSteps(steps: [.transaction(rows + drop)]) }
    let setMark: SQL = "COMMENT ON SCHEMA \(schema.identifier) IS \(literal: mark)"
    return DropSteps(
      steps: before + [.transaction(rows + [PlannedStatement(setMark)])]
        + batches.map { dropping($0, of: schema, opening.planned) }
        + [.transaction(opening.planned + drop)],
      beforeRows: before.count)
  }

  /// The transactions that drop all but the ledger of a schema that is too large for one; none if it is not.
  /// - Parameter checks: what comes at the start of each.
  func batches(of schema: SchemaName, after checks: [PlannedStatement], opening: [SQL]) -> [Step] {
    let batches = batches(of: drops.filter { !$0.isLedger })
    return batches.count <= 1 ? [] : batches.map { dropping($0, of: schema, opening.planned + checks) }
  }

  private func dropping(_ batch: [Drop], of schema: SchemaName, _ start: [PlannedStatement]) -> Step {
    .transaction(
      start + SchemaDependents(schema: schema).guardStatements(of: batch.map(\.object)) + [isSame(schema)]
        + batch.map { PlannedStatement($0.sql) })
  }

  /// The keys to the registry in transactions of their own, where the tables that have them are too many for one.
  private func keysAlone(
    _ keys: RegistryKeys, of schema: SchemaName, _ start: [PlannedStatement], _ budget: Int
  ) -> [Step] {
    let dependents = SchemaDependents(schema: schema)
    return keys.drops(locks: budget).map { tables, drops in
      .transaction(start + keys.lock + [dependents.lock(of: tables), isSame(schema)] + drops)
    }
  }

  /// The statements before may have waited for a lock, and meanwhile the name may have become another schema's.
  private func isSame(_ schema: SchemaName) -> PlannedStatement {
    let isSame: SQL =
      "to_regnamespace(\(literal: schema.identifier.quoted))::oid = \(unsafeRaw: String(oid))::oid"
    return PlannedStatement(
      guarding: "SELECT \(Guard.number(if: isSame))", purpose: "fails if the name is another schema's by now")
  }

  /// DROP itself may have waited: its owner can rename a schema while its tables are locked.
  private var isGone: PlannedStatement {
    let isLeft: SQL =
      "EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE oid = \(unsafeRaw: String(oid))::oid)"
    return PlannedStatement(
      guarding: "SELECT \(Guard.number(if: "NOT \(isLeft)"))", purpose: "fails if another schema was dropped")
  }

  private func batches(of drops: [Drop]) -> [[Drop]] {
    var batches: [[Drop]] = []
    var left = 0
    for drop in drops {
      if drop.locks > left {
        batches.append([])
        left = lockBudget
      }
      batches[batches.count - 1].append(drop)
      left -= drop.locks
    }
    return batches
  }
}
