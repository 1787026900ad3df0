internal import TenancyPostgres

/// The question what `DROP ... CASCADE` would take along from outside of a tenant's schema.
///
/// It computes what PostgreSQL's `findDependentObjects` (src/backend/catalog/dependency.c) would: whatever depends on an
/// object goes with it, and an object that is an internal part or an extension's member takes its owner along. What is
/// reached is the tenant's own if it stands in the schema, or if it is a part of what is the tenant's own.
struct SchemaDependents {
  let schema: SchemaName
  /// What is dropped: `class`, `oid`, `sub` and `'own'`.
  var seeds: SQL = wholeSchema

  /// What stands outside and would go.
  struct Found {
    /// The first ten, as the server describes them.
    let objects: [String]
    let count: Int
  }

  func find(over connection: Connection) async throws -> Found {
    let suspects = try await connection.pipeline([
      Self.withoutJIT, "\(suspects(from: Self.wholeSchema)) LIMIT 1",
    ])[1]
    if suspects.isEmpty { return Found(objects: [], count: 0) }
    let rows = try await connection.pipeline([
      Self.withoutJIT,
      """
      \(query(from: Self.wholeSchema))
      SELECT pg_describe_object(class, oid, sub), count(*) OVER () FROM named ORDER BY 1 LIMIT 10
      """,
    ])[1]
    return Found(
      objects: rows.compactMap { $0[0] }, count: try rows.first?.decode(String?.self, Int.self).1 ?? 0)
  }

  /// What stands outside and would go: `class`, `oid`, `sub`, and NULL.
  var outside: SQL {
    """
    \(query(from: seeds))
    SELECT class, oid, sub, NULL::oid FROM named
    """
  }

  /// No rows if nothing is outside, which is known sooner.
  var signs: SQL { suspects(from: seeds) }

  /// All that would go, the tenant's own and what is outside: `class`, `oid`, `sub` (a column's number, or zero).
  var closure: SQL {
    """
    \(query(from: Self.wholeSchema))
    SELECT class, oid, sub FROM reached WHERE state <> 'leaf' UNION SELECT class, oid, sub FROM outside
    """
  }

  /// Fails, and with it the transaction that drops the schema, if such objects exist.
  var guardStatements: [PlannedStatement] { [lock] + check(from: Self.wholeSchema) }

  /// The tables are locked first: what another session makes dependent on them while the DROP waits for a lock would go along
  /// unseen. Of a table that another role made, the schema's owner may drop it, and not lock it (PostgreSQL manual, LOCK).
  var lock: PlannedStatement {
    lock("c.relnamespace = to_regnamespace(\(literal: schema.identifier.quoted))")
  }

  /// The same for some of the tables.
  func lock(of tables: [Int]) -> PlannedStatement {
    let oids = tables.map(String.init).joined(separator: ",")
    return lock("c.oid = ANY(\(literal: "{\(oids)}")::oid[])")
  }

  /// The same for a transaction that drops only these.
  func guardStatements(of objects: [DroppedObject]) -> [PlannedStatement] {
    let catalogs = Dictionary(grouping: objects, by: \.catalog).sorted { $0.key < $1.key }
    let seeds = catalogs.map { catalog, objects -> SQL in
      let oids = objects.map { String($0.oid) }
      return """
        SELECT 'pg_catalog.\(unsafeRaw: catalog)'::regclass::oid, s.oid, 0, 'own'
        FROM unnest(\(oids)::oid[]) s (oid)
        """
    }
    let tables = objects.filter { $0.catalog == "pg_class" }.map(\.oid)
    return [lock(of: tables)] + check(from: SQL.joined(seeds, by: "\n  UNION ALL "))
  }

