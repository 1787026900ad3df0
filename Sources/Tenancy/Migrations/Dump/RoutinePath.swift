internal import SQLText
internal import TenancyPostgres

/// A function or procedure of a dumped schema whose `SET search_path` has that schema, and is not a tenant's path: the path has
/// to have each tenant's own schema there.
struct RoutinePath: Sendable {
  /// As `ALTER ROUTINE` takes it, without the schema.
  private let signature: String
  /// The path, with `%I` for the schema.
  private let path: String

  /// Of a row of ``query(_:_:)``.
  init(_ row: Row, _ unqualified: Unqualified) throws {
    let (signature, path) = try row.decode(String.self, String.self)
    self.signature = unqualified.text(signature).replacingText("%", with: "%%")
    self.path = path
  }

  /// - Parameter usual: the path with which a tenant's migrations run, which `FROM CURRENT` takes.
  static func query(_ schema: SchemaName, _ usual: TenantPath) -> SQL {
    let isSchema: SQL = "e.name = \(literal: schema.rawValue)"
    return """
      SELECT concat(quote_ident(p.proname), '(', pg_get_function_identity_arguments(p.oid), ')'),
        string_agg(CASE WHEN \(isSchema) THEN '%I' ELSE replace(quote_ident(e.name), '%', '%%') END, ', ' ORDER BY e.number)
      FROM pg_catalog.pg_proc p CROSS JOIN LATERAL unnest(p.proconfig) s (setting)
      CROSS JOIN LATERAL \(SchemaMentions.names(in: SchemaMentions.setting)) e
      WHERE p.pronamespace = to_regnamespace(\(schema.identifier.quoted)) AND s.setting LIKE 'search\\_path=%'
        AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend d
          WHERE d.classid = 'pg_catalog.pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
      GROUP BY p.oid
      HAVING bool_or(\(isSchema)) AND array_agg(e.name::text ORDER BY e.number) <> \(usual.names(for: schema).map(\.rawValue))::text[]
      ORDER BY p.oid
      """
  }

  /// The statement that sets the paths in the tenant that a migration runs in; `nil` if there are none.
  static func statement(_ paths: [RoutinePath]) -> String? {
    if paths.isEmpty { return nil }
    let changes = paths.map { routine in
      let change: SQL = "\(literal: "ALTER ROUTINE \(routine.signature) SET search_path TO \(routine.path)")"
      return "  EXECUTE pg_catalog.format(\(change.inlined), pg_catalog.current_schema());"
    }
    return """
      -- The search paths of these functions have the tenant's own schema.
      DO $paths$
      BEGIN
      \(changes.joined(separator: "\n"))
      END
      $paths$;
      """
  }
}
