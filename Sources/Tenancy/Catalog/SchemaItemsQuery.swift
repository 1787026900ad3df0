internal import TenancyPostgres

/// The query for what a schema holds. Expressions, keys and view definitions are PostgreSQL's own words for them, and
/// those leave out the schema of whatever the search path finds: so it must run with the schema as its search path, and
/// nothing else in it, and two schemas that were made alike then read alike.
///
/// Not described: data, privileges, owners, comments, storage parameters, the order of columns, statistics objects,
/// operators and collations.
enum SchemaItemsQuery {
  /// A subquery with the columns `kind`, `relation`, `name` and `definition`, for the row `n` of pg_namespace.
  ///
  /// It goes through pg_depend, where all that a schema holds is found by an index; pg_class has none for it.
  /// - Parameter excluded: that a row of pg_class is a table that is left out, with all that belongs to it.
  static func items(without excluded: (_ relation: SQL) -> SQL) -> SQL {
    """
    WITH relation AS MATERIALIZED (
      SELECT c.*, c.relname::text AS name
      FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid
      WHERE \(isIn("pg_class")) AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')
        AND NOT \(excluded("c")) AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_depend o
          LEFT JOIN pg_catalog.pg_class t ON o.refclassid = 'pg_catalog.pg_class'::regclass AND t.oid = o.refobjid
          WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.objid = c.oid
            AND (o.deptype = 'e' OR c.relkind = 'S' AND \(excluded("t"))))
    ), own (name) AS MATERIALIZED (
      \(own)
    )
    SELECT kind, relation, name, \(withoutOwnName) AS definition FROM (
    \(SQL.joined([
      relations, columns, constraints, indexes, triggers, rules, policies, sequences, types, routines, extensions,
    ], by: "\nUNION ALL\n"))) described
    """
  }