  private func lock(_ condition: SQL) -> PlannedStatement {
    let lock: SQL = """
      DECLARE names text[] := ARRAY(
        SELECT concat('ONLY ', c.oid::regclass) FROM pg_catalog.pg_class c
        WHERE c.relkind IN ('r', 'p') AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
          AND \(condition) ORDER BY c.oid);
        name text;
      BEGIN
        IF names = '{}' THEN RETURN; END IF;
        EXECUTE concat('LOCK TABLE ', array_to_string(names, ', '), ' IN ACCESS EXCLUSIVE MODE');
      EXCEPTION WHEN undefined_table OR invalid_schema_name THEN  -- an earlier drop goes on in the server
        FOREACH name IN ARRAY names LOOP
          BEGIN
            EXECUTE concat('LOCK TABLE ', name, ' IN ACCESS EXCLUSIVE MODE');
          EXCEPTION WHEN undefined_table OR invalid_schema_name THEN NULL;
          END;
        END LOOP;
      END
      """
    return PlannedStatement("DO \(literal: lock.inlined)")
  }

  private func check(from seeds: SQL) -> [PlannedStatement] {
    let check: SQL = """
      BEGIN
        IF EXISTS (
      \(suspects(from: seeds))
        ) THEN
          PERFORM \(Guard.number(if: "NOT EXISTS (\n\(query(from: seeds))\nSELECT FROM named)"));
        END IF;
      END
      """
    return [
      PlannedStatement(Self.withoutJIT),
      PlannedStatement(
        guarding: "DO \(literal: check.inlined)",
        purpose: "fails and rolls back if an object outside of the schema depends on it"),
    ]
  }
}

// MARK: - The query

extension SchemaDependents {
  /// Compiling the query takes longer than running it.
  private static let withoutJIT: SQL = "SELECT set_config('jit', 'off', true)"

  static let wholeSchema: SQL =
    "SELECT 'pg_catalog.pg_namespace'::regclass::oid, oid, 0, 'own' FROM tenant"

  /// What may have to be named: no rows if nothing has. Nearly always nothing has, and planning the whole question takes
  /// longer than this one.
  private func suspects(from seeds: SQL) -> SQL {
    """
    WITH RECURSIVE \(reached(from: seeds, Self.stateOfSuspects))
    SELECT FROM reached e WHERE state = 'leaf' AND \(Self.isNotOwn)
    """
  }

  /// Common table expressions: `reached` expands what is the tenant's own; what is not is kept as a leaf.
  ///
  /// The state is a word, because of a boolean the planner expects half of the rows to be leaves, and takes milliseconds for
  /// them.
  private func reached(from seeds: SQL, _ state: SQL) -> SQL {
    """
    tenant (oid) AS MATERIALIZED (
      SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = \(schema.rawValue)
    ), reached (class, oid, sub, state) AS (
      \(seeds)
      UNION
      SELECT e.class, e.oid, e.sub, \(state)
      FROM reached o CROSS JOIN LATERAL (\(Self.edges(unless: "o.state = 'part'"))) e (class, oid, sub, kind)
      WHERE o.state <> 'leaf'
    )
    """
  }

  /// Common table expressions, up to `named (class, oid, sub)`: what would go, without what are only parts of it. `outside`
  /// goes on from what `reached` keeps as leaves.
  private func query(from seeds: SQL) -> SQL {
    """
    WITH RECURSIVE \(reached(from: seeds, Self.state)), outside (class, oid, sub) AS (
      SELECT class, oid, sub FROM reached e WHERE state = 'leaf' AND \(Self.isNotOwn)
      UNION
      SELECT e.class, e.oid, e.sub
      FROM outside o CROSS JOIN LATERAL (\(Self.edges(unless: "false"))) e (class, oid, sub, kind)
      WHERE \(Self.isNotOwn)
    ), kept AS (SELECT class, oid, sub FROM outside e WHERE NOT \(Self.isIgnored)
    ), named AS (SELECT class, oid, sub FROM kept e WHERE \(Self.isNoPart)
    )
    """
  }

