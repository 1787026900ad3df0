internal import SQLText
internal import TenancyPostgres

/// What comes right before and after a statement with CASCADE, in the same transaction, and fails if that reaches an object
/// outside of the tenant's schema: PostgreSQL drops it, or empties it, and says so in a notice alone.
///
/// What a statement drops is known once it has: in a DO block even its names are made as it runs. So what could be reached
/// is noted before, which is hardly ever something, and what of that has gone is found afterwards: from what the statement names,
/// where the names are all that it changes and lead into the schema; else from anything there, which takes longer the more it has.
/// Both are parsed under a search path of our own, and leave the file's as it was.
struct CascadeGuard {
  let schema: SchemaName
  let statement: SQLStatement

  /// Nil for a statement that reaches nothing.
  init?(_ statement: SQLStatement, in schema: SchemaName) {
    guard statement.mayCascade else { return nil }
    self.schema = schema
    self.statement = statement
  }

  /// What the check fails with: assert_failure (PostgreSQL manual, Appendix A).
  static let failure: SQLState = "P0004"

  /// The objects of a failed check, as the server describes them.
  static func objects(_ error: ServerError) -> [String] {
    (error.detail ?? "").split(whereSeparator: \.isNewline).map(String.init).sorted()
  }

  /// Notes what could be reached.
  var before: SQL {
    let names = CascadeNames(statement, in: schema)
    let dependents = SchemaDependents(schema: schema, seeds: names.seeds)
    let referring = Self.referring(to: schema, from: names)
    let (some, all): (SQL, SQL) =
      switch statement.leadingKeywords.first {
      case "TRUNCATE": ("EXISTS (\(referring))", referring)
      // It may do either.
      case "DO":
        (
          "EXISTS (\(dependents.signs)) OR EXISTS (\(referring))",
          "SELECT * FROM (\(dependents.outside)) d UNION ALL SELECT * FROM (\(referring)) r"
        )
      default: ("EXISTS (\(dependents.signs))", dependents.outside)
      }
    return Self.block(
      """
      PERFORM set_config(\(Self.note), '', true), set_config('jit', 'off', true);
        \(names.resolve)IF \(some) THEN
          PERFORM set_config(\(Self.note), coalesce((
            SELECT json_agg(json_build_object('class', o.class, 'id', o.oid, 'part', o.sub, 'file', o.file,
              'name', translate(pg_describe_object(o.class, o.oid, o.sub), E'\\n\\r', '  ')))::text
            FROM (
      \(all)
            ) o (class, oid, sub, file) CROSS JOIN LATERAL pg_identify_object(o.class, o.oid, o.sub) i
            WHERE \(isNotMeant)), ''), true);
        END IF;
        PERFORM set_config('jit', own_jit, true)
      """, names.declarations)
  }

  /// Fails if some of it has gone, or been emptied.
  var after: SQL {
    Self.block(
      """
      IF current_setting(\(Self.note), true) <> '' THEN
          SELECT string_agg(o.name, E'\\n') INTO reached
          FROM json_to_recordset(current_setting(\(Self.note))::json) AS o (
            class oid, id oid, part int, file oid, name text)
          WHERE CASE WHEN o.part <> 0 THEN NOT EXISTS (
              SELECT FROM pg_catalog.pg_attribute a
              WHERE a.attrelid = o.id AND a.attnum = o.part AND NOT a.attisdropped)
            ELSE pg_describe_object(o.class, o.id, 0) IS NULL
              OR o.file IS NOT NULL AND o.file IS DISTINCT FROM pg_relation_filenode(o.id) END;
          IF reached IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = \(literal: Self.failure.rawValue),
              MESSAGE = 'CASCADE reaches objects outside of the schema', DETAIL = reached;
          END IF;
        END IF
      """)
  }

  private static let note: SQL = "'tenantctl.outside'"

