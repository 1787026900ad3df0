internal import TenancyPostgres

/// The foreign keys of a tenant's own tables to the registry. Its row cannot be deleted before them, and for the drop of each
/// PostgreSQL locks the registry's table exclusively, until the transaction ends.
struct RegistryKeys {
  /// One of them.
  private struct Key {
    let table: Int
    let name: QualifiedName
    let constraint: Identifier
    let target: QualifiedName
    /// Whether the role may lock the target before.
    let mayLock: Bool
    /// Partitions have a key of their own.
    let copies: Int
  }

  private let keys: [Key]

  static let none = RegistryKeys(keys: [])

  static func read(
    of schema: SchemaName, _ shape: RegistryShape, over connection: Connection
  ) async throws -> RegistryKeys {
    let rows = try await connection.query(shape.ownKeysQuery(schema))
    return RegistryKeys(
      keys: try rows.map { row in
        let (table, name, constraint, targetSchema, target, mayLock, copies) = try row.decode(
          Int.self, String.self, String.self, String.self, String.self, Bool.self, Int.self)
        return Key(
          table: table, name: schema.relation(name), constraint: Identifier(constraint),
          target: QualifiedName(Identifier(targetSchema), Identifier(target)), mayLock: mayLock,
          copies: copies)
      })
  }

  var isEmpty: Bool { keys.isEmpty }

  /// The tables that have them.
  var tables: Set<Int> { Set(keys.map(\.table)) }

  /// The registry's tables that they refer to.
  var targets: [QualifiedName] { keys.map(\.target).uniqued() }

  /// Keeps other changes of the registry's rows out, and no reader, before anything else is locked. Of two drops each would
  /// have its own tables, and by ON DELETE CASCADE the one would want the other's, while the other wants the registry's.
  var lock: [PlannedStatement] {
    let targets = keys.filter(\.mayLock).map(\.target).uniqued()
    if targets.isEmpty { return [] }
    let names = SQL.joined(targets.map { "ONLY \($0)" })
    return [PlannedStatement("LOCK TABLE \(names) IN SHARE ROW EXCLUSIVE MODE")]
  }

  /// What drops them and leaves the tables, as many as take so many locks at a time; with the tables' OIDs.
  func drops(locks: Int) -> [(tables: [Int], drops: [PlannedStatement])] {
    var batches: [(tables: [Int], drops: [PlannedStatement])] = []
    var left = 0
    for key in keys {
      // The table, the constraint, and the triggers that check it on both sides.
      let needed = 6 * key.copies
      if needed > left {
        batches.append(([], []))
        left = locks
      }
      batches[batches.count - 1].tables.append(key.table)
      batches[batches.count - 1].drops.append(
        PlannedStatement("ALTER TABLE \(key.name) DROP CONSTRAINT IF EXISTS \(key.constraint)"))
      left -= needed
    }
    return batches
  }
}

extension RegistryShape {
  /// A registry may be views: then the keys refer to the tables below them. Those to the domains come first, as they do where
  /// rows are deleted.
  fileprivate func ownKeysQuery(_ schema: SchemaName) -> SQL {
    let names = tables.map { name -> SQL in
      "SELECT to_regclass(\(name.quoted))::oid, \(name == tenants.table ? "true" : "false" as SQL)"
    }
    return """
      WITH RECURSIVE tables (oid, has_tenants) AS (
        (\(SQL.joined(names, by: " UNION ALL ")))
        UNION SELECT d.refobjid, t.has_tenants
        FROM tables t JOIN pg_catalog.pg_rewrite r ON r.ev_class = t.oid AND r.ev_type = '1'
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.objid = r.oid
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass
      )
      SELECT k.conrelid, c.relname, k.conname, m.nspname, f.relname,
        has_table_privilege(f.oid, 'UPDATE, DELETE, TRUNCATE'),
        (SELECT greatest(count(*), 1) FROM pg_partition_tree(k.conrelid::regclass))
      FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
      JOIN pg_catalog.pg_class f ON f.oid = k.confrelid JOIN pg_catalog.pg_namespace m ON m.oid = f.relnamespace
      WHERE k.contype = 'f' AND k.conparentid = 0 AND k.confrelid IN (SELECT oid FROM tables)
        AND c.relnamespace = to_regnamespace(\(literal: schema.identifier.quoted))
        AND k.oid IN (  -- by an index
          SELECT d.objid FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_constraint'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid IN (SELECT oid FROM tables))
      ORDER BY f.oid IN (SELECT oid FROM tables WHERE has_tenants), k.oid
      """
  }
}
