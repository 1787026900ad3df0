internal import SQLText
internal import TenancyPostgres

/// What a statement with CASCADE starts from, in PL/pgSQL: the objects of its names, where all of them lead into the tenant's
/// schema; else the whole schema.
struct CascadeNames {
  private let schema: SchemaName
  /// `nil`: the text does not tell all that it changes.
  private let targets: [UnqualifiedTarget]?

  init(_ statement: SQLStatement, in schema: SchemaName) {
    self.schema = schema
    targets = statement.onlyTargets
  }

  /// The kinds of names are not mixed in a statement.
  private var kind: UnqualifiedTarget.Kind { targets?.first?.kind ?? .relation }

  private var isRoutine: Bool { kind == .routine }

  /// Values that depend on the file's own search path, which is in force here: the names' OIDs, NULL for what does not exist,
  /// or the schemas in which routines are looked for.
  var declarations: SQL {
    guard let targets else { return "" }
    if isRoutine {
      return """

          own_schemas pg_catalog.name[] := pg_catalog.current_schemas(false);
          own_objects pg_catalog.oid[]; is_elsewhere pg_catalog.bool;
        """
    }
    let resolve: SQL = kind == .type ? "pg_catalog.to_regtype" : "pg_catalog.to_regclass"
    let oids = targets.map { target -> SQL in
      "\(resolve)(\(literal: Identifier(target.name).quoted))::pg_catalog.oid"
    }
    return """

        own_objects pg_catalog.oid[] := ARRAY[\(SQL.joined(oids))];
        is_elsewhere pg_catalog.bool;
      """
  }

  /// Finds out whether one of the names leads elsewhere. Of a routine the types of its arguments decide: all of that name count.
  var resolve: SQL {
    guard let targets else { return "" }
    let namespace: SQL = "to_regnamespace(\(literal: schema.identifier.quoted))"
    if isRoutine {
      let names = SQL.joined(targets.map { "\(literal: $0.name)" })
      let named: SQL = "FROM pg_catalog.pg_proc p WHERE p.proname IN (\(names)) AND p.pronamespace"
      return """
        own_objects := ARRAY(SELECT p.oid \(named) = \(namespace));
          is_elsewhere := EXISTS (
            SELECT \(named) IN (
              SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY (own_schemas) AND n.oid <> \(namespace)));

        """
    }
    let place: SQL = "\(kind.column("namespace")) <> \(namespace)"
    return """
      is_elsewhere := EXISTS (SELECT FROM \(kind.catalog) o WHERE o.oid = ANY (own_objects) AND o.\(place));

      """
  }

  /// For ``SchemaDependents/seeds``.
  var seeds: SQL {
    if targets == nil { return SchemaDependents.wholeSchema }
    return """
      SELECT '\(kind.catalog)'::regclass::oid, s.oid, 0, 'own' FROM unnest(own_objects) s (oid) WHERE s.oid IS NOT NULL
      UNION ALL \(SchemaDependents.wholeSchema) WHERE is_elsewhere
      """
  }

  /// The OIDs of the tables.
  var tables: SQL {
    let all: SQL = """
      SELECT c.oid FROM pg_catalog.pg_class c
      WHERE c.relnamespace = to_regnamespace(\(literal: schema.identifier.quoted)) AND c.relkind IN ('r', 'p')
      """
    if targets == nil { return all }
    return "SELECT s.oid FROM unnest(own_objects) s (oid) UNION ALL \(all) AND is_elsewhere"
  }
}
