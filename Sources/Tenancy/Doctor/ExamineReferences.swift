internal import TenancyPostgres

/// What a tenant's schema has of another tenant's.
package struct TenantReferences: Sendable, Hashable {
  /// One of the objects that refer to it, as the server describes it.
  package let object: String
  /// How many objects do.
  package let count: Int
  /// The schema, or one of them.
  package let schema: SchemaName
  /// How many tenants' schemas they refer to.
  package let schemas: Int
}

extension TenantDatabase {
  /// Finds foreign keys, defaults, views, columns and whatever else of one tenant depends on the schema of another one. Text, such
  /// as a function's body, is not read.
  func examineReferences(_ shape: RegistryShape) async throws -> [Diagnosis.Entry] {
    let shared = settings.registry.tables.map(\.schema.name) + (settings.sharedSchemas ?? []).map(\.rawValue)
    let rows = try await connected { connection in
      try await connection.query(shape.referencesQuery(without: shared))
    }
    return try rows.compactMap { row in
      let (name, schema, active, object, count, other, others) = try row.decode(
        String.self, String.self, Bool.self, String.self, Int.self, String.self, Int.self)
      let tenant = Tenant(name: .init(stored: name), schema: .init(stored: schema), isActive: active)
      if settings.isShared(tenant.schema) { return nil }
      return .init(
        .refersToTenants(
          tenant,
          TenantReferences(
            object: object, count: count, schema: SchemaName(stored: other), schemas: others)))
    }
  }
}

extension RegistryShape {
  /// One pass over the dependencies of all schemas. The rows of a view's rule are the view's, and what an extension has brought
  /// is another finding.
  /// - Parameter shared: schemas that all tenants may refer to, besides `public`.
  fileprivate func referencesQuery(without shared: [String]) -> SQL {
    """
    WITH tenant AS MATERIALIZED (
      SELECT DISTINCT n.oid, n.nspname::text AS name FROM pg_catalog.pg_namespace n JOIN \(tenants.table) t ON n.nspname::text = \(schema)
      WHERE n.nspname <> 'public' AND n.nspname !~ '^pg_' AND n.nspname::text <> ALL(\(shared)::text[])
    ), reference AS (
      SELECT DISTINCT d.classid AS class, d.objid AS oid, d.objsubid AS sub, d.here, o.name AS there
      FROM (\(Self.dependencies)) d
      JOIN tenant h ON h.oid = d.here JOIN tenant o ON o.oid = d.there
      WHERE d.here <> d.there AND (d.refclassid, d.refobjid) NOT IN (
        SELECT e.classid, e.objid FROM pg_catalog.pg_depend e WHERE e.deptype = 'e')
    ), referring AS (
      SELECT here, min(pg_describe_object(class, oid, sub)) AS object, count(DISTINCT (class, oid, sub)) AS objects,
        min(there) AS other, count(DISTINCT there) AS others
      FROM reference GROUP BY here
    )
    SELECT \(tenantColumns), r.object, r.objects, r.other, r.others
    FROM referring r JOIN pg_catalog.pg_namespace n ON n.oid = r.here
    JOIN \(tenants.table) t ON n.nspname::text = \(schema)
    ORDER BY 1
    """
  }

  /// What depends on a relation, a routine or a type, with the namespaces of both.
  private static let dependencies: SQL = """
    SELECT CASE WHEN w.oid IS NULL THEN d.classid ELSE 'pg_catalog.pg_class'::regclass END AS classid,
      coalesce(w.ev_class, d.objid) AS objid, d.objsubid, d.refclassid, d.refobjid,
      coalesce(c.relnamespace, k.connamespace, p.pronamespace, y.typnamespace) AS here,
      coalesce(rc.relnamespace, rp.pronamespace, ry.typnamespace) AS there
    FROM pg_catalog.pg_depend d
    LEFT JOIN pg_catalog.pg_class rc ON d.refclassid = 'pg_catalog.pg_class'::regclass AND rc.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_proc rp ON d.refclassid = 'pg_catalog.pg_proc'::regclass AND rp.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_type ry ON d.refclassid = 'pg_catalog.pg_type'::regclass AND ry.oid = d.refobjid
    LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
    LEFT JOIN pg_catalog.pg_proc p ON d.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = d.objid
    LEFT JOIN pg_catalog.pg_type y ON d.classid = 'pg_catalog.pg_type'::regclass AND y.oid = d.objid
    LEFT JOIN pg_catalog.pg_attrdef a ON d.classid = 'pg_catalog.pg_attrdef'::regclass AND a.oid = d.objid
    LEFT JOIN pg_catalog.pg_rewrite w ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND w.oid = d.objid
    LEFT JOIN pg_catalog.pg_trigger g ON d.classid = 'pg_catalog.pg_trigger'::regclass AND g.oid = d.objid
    LEFT JOIN pg_catalog.pg_policy l ON d.classid = 'pg_catalog.pg_policy'::regclass AND l.oid = d.objid
    LEFT JOIN pg_catalog.pg_class c ON c.oid = coalesce(
      a.adrelid, w.ev_class, g.tgrelid, l.polrelid,
      CASE WHEN d.classid = 'pg_catalog.pg_class'::regclass THEN d.objid END)
    WHERE d.deptype = 'n' AND d.refclassid IN (
      'pg_catalog.pg_class'::regclass, 'pg_catalog.pg_proc'::regclass, 'pg_catalog.pg_type'::regclass)
    UNION ALL
    SELECT 'pg_catalog.pg_class'::regclass, i.inhrelid, 0, 'pg_catalog.pg_class'::regclass, i.inhparent, c.relnamespace,
      r.relnamespace
    FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
    JOIN pg_catalog.pg_class r ON r.oid = i.inhparent
    """
}