  /// Where the deletion of `o` leads: to what depends on it (its type as `kind`), and as kind `o` to the owner whose
  /// part it is. What was reached as a part has its owner behind it.
  private static func edges(unless isPart: SQL) -> SQL {
    """
    SELECT d.classid, d.objid, d.objsubid, d.deptype FROM pg_catalog.pg_depend d
        WHERE d.refclassid = o.class AND d.refobjid = o.oid AND (o.sub = 0 OR d.refobjsubid = o.sub)
        UNION ALL SELECT d.refclassid, d.refobjid, d.refobjsubid, 'o' FROM pg_catalog.pg_depend d
        WHERE d.classid = o.class AND d.objid = o.oid AND (o.sub = 0 OR d.objsubid = o.sub)
          AND d.deptype IN ('i', 'e') AND NOT \(isPart)
    """
  }

  /// `IS NOT TRUE` keeps the planner from making a join of it: it expects a handful of rows and would compare each with
  /// each, where a schema that thousands of tables depend on has thousands.
  private static let isNotOwn: SQL = """
    ((e.class, e.oid, 0) IN (SELECT x.class, x.oid, x.sub FROM reached x WHERE x.state <> 'leaf')) IS NOT TRUE
        AND (e.sub = 0
          OR ((e.class, e.oid, e.sub) IN (SELECT x.class, x.oid, x.sub FROM reached x WHERE x.state <> 'leaf')) IS NOT TRUE)
    """

  /// Whether what the edge `e` leads to from the tenant's own is the tenant's own, too. What has a schema must stand in
  /// the tenant's, as a partition of its table may not; only TOAST tables have one of their own.
  private static let state = state(leaves: "e.kind = 'o'", place: place(of: "e.class", "e.oid"))

  /// The same without looking where the rare classes stand.
  private static let stateOfSuspects = state(
    leaves: "e.kind = 'o' OR e.class IN (\(rare))", place: place(of: "e.class", "e.oid", rare: ""))

  private static func state(leaves: SQL, place: SQL) -> SQL {
    """
    CASE WHEN \(leaves) THEN 'leaf' WHEN e.kind = 'i' THEN 'part'
      WHEN e.class = 'pg_catalog.pg_namespace'::regclass THEN 'leaf'
      WHEN e.kind = 'a' AND e.class IN (\(parts), 'pg_catalog.pg_constraint'::regclass) THEN 'own'
      WHEN coalesce(\(place), CASE WHEN e.kind <> 'n' THEN (TABLE tenant) END)
        IN ((TABLE tenant), 'pg_toast'::regnamespace) THEN 'own' ELSE 'leaf' END
    """
  }

  /// That `e` goes by itself, and not as a part of something else that goes: a rule with its view, an index with its
  /// constraint, a column with its table.
  private static let isNoPart: SQL = """
    (e.sub <> 0 AND (e.class, e.oid, 0) IN (TABLE kept)) IS NOT TRUE AND ((e.class, e.oid, e.sub) IN (
        SELECT k.class, k.oid, k.sub FROM kept k CROSS JOIN LATERAL (
          SELECT d.refclassid, d.refobjid, d.refobjsubid FROM pg_catalog.pg_depend d
          WHERE d.classid = k.class AND d.objid = k.oid AND (k.sub = 0 OR d.objsubid = k.sub)
            AND d.deptype NOT IN ('n', 'x') AND NOT (d.refclassid = k.class AND d.refobjid = k.oid)
          OFFSET 0) o (class, oid, sub)
        WHERE ((o.class, o.oid, 0) IN (TABLE kept)) IS TRUE OR ((o.class, o.oid, o.sub) IN (TABLE kept)) IS TRUE
      )) IS NOT TRUE
    """

  /// Whether `e` stands in the tenant's schema, or in that of another session's temporary objects, which nobody keeps, or
  /// is a part of what does. Where only some of a schema is dropped, the rest of it is not reached as the tenant's own.
  private static let isIgnored: SQL = """
    EXISTS (
      SELECT FROM (
        SELECT \(place(of: "e.class", "e.oid"))
        UNION ALL SELECT \(place(of: "d.refclassid", "d.refobjid")) FROM pg_catalog.pg_depend d
        WHERE d.classid = e.class AND d.objid = e.oid AND d.deptype IN ('a', 'i') AND e.class IN (\(parts))
      ) p (oid) JOIN pg_catalog.pg_namespace n ON n.oid = p.oid
      WHERE n.oid = (TABLE tenant) OR n.nspname ~ '^pg_(toast_)?temp_')
    """

