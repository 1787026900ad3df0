internal import SQLText
internal import TenancyPostgres

/// What still names a schema after a rename, and cannot be rewritten.
package struct SchemaMention: Sendable, Hashable, Encodable {
  /// Where the name stands.
  package enum Place: String, Sendable, Hashable, Encodable {
    /// The text of a function's or procedure's body.
    case routineBody = "routine_body"
    /// The search path of a function or procedure of another owner.
    case routineSetting = "routine_setting"
    /// A setting of a function or procedure other than the search path.
    case routineOption = "routine_option"
    /// A text in the default of a column.
    case columnDefault = "column_default"
    /// A text in a view's query.
    case view
    /// An option of a foreign table.
    case foreignTable = "foreign_table"
    /// An argument of a trigger.
    case triggerArgument = "trigger_argument"
    /// A text in the condition of a trigger.
    case triggerCondition = "trigger_condition"
    /// A text in a row-level security policy.
    case policy
    /// A text in a check constraint, of a table or a domain.
    case check
    /// A text in the condition or an expression of an index.
    case index
    /// A text in a rule.
    case rule
    /// A text in the default of a domain.
    case domainDefault = "domain_default"
    /// A text in the default of a function's argument.
    case argumentDefault = "argument_default"
    /// The search path that a role begins with.
    case roleSetting = "role_setting"
    /// The search path that the database's sessions begin with.
    case databaseSetting = "database_setting"
  }

  /// Where the name stands.
  package let place: Place
  /// The routine, as its signature, the role, the database, the relation, `table.column`, or `trigger on table` and likewise.
  package let object: String
  /// The statement that puts the new name there; `nil` if a text has to be edited.
  package let fix: String?
}

/// A schema that gets another name, as far as search paths and texts name it: `ALTER SCHEMA ... RENAME` changes neither.
struct SchemaMentions {
  let old: SchemaName
  let new: SchemaName
  let trust: LedgerTrust

  func find(over connection: Connection) async throws -> [SchemaMention] {
    if isVariable { return [] }
    let found = try await connection.pipeline([
      foreignRoutines, settings, bodies, SchemaTexts(schema: old).query,
    ])
    let routines = found[0].map { row in
      SchemaMention(place: .routineSetting, object: row[0] ?? "", fix: row[1])
    }
    let settings = found[1].map { row in
      SchemaMention(place: row[2] == "t" ? .roleSetting : .databaseSetting, object: row[0] ?? "", fix: row[1])
    }
    let bodies = found[2].map { SchemaMention(place: .routineBody, object: $0[0] ?? "", fix: nil) }
    let texts = found[3].compactMap { row in
      row[0].flatMap(SchemaMention.Place.init).map {
        SchemaMention(place: $0, object: row[1] ?? "", fix: nil)
      }
    }
    return routines + settings + bodies + texts
  }

  /// Takes the search paths of functions and procedures along: of its own, and of those that only trusted roles can alter or
  /// drop. Another tenant's are left alone: a transaction on one that its owner leaves open would keep this tenant from being
  /// renamed. In a block, because it is decided when it runs which ones there are.
  var follow: [SQL] {
    if isVariable { return [] }
    let body: SQL = """
      DECLARE routine record;
      BEGIN
        FOR routine IN
          \(routines(in: new, mayAlter: true))
        LOOP
          EXECUTE pg_catalog.format('ALTER ROUTINE %s SET search_path TO %s', routine.name, routine.path);
        END LOOP;
      END
      """
    return ["DO \(literal: body.inlined)"]
  }

  /// In a search path it means the user, also in quotes.
  private var isVariable: Bool { old.rawValue == "$user" }

  private func literal(_ name: SchemaName) -> SQL { "\(literal: name.rawValue)" }
}

extension SchemaMentions {
  /// The names in a search path `value`, as PostgreSQL reads them (`SplitIdentifierString`): in double quotes, or with the
  /// letters of ASCII folded to lower case.
  static func names(in value: SQL) -> SQL {
    """
    (
            SELECT m.number, coalesce(pg_catalog.replace(m.parts[1], '""', '"'), pg_catalog.lower(w.word)) AS name
            FROM pg_catalog.regexp_matches(\(value), '"((?:[^"]|"")*)"|([^",]+)', 'g') WITH ORDINALITY m (parts, number)
            CROSS JOIN LATERAL (
              SELECT pg_catalog.btrim(m.parts[2], E' \\t\\n\\r\\f') COLLATE pg_catalog."C") w (word)
            WHERE m.parts[1] IS NOT NULL OR w.word <> '')
    """
  }

