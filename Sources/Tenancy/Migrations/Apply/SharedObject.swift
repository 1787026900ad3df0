internal import SQLText
internal import TenancyPostgres

/// An object in a schema that all tenants share; of routines and operators, all of that name.
package struct SharedObject: Sendable, Hashable {
  /// Its name, without the schema.
  package let name: String
  let schema: SchemaName
  let kind: UnqualifiedTarget.Kind

  /// Its name as SQL takes it from anywhere.
  package var qualifiedName: String {
    kind == .operator ? "\(schema.identifier.quoted).\(name)" : schema.relation(name).quoted
  }

  /// What comes right before and after a statement that names it without its schema, in the same transaction, and fails if it
  /// is what the statement changes. Safe under any search path.
  /// - Parameter number: tells it from the others that the statement names.
  func guards(_ number: Int) -> (before: [SQL], after: [SQL]) {
    let setting: SQL = "'tenantctl.shared\(unsafeRaw: String(number))'"
    let unchanged: SQL = "pg_catalog.current_setting(\(setting)) OPERATOR(pg_catalog.=) \(state)"
    let resolution: [SQL] = kind.isResolvedByName ? ["SELECT \(Guard.number(if: isElsewhere))"] : []
    if kind == .relation { return (lock + resolution, []) }
    return (
      resolution + ["SELECT pg_catalog.set_config(\(setting), \(state), true)"],
      ["SELECT \(Guard.number(if: unchanged))"]
    )
  }

  /// Keeps what the name means until the transaction ends. The schema's owner may be about to commit that it is dropped: the
  /// statement would wait for that, and find the shared one. Unlike LOCK TABLE, this takes no privilege and any kind of
  /// relation; a query that is prepared is neither planned nor run, so that no code of the relation's is, either.
  private var lock: [SQL] {
    let query: Identifier = "tenantctl_lock"
    return ["PREPARE \(query) AS SELECT FROM \(Identifier(name))", "DEALLOCATE \(query)"]
  }

  private var isElsewhere: SQL {
    let resolve: SQL = kind == .type ? "pg_catalog.to_regtype" : "pg_catalog.to_regclass"
    let own = Identifier(name).quoted
    return """
      (\(resolve)(\(literal: own))::pg_catalog.oid OPERATOR(pg_catalog.=) \
      \(resolve)(\(literal: qualifiedName))::pg_catalog.oid) IS NOT TRUE
      """
  }

  /// A text that differs once a row of the catalog about it, or its comment, was changed, came or went.
  private var state: SQL {
    let version: SQL =
      "o.oid::pg_catalog.text OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||) o.xmin::pg_catalog.text"
    let mapping: SQL =
      kind != .textSearchConfiguration
      ? ""
      : """
       OPERATOR(pg_catalog.||) COALESCE((SELECT pg_catalog.string_agg(m.xmin::pg_catalog.text, ' ' \
      ORDER BY m.maptokentype, m.mapseqno) FROM pg_catalog.pg_ts_config_map m \
      WHERE m.mapcfg OPERATOR(pg_catalog.=) o.oid), '')
      """
    let comment: SQL = """
       OPERATOR(pg_catalog.||) COALESCE((SELECT '/' OPERATOR(pg_catalog.||) c.xmin::pg_catalog.text \
      FROM pg_catalog.pg_description c WHERE c.objoid OPERATOR(pg_catalog.=) o.oid AND c.objsubid OPERATOR(pg_catalog.=) 0 \
      AND c.classoid OPERATOR(pg_catalog.=) '\(kind.catalog)'::pg_catalog.regclass::pg_catalog.oid), '')
      """
    return """
      COALESCE((SELECT pg_catalog.string_agg(\(version)\(mapping)\(comment), ' ' ORDER BY o.oid) FROM \(kind.catalog) o \
      WHERE o.\(kind.column("name")) OPERATOR(pg_catalog.=) \(literal: name) AND o.\(kind.column("namespace")) \
      OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace(\(literal: schema.identifier.quoted))::pg_catalog.oid), '')
      """
  }
}

extension UnqualifiedTarget.Kind {
  /// Whether a function of PostgreSQL says which object a name means. For the others it would take the types of the arguments,
  /// or there is no such function.
  var isResolvedByName: Bool { [.relation, .index, .type].contains(self) }

  /// Where PostgreSQL keeps them (manual, 53 "System Catalogs").
  var catalog: SQL { SQL(unsafeRaw: "pg_catalog.\(place.catalog)") }

  /// The catalog's column for the name, or for the namespace.
  func column(_ suffix: String) -> SQL { SQL(unsafeRaw: place.prefix + suffix) }

  private var place: (catalog: String, prefix: String) {
    switch self {
    case .relation, .index: ("pg_class", "rel")
    case .type: ("pg_type", "typ")
    case .routine: ("pg_proc", "pro")
    case .operator: ("pg_operator", "opr")
    case .operatorClass: ("pg_opclass", "opc")
    case .operatorFamily: ("pg_opfamily", "opf")
    case .collation: ("pg_collation", "coll")
    case .conversion: ("pg_conversion", "con")
    case .statistics: ("pg_statistic_ext", "stx")
    case .textSearchConfiguration: ("pg_ts_config", "cfg")
    case .textSearchDictionary: ("pg_ts_dict", "dict")
    case .textSearchParser: ("pg_ts_parser", "prs")
    case .textSearchTemplate: ("pg_ts_template", "tmpl")
    }
  }
}
