internal import TenancyPostgres

/// Where tenantctl marks a tenant: in the comment on the column `version` of its ledger. The registry may be an app's, so it
/// gets no column; a comment goes along with a rename and a dump; and a migration may comment on its schema, but has no
/// reason to comment on the ledger. The comment on the ledger itself is the head comment.
///
/// Where there is no ledger, the mark is the comment on the schema.
extension Ledger {
  static let markedColumn = "version"

  /// Of a ledger that tenantctl has made.
  static let markedNumber = 1

  func mark(_ text: String?) -> SQL {
    let literal: SQL = text.map { "\(literal: $0)" } ?? "NULL"
    return "COMMENT ON COLUMN \(name).\(Identifier(Self.markedColumn)) IS \(literal)"
  }

  /// The comment; NULL without a ledger, or if a role could have written it that is neither trusted nor the owner of the
  /// schema. It takes no privilege on the schema to read it.
  var marking: SQL {
    """
    (SELECT col_description(a.attrelid, a.attnum) FROM pg_catalog.pg_class c
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = \(literal: Self.markedColumn)
     WHERE n.oid = \(namespace) AND c.relname = \(literal: table)
       AND (c.relowner = n.nspowner OR c.relowner IN (\(trust.owners))))
    """
  }

  /// Whether the current role can write the comment, and no role that is not trusted can.
  var takesMarks: SQL {
    """
    EXISTS (
      SELECT FROM pg_catalog.pg_class c
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attname = \(literal: Self.markedColumn)
      WHERE c.relnamespace = \(namespace) AND c.relname = \(literal: table) AND c.relkind = 'r'
        AND pg_has_role(c.relowner, 'USAGE') AND c.relowner IN (\(trust.owners)))
    """
  }

  /// The comment on the schema.
  var schemaComment: SQL { "obj_description(\(namespace), 'pg_namespace')" }

  private var namespace: SQL { "to_regnamespace(\(literal: schema.identifier.quoted))" }
}