  /// The definition, with a mark instead of the schema's name where a text names it before something of the schema's, as in a
  /// function's body or a constant, and where it is an argument of a trigger: each schema names itself there. From all else
  /// PostgreSQL leaves the name out. The pattern has only the names that are in the text: one of thousands takes seconds to
  /// compile.
  private static let withoutOwnName: SQL = #"""
    CASE WHEN definition !~* concat(regexp_replace(n.nspname, E'[][(){}.*+?^$|\\\\]', E'\\\\\\&', 'g'), E'"?\\s*\\.')
        AND (kind <> 'trigger' OR strpos(definition, quote_literal(n.nspname)) = 0) THEN definition
      ELSE regexp_replace(
        CASE kind WHEN 'trigger' THEN replace(definition, quote_literal(n.nspname), '''{schema}''')
          ELSE definition END,
        concat('(^|[^[:alnum:]_."])"?', regexp_replace(n.nspname, E'[][(){}.*+?^$|\\\\]', E'\\\\\\&', 'g'), E'"?(?=\\s*\\.\\s*"?(?:', (
          SELECT coalesce(string_agg(regexp_replace(o.name, E'[][(){}.*+?^$|\\\\]', E'\\\\\\&', 'g'), '|'), '$.')
          FROM own o WHERE strpos(lower(definition), lower(o.name)) > 0
        ), ')(?![[:alnum:]_]))'), E'\\1{schema}', 'gi') END
    """#

  /// The names of what a text may name with the schema.
  private static let own: SQL = """
    SELECT r.name FROM relation r
    UNION SELECT p.proname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc p ON p.oid = d.objid
    WHERE \(isIn("pg_proc"))
    UNION SELECT t.typname::text FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t ON t.oid = d.objid
    WHERE \(isIn("pg_type"))
    """

  /// That the row `d` of pg_depend is of something of that catalog in the schema.
  private static func isIn(_ catalog: String) -> SQL {
    """
    d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = n.oid
      AND d.classid = 'pg_catalog.\(unsafeRaw: catalog)'::regclass
    """
  }

  /// That the row `d` of pg_depend is not of something that an extension brought.
  private static let isNoExtensions: SQL = """
    NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend e
      WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
    """

  private static let relations: SQL = """
    SELECT 'table' AS kind, NULL::text AS relation, r.name AS name, concat_ws(' ',
      CASE WHEN r.relkind = 'f' THEN 'FOREIGN' WHEN r.relpersistence = 'u' THEN 'UNLOGGED' END,
      (SELECT CASE WHEN r.relispartition THEN 'PARTITION OF ' ELSE 'INHERITS ' END
          || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
        FROM pg_catalog.pg_inherits i WHERE i.inhrelid = r.oid),
      pg_get_expr(r.relpartbound, r.oid),
      CASE WHEN r.relkind = 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(r.oid) END,
      CASE WHEN r.relrowsecurity THEN 'ROW LEVEL SECURITY' END,
      CASE WHEN r.relforcerowsecurity THEN 'FORCED' END) AS definition
    FROM relation r WHERE r.relkind IN ('r', 'p', 'f')
    UNION ALL
    SELECT CASE r.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END, NULL, r.name,
      concat_ws(' ', pg_get_viewdef(r.oid, true), (
        SELECT 'WITH (' || string_agg(o, ', ' ORDER BY o) || ')' FROM unnest(r.reloptions) o
        WHERE o LIKE 'security\\_%' OR o LIKE 'check\\_option=%'))
    FROM relation r WHERE r.relkind IN ('v', 'm')
    """

  private static let columns: SQL = """
    SELECT 'column', r.name, a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
      CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || a.attcollation::regcollation END,
      CASE WHEN a.attnotnull THEN 'NOT NULL' END,
      CASE a.attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY'
        WHEN 'd' THEN 'GENERATED BY DEFAULT AS IDENTITY' END,
      CASE WHEN a.attgenerated <> '' THEN 'GENERATED ALWAYS AS (' || pg_get_expr(x.adbin, x.adrelid)
          || CASE a.attgenerated WHEN 'v' THEN ') VIRTUAL' ELSE ')' END
        ELSE 'DEFAULT ' || pg_get_expr(x.adbin, 0) END)
    FROM relation r
    JOIN pg_catalog.pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_catalog.pg_attrdef x ON x.adrelid = a.attrelid AND x.adnum = a.attnum
    WHERE r.relkind IN ('r', 'p', 'f')
    """

  private static let constraints: SQL = """
    SELECT 'constraint', r.name, k.conname, pg_get_constraintdef(k.oid, true)
    FROM relation r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
    WHERE (k.contype IN ('p', 'u', 'f', 'c', 'x') OR k.contype = 'n' AND NOT k.convalidated) AND k.conparentid = 0
    """

  /// Those that are not a constraint's.
  private static let indexes: SQL = """
    SELECT 'index', r.name, c.relname, concat_ws(' ', pg_get_indexdef(i.indexrelid, 0, true),
      CASE WHEN NOT i.indisvalid THEN '(invalid)' END)
    FROM relation r JOIN pg_catalog.pg_index i ON i.indrelid = r.oid
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    WHERE NOT EXISTS (
      SELECT FROM pg_catalog.pg_constraint k
      WHERE k.conrelid = r.oid AND k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
    """

  private static let triggers: SQL = """
    SELECT 'trigger', r.name, g.tgname, concat_ws(' ', pg_get_triggerdef(g.oid, true),
      CASE g.tgenabled WHEN 'D' THEN '(disabled)' WHEN 'A' THEN '(always)' WHEN 'R' THEN '(replica)' END)
    FROM relation r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid WHERE NOT g.tgisinternal
    """

  /// Without those that make a view.
  private static let rules: SQL = """
    SELECT 'rule', r.name, w.rulename, concat_ws(' ', pg_get_ruledef(w.oid, true),
      CASE w.ev_enabled WHEN 'D' THEN '(disabled)' WHEN 'A' THEN '(always)' WHEN 'R' THEN '(replica)' END)
    FROM relation r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid WHERE w.ev_type <> '1'
    """

  private static let policies: SQL = """
    SELECT 'policy', r.name, p.polname, concat_ws(' ', CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
      p.polcmd, p.polroles::regrole[]::text, 'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
      'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')')
    FROM relation r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    """

  /// One that a column owns is a part of the column's table.
  private static let sequences: SQL = """
    SELECT 'sequence', o.relname, r.name, concat_ws(' ', 'AS', format_type(q.seqtypid, NULL), 'START', q.seqstart,
      'INCREMENT', q.seqincrement, 'MINVALUE', q.seqmin, 'MAXVALUE', q.seqmax, CASE WHEN q.seqcycle THEN 'CYCLE' END,
      'OWNED BY ' || quote_ident(o.attname))
    FROM relation r JOIN pg_catalog.pg_sequence q ON q.seqrelid = r.oid
    LEFT JOIN LATERAL (
      SELECT t.relname, a.attname FROM pg_catalog.pg_depend d
      JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
      JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = r.oid
        AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i')) o ON true
    """

  private static let types: SQL = """
    SELECT 'type', NULL, t.typname, CASE t.typtype
      WHEN 'e' THEN (
        SELECT 'ENUM (' || string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) || ')'
        FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
      WHEN 'd' THEN concat_ws(' ', 'DOMAIN', format_type(t.typbasetype, t.typtypmod),
        CASE WHEN t.typnotnull THEN 'NOT NULL' END, 'DEFAULT ' || t.typdefault,
        (SELECT string_agg(pg_get_constraintdef(k.oid, true), ' ' ORDER BY k.conname)
          FROM pg_catalog.pg_constraint k WHERE k.contypid = t.oid))
      WHEN 'c' THEN (
        SELECT '(' || string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', '
          ORDER BY a.attnum) || ')'
        FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
      ELSE (SELECT 'RANGE OF ' || format_type(g.rngsubtype, NULL) FROM pg_catalog.pg_range g WHERE g.rngtypid = t.oid)
      END
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_type t ON t.oid = d.objid
    WHERE \(isIn("pg_type")) AND t.typtype IN ('e', 'd', 'c', 'r') AND \(isNoExtensions)
    """

  /// What stands before the parameters has the schema's name in it; so has a search path of the routine's own.
  private static let routines: SQL = """
    SELECT 'routine', NULL, p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')',
      CASE WHEN p.prokind = 'a' THEN (
          SELECT concat_ws(' ', 'AGGREGATE RETURNS', pg_get_function_result(p.oid), 'SFUNC', g.aggtransfn,
            'STYPE', format_type(g.aggtranstype, NULL), 'FINALFUNC', g.aggfinalfn, 'COMBINEFUNC', g.aggcombinefn,
            'INITCOND ' || quote_literal(g.agginitval))
          FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = p.oid)
        ELSE regexp_replace(replace(substr(pg_get_functiondef(p.oid), length(format('%I.%I', n.nspname, p.proname))
            + strpos(pg_get_functiondef(p.oid), format('%I.%I', n.nspname, p.proname))),
          ' SET search_path TO ' || quote_literal(n.nspname), ' SET search_path TO CURRENT'),
          '( SET search_path TO [^\\n]*, )' || regexp_replace(quote_literal(n.nspname), '([^[:alnum:]_])', '\\\\\\1', 'g')
            || '(?=[,\\n])', '\\1CURRENT') END
    FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_proc p ON p.oid = d.objid
    WHERE \(isIn("pg_proc")) AND \(isNoExtensions)
    """

  private static let extensions: SQL = """
    SELECT 'extension', NULL, e.extname, e.extversion
    FROM pg_catalog.pg_extension e WHERE e.extnamespace = n.oid
    """
}
