internal import TenancyPostgres

/// The mark on a tenant that ``TenantDatabase/planDrop(_:)`` refuses. It is the first line of the comment on the tenant's
/// schema: the registry may be an app's, so it gets no column, and a comment goes along with a rename and a dump. It keeps
/// operators from a mistake; the owner of the schema can remove it.
enum Protection {
  private static let mark = "tenantctl: protected"

  /// Whether a schema's comment has the mark.
  static func isOn(comment: String?) -> Bool {
    // By scalars: the line end of DOS is one character.
    comment.map { String($0.unicodeScalars.prefix { $0 != "\n" && $0 != "\r" }) == mark } ?? false
  }

  /// Fails, and with it the transaction, if the tenant is protected by now; with a lock that protecting it takes, too.
  static func guardOff(_ schema: SchemaName) -> [PlannedStatement] {
    let comment: SQL =
      "obj_description(to_regnamespace(\(literal: schema.identifier.quoted)), 'pg_namespace')"
    let isOff: SQL = "coalesce(\(comment), '') !~ \(literal: "^\(mark)(\r|\n|$)")"
    return [
      PlannedStatement(CreationLock(schema).takeForTransaction),
      PlannedStatement(
        guarding: "SELECT \(Guard.number(if: isOff))",
        purpose: "fails and rolls back if the tenant is protected"),
    ]
  }

  /// The comment of a schema, with the mark or without, as it is when the statement runs; the other lines stay.
  static func set(_ isOn: Bool, on schema: SchemaName) -> SQL {
    let old: SQL =
      "pg_catalog.obj_description(to_regnamespace(\(literal: schema.identifier.quoted)), 'pg_namespace')"
    let rest: SQL = "regexp_replace(coalesce(\(old), ''), \(literal: "^\(mark)(\r?\n|$)"), '')"
    let new: SQL =
      isOn
      ? "CASE WHEN \(rest) = '' THEN \(literal: mark) ELSE concat(\(literal: mark), E'\\n', \(rest)) END"
      : "nullif(\(rest), '')"
    let body: SQL = """
      BEGIN
        EXECUTE format('COMMENT ON SCHEMA %I IS %L', \(literal: schema.rawValue), \(new));
      END
      """
    return "DO \(literal: body.inlined)"
  }
}
