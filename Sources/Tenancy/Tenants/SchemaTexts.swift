internal import TenancyPostgres

/// Texts that name a schema and that are no reference to it for PostgreSQL: ALTER SCHEMA RENAME does not change them, so that
/// they lead to another tenant's schema once that gets the old name.
struct SchemaTexts {
  let schema: SchemaName

  /// Whether the text has the name as a word of its own.
  func isNamed(in text: SQL) -> SQL {
    """
    (strpos(\(text), \(literal: schema.rawValue)) > 0 AND \(text) ~ (
      '(?<![[:alnum:]_$])' || regexp_replace(\(literal: schema.rawValue), '([^[:alnum:]_])', '\\\\\\1', 'g') || '(?![[:alnum:]_$])'))
    """
  }

  /// The place and the object of each, in the schema itself; of settings in every routine.
  var query: SQL {
    """
    WITH r AS MATERIALIZED (
      SELECT c.oid, c.relkind, c.relname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class c ON c.oid = d.objid
      WHERE d.refclassid = 'pg_catalog.pg_namespace'::regclass AND d.refobjid = to_regnamespace(\(literal: schema.identifier.quoted))
        AND d.classid = 'pg_catalog.pg_class'::regclass
    )
    SELECT 'column_default', concat(r.relname, '.', a.attname)
    FROM r JOIN pg_catalog.pg_attrdef x ON x.adrelid = r.oid
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.adrelid AND a.attnum = x.adnum
    WHERE \(isInString(of: "pg_get_expr(x.adbin, x.adrelid)"))
    UNION ALL
    SELECT 'view', r.relname FROM r
    WHERE r.relkind IN ('v', 'm') AND \(isInString(of: "pg_get_viewdef(r.oid)"))
    UNION ALL
    SELECT 'foreign_table', r.relname FROM r JOIN pg_catalog.pg_foreign_table f ON f.ftrelid = r.oid
    WHERE \(isNamed(in: "array_to_string(f.ftoptions, ' ')"))
    UNION ALL
    SELECT 'trigger_argument', concat(g.tgname, ' on ', r.relname) FROM r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
    WHERE NOT g.tgisinternal AND \(isNamed(in: #"replace(encode(g.tgargs, 'escape'), '\000', ' ')"#))
    UNION ALL
    SELECT 'trigger_condition', concat(g.tgname, ' on ', r.relname) FROM r JOIN pg_catalog.pg_trigger g ON g.tgrelid = r.oid
    WHERE NOT g.tgisinternal AND g.tgqual IS NOT NULL
      AND \(isInString(of: "substring(pg_get_triggerdef(g.oid) FROM ' WHEN \\((.*)\\) EXECUTE ')"))
    UNION ALL
    SELECT 'policy', concat(p.polname, ' on ', r.relname) FROM r JOIN pg_catalog.pg_policy p ON p.polrelid = r.oid
    WHERE \(isInString(of: "concat_ws(' ', pg_get_expr(p.polqual, r.oid), pg_get_expr(p.polwithcheck, r.oid))"))
    UNION ALL
    SELECT 'rule', concat(w.rulename, ' on ', r.relname) FROM r JOIN pg_catalog.pg_rewrite w ON w.ev_class = r.oid
    WHERE w.ev_type <> '1' AND \(isInString(of: "pg_get_ruledef(w.oid)"))
    UNION ALL
    SELECT 'index', i.relname
    FROM r JOIN pg_catalog.pg_index x ON x.indrelid = r.oid JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    WHERE \(isInString(of: "concat_ws(' ', pg_get_expr(x.indexprs, r.oid), pg_get_expr(x.indpred, r.oid))"))
    UNION ALL
    SELECT 'check', concat(k.conname, ' on ', r.relname) FROM r JOIN pg_catalog.pg_constraint k ON k.conrelid = r.oid
    WHERE k.contype = 'c' AND k.coninhcount = 0 AND \(isInString(of: "pg_get_expr(k.conbin, r.oid)"))
    UNION ALL
    SELECT 'check', concat(k.conname, ' on ', y.typname)
    FROM pg_catalog.pg_type y JOIN pg_catalog.pg_constraint k ON k.contypid = y.oid
    WHERE y.typnamespace = to_regnamespace(\(literal: schema.identifier.quoted))
      AND \(isInString(of: ofDomain))
    UNION ALL
    SELECT 'domain_default', y.typname FROM pg_catalog.pg_type y
    WHERE y.typnamespace = to_regnamespace(\(literal: schema.identifier.quoted)) AND y.typtype = 'd'
      AND \(isInString(of: "pg_get_expr(y.typdefaultbin, 0)"))
    UNION ALL
    SELECT 'routine_body', p.oid::regprocedure::text FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = to_regnamespace(\(literal: schema.identifier.quoted)) AND p.prosqlbody IS NOT NULL
      AND \(isInString(of: "pg_get_function_sqlbody(p.oid)"))
    UNION ALL
    SELECT 'argument_default', p.oid::regprocedure::text FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = to_regnamespace(\(literal: schema.identifier.quoted))
      AND \(isInString(of: "pg_get_expr(p.proargdefaults, 0)"))
    UNION ALL
    SELECT 'routine_option', p.oid::regprocedure::text
    FROM pg_catalog.pg_proc p CROSS JOIN LATERAL unnest(p.proconfig) s (setting)
    WHERE s.setting NOT LIKE 'search\\_path=%' AND \(isNamed(in: "s.setting"))
    ORDER BY 1, 2
    """
  }

  /// The condition of a domain. That of a table cannot be read without its table, and PostgreSQL may read it before it
  /// joins: a CASE is what keeps it from that (PostgreSQL manual, 4.2.14 "Expression Evaluation Rules").
  private var ofDomain: SQL { "CASE WHEN k.contypid <> 0 THEN pg_get_expr(k.conbin, 0) END" }

  /// Whether a string in the SQL has it. One that is cast to an object's type is a reference, which follows.
  private func isInString(of sql: SQL) -> SQL {
    """
    (strpos(\(sql), \(literal: schema.rawValue)) > 0 AND EXISTS (
      SELECT FROM regexp_matches(\(sql), '''((?:[^'']|'''')*)''(::reg[a-z]+)?', 'g') m (parts)
      WHERE m.parts[2] IS NULL AND \(isNamed(in: "m.parts[1]"))))
    """
  }
}