  /// Code that is parsed under our search path.
  private static func block(_ code: SQL, _ declarations: SQL = "") -> SQL {
    let body: SQL = """
      DECLARE
        own_path pg_catalog.text := pg_catalog.current_setting('search_path');
        own_jit pg_catalog.text := pg_catalog.current_setting('jit');
        reached pg_catalog.text;\(declarations)
      BEGIN
        PERFORM pg_catalog.set_config('search_path', \(literal: SessionCleaning.ownPath), true);
        \(code);
        PERFORM set_config('search_path', own_path, true);
      END
      """
    return "DO LANGUAGE plpgsql \(literal: body.inlined)"
  }

  /// That the statement does not name it with its schema, nor the table that it is a part of.
  private var isNotMeant: SQL {
    let words = SQLWords(statement)
    let names = (words.schemaQualifiedNames + words.embedded.flatMap(\.schemaQualifiedNames)).filter {
      $0.role == .changed
    }
    if names.isEmpty { return "true" }
    let rows = names.map { "(format('%I.%I', \(literal: $0.schema), \(literal: $0.name)))" as SQL }
    return """
      NOT EXISTS (
          SELECT FROM (VALUES \(SQL.joined(rows))) m (name)
          WHERE i.identity = m.name OR starts_with(i.identity, concat(m.name, '('))
            OR starts_with(i.identity, concat(m.name, '.')) OR starts_with(reverse(i.identity), reverse(concat(' on ', m.name))))
      """
  }

  /// The tables outside that refer to rows of these tables, or to rows that refer to these, and so on, with the file that has
  /// their rows: TRUNCATE gives them another one.
  private static func referring(to schema: SchemaName, from names: CascadeNames) -> SQL {
    """
    WITH RECURSIVE tables (oid) AS (
      (\(names.tables))
      UNION
      SELECT x.oid FROM tables t CROSS JOIN LATERAL (
        SELECT k.conrelid FROM pg_catalog.pg_depend d
        JOIN pg_catalog.pg_constraint k ON k.oid = d.objid AND k.contype = 'f'
        WHERE d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = t.oid
          AND d.classid = 'pg_catalog.pg_constraint'::regclass
        UNION ALL SELECT i.inhrelid FROM pg_catalog.pg_inherits i WHERE i.inhparent = t.oid) x (oid)
    )
    SELECT 'pg_catalog.pg_class'::regclass::oid, c.oid, 0, pg_relation_filenode(c.oid)
    FROM tables t JOIN pg_catalog.pg_class c ON c.oid = t.oid AND c.relkind = 'r'
    WHERE c.relnamespace <> to_regnamespace(\(literal: schema.identifier.quoted))
    """
  }
}

extension SQLStatement {
  /// Whether it may reach what depends on what it drops or empties. `ON DELETE CASCADE` only says what becomes of rows.
  fileprivate var mayCascade: Bool {
    guard ["DROP", "ALTER", "TRUNCATE", "DO"].contains(leadingKeywords.first), mentions("cascade") else {
      return false
    }
    if leadingKeywords.first == "DO" {
      let text = text.uppercased()
      return text.ranges(of: "CASCADE").contains { range in
        let word = text[..<range.lowerBound].split(whereSeparator: \.isWhitespace).last
        return word != "DELETE" && word != "UPDATE"
      }
    }
    let words = SQLWords(self).words
    return words.indices.contains { index in
      words[index].is("CASCADE") && !words[max(index - 1, 0)].is("DELETE")
        && !words[max(index - 1, 0)].is("UPDATE")
    }
  }
}

extension Frame {
  /// The check of what a statement with CASCADE reaches, before and after it; in the shared schema it may reach every
  /// tenant.
  func cascadeGuard(
    of statement: SQLStatement, _ file: MigrationFile, in schema: SchemaName
  ) -> (before: [PlannedStatement], after: [PlannedStatement]) {
    guard !path.shared.contains(schema), let guards = CascadeGuard(statement, in: schema) else {
      return ([], [])
    }
    let source = MigrationSource(file: file, place: .cascade(statement))
    return (
      [PlannedStatement(guards.before, source: source)], [PlannedStatement(guards.after, source: source)]
    )
  }
}