  /// Classes of objects that stand in no schema, and are parts of others.
  private static let parts: SQL = """
    'pg_catalog.pg_attrdef'::regclass, 'pg_catalog.pg_rewrite'::regclass, 'pg_catalog.pg_trigger'::regclass,
          'pg_catalog.pg_policy'::regclass, 'pg_catalog.pg_publication_rel'::regclass,
          'pg_catalog.pg_statistic_ext'::regclass
    """

  /// Classes of which few schemas have objects.
  private static let rare: SQL = """
    'pg_catalog.pg_extension'::regclass, 'pg_catalog.pg_amop'::regclass, 'pg_catalog.pg_amproc'::regclass,
          'pg_catalog.pg_transform'::regclass, 'pg_catalog.pg_cast'::regclass
    """

  /// The schema in which an object stands; NULL for what stands in none.
  ///
  /// The frequent classes are looked up here, as the function for all of them works out more than the schema, and gives that
  /// in quotes where a name needs them. Citus hides the shards of a table from whoever reads pg_class.
  private static func place(of theClass: SQL, _ oid: SQL) -> SQL {
    place(of: theClass, oid, rare: placeOfRare(oid))
  }

  private static func place(of theClass: SQL, _ oid: SQL, rare: SQL) -> SQL {
    """
    CASE \(theClass)
      WHEN 'pg_catalog.pg_class'::regclass THEN coalesce(
        (SELECT k.relnamespace FROM pg_catalog.pg_class k WHERE k.oid = \(oid)),
        to_regnamespace((pg_identify_object(\(theClass), \(oid), 0)).schema)::oid)
      WHEN 'pg_catalog.pg_constraint'::regclass THEN (
        SELECT k.connamespace FROM pg_catalog.pg_constraint k WHERE k.oid = \(oid))
      WHEN 'pg_catalog.pg_attrdef'::regclass THEN NULL WHEN 'pg_catalog.pg_rewrite'::regclass THEN NULL\(rare)
      ELSE (SELECT to_regnamespace(i.schema)::oid FROM pg_identify_object(\(theClass), \(oid), 0) i) END
    """
  }

  /// Branches for the ``rare`` classes. A cast or a transform stands where its types do: nobody else has a use for it.
  private static func placeOfRare(_ oid: SQL) -> SQL {
    """

      WHEN 'pg_catalog.pg_extension'::regclass THEN (
        SELECT k.extnamespace FROM pg_catalog.pg_extension k WHERE k.oid = \(oid))
      WHEN 'pg_catalog.pg_amop'::regclass THEN (
        SELECT w.opfnamespace FROM pg_catalog.pg_amop k JOIN pg_catalog.pg_opfamily w ON w.oid = k.amopfamily
        WHERE k.oid = \(oid))
      WHEN 'pg_catalog.pg_amproc'::regclass THEN (
        SELECT w.opfnamespace FROM pg_catalog.pg_amproc k JOIN pg_catalog.pg_opfamily w ON w.oid = k.amprocfamily
        WHERE k.oid = \(oid))
      WHEN 'pg_catalog.pg_transform'::regclass THEN (
        SELECT w.typnamespace FROM pg_catalog.pg_transform k JOIN pg_catalog.pg_type w ON w.oid = k.trftype
        WHERE k.oid = \(oid))
      WHEN 'pg_catalog.pg_cast'::regclass THEN (
        SELECT w.typnamespace FROM pg_catalog.pg_cast k JOIN pg_catalog.pg_type w ON w.oid = k.castsource
        JOIN pg_catalog.pg_type v ON v.oid = k.casttarget AND v.typnamespace = w.typnamespace WHERE k.oid = \(oid))
    """
  }
}