  /// The same path with the new name, as `SET search_path TO` takes it.
  private static func path(_ old: SQL, _ new: SQL) -> SQL {
    """
    pg_catalog.string_agg(pg_catalog.quote_literal(CASE e.name WHEN \(old) THEN \(new) ELSE e.name END), ', ' ORDER BY e.number)
    """
  }

  /// The search path that a row `s` of a routine's or a role's settings has.
  static let setting: SQL = "pg_catalog.substr(s.setting, pg_catalog.length('search_path=') + 1)"

  /// Signature and new path of the routines whose path has the old name.
  /// - Parameter schema: the tenant's, by the name that it has when this runs.
  private func routines(in schema: SchemaName, mayAlter: Bool) -> SQL {
    let owners = trust.owners
    return """
      SELECT p.oid::pg_catalog.regprocedure::text AS name, \(Self.path(literal(old), literal(new))) AS path
            FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
            CROSS JOIN LATERAL pg_catalog.unnest(p.proconfig) s (setting)
            CROSS JOIN LATERAL \(Self.names(in: Self.setting)) e
            WHERE s.setting LIKE 'search\\_path=%' AND \(mayAlter ? "" : "NOT " as SQL)(
              pg_catalog.pg_has_role(p.proowner, 'USAGE') AND (n.nspname = \(literal(schema))
                OR n.nspowner IN (\(owners)) AND p.proowner IN (\(owners))))
            GROUP BY p.oid HAVING pg_catalog.bool_or(e.name = \(literal(old))) ORDER BY p.oid
      """
  }

  private var foreignRoutines: SQL {
    """
    SELECT r.name, concat('ALTER ROUTINE ', r.name, ' SET search_path TO ', r.path, ';')
    FROM (\(routines(in: old, mayAlter: false))) r
    """
  }

  /// `ALTER ROLE ... SET` and `ALTER DATABASE ... SET`, of this database or of all.
  private var settings: SQL {
    """
    SELECT coalesce(r.rolname, d.datname, 'ALL'), concat('ALTER ', CASE
        WHEN r.oid IS NOT NULL THEN 'ROLE ' || quote_ident(r.rolname) || coalesce(' IN DATABASE ' || quote_ident(d.datname), '')
        WHEN d.oid IS NOT NULL THEN 'DATABASE ' || quote_ident(d.datname) ELSE 'ROLE ALL' END,
      ' SET search_path TO ', \(Self.path(literal(old), literal(new))), ';'),
      r.oid IS NOT NULL OR d.oid IS NULL
    FROM pg_catalog.pg_db_role_setting c CROSS JOIN LATERAL unnest(c.setconfig) s (setting)
    CROSS JOIN LATERAL \(Self.names(in: Self.setting)) e
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = c.setrole LEFT JOIN pg_catalog.pg_database d ON d.oid = c.setdatabase
    WHERE s.setting LIKE 'search\\_path=%' AND (c.setdatabase = 0 OR d.datname = current_database())
    GROUP BY r.oid, r.rolname, d.oid, d.datname HAVING bool_or(e.name = \(literal(old))) ORDER BY 1
    """
  }

  /// Routines whose text has the name as a word of its own. What is written in C has no text, and a body that PostgreSQL
  /// has parsed (`BEGIN ATOMIC`) follows by itself; so do tenantctl's own functions, which name no schema of a tenant.
  private var bodies: SQL {
    """
    SELECT p.oid::regprocedure::text
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_language l ON l.oid = p.prolang
    WHERE l.lanname NOT IN ('internal', 'c') AND p.oid >= 16384  -- not those of initdb
      AND p.proname NOT IN (\(SQL.joined(NotifyFunction.names.map { "\(literal: $0.name)" })))
      AND \(SchemaTexts(schema: old).isNamed(in: "p.prosrc"))
    ORDER BY 1
    """
  }
}
