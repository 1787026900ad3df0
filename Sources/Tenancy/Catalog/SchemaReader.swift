internal import TenancyPostgres

/// A digest of all that a schema holds: two schemas have the same one only if they hold the same items.
struct SchemaDigest: Sendable, Hashable {
  let rawValue: String
}

/// Tells from the catalog what schemas hold.
///
/// Reading keeps no lock on a table but those of views, whose definitions PostgreSQL prints under `ACCESS SHARE`, until
/// the end of its transaction. To print an expression it takes that lock for a moment, as psql's `\d` does; so it waits
/// behind a session that alters the table, for as long as `opening` says.
struct SchemaReader: Sendable {
  /// That a row of pg_class is a table that is left out, with all that belongs to it.
  let excluded: @Sendable (_ relation: SQL) -> SQL
  /// What each transaction begins with.
  let opening: [SQL]

  /// How many schemas one query is for. Each query is a transaction, and none of them holds many locks.
  static let batch = 100

  /// What a schema holds; nothing, if there is no such schema. As for ``digestsQuery(_:)``, the query is parsed under our
  /// own search path and reads under the schema's.
  ///
  /// Throws `StatementError`, `ConnectionError` or `CancellationError`.
  func items(of schema: SchemaName, over connection: Connection) async throws -> [SchemaItem] {
    let rows = try await connection.transaction(
      settings + [
        """
        SELECT i->>0, i->>1, i->>2, i->>3 FROM (
          SELECT CASE WHEN set_config('search_path', quote_ident(n.nspname), true) IS NOT NULL THEN (
            SELECT json_agg(json_build_array(kind, relation, name, definition))
            FROM (\(SchemaItemsQuery.items(without: excluded))) item) END AS items
          FROM pg_catalog.pg_namespace n WHERE n.nspname = \(schema.rawValue)) s, json_array_elements(s.items) AS i
        """
      ])
    return try rows[rows.count - 1].map { row in
      let (kind, table, name, definition) = try row.decode(
        String.self, String?.self, String.self, String.self)
      return SchemaItem(
        kind: .init(rawValue: kind) ?? .table, table: table, name: name,
        definition: Self.asAfterADump(definition))
    }.sorted()
  }

  /// `status IN ('a', 'b')` over a varchar casts an array when it is parsed first. The text that PostgreSQL prints of that casts
  /// each element when a dump has it parsed again, and means the same.
  private static func asAfterADump(_ definition: String) -> String {
    guard definition.contains("]::text[]") else { return definition }
    let array = #/ARRAY\[((?:'(?:[^']|'')*'::character varying(?:, )?)+)\]::text\[\]/#
    return definition.replacing(array) { match in
      "ARRAY[\(match.1.replacing("'::character varying", with: "'::character varying::text"))]"
    }
  }

  /// The digests of schemas, one query for all of them; or one each, if that fails. One that cannot be had leaves the
  /// others alone.
  ///
  /// Throws `ConnectionError` or `CancellationError`.
  func digests(
    of schemas: [SchemaName], over connection: Connection
  ) async throws -> [SchemaName: Result<SchemaDigest, StatementError>] {
    do {
      let rows = try await connection.transaction(settings + [digestsQuery(schemas)])
      return try rows[rows.count - 1].reduce(into: [:]) { digests, row in
        let (name, digest) = try row.decode(String.self, String.self)
        digests[SchemaName(stored: name)] = .success(SchemaDigest(rawValue: digest))
      }
    } catch let failure as StatementError {
      if schemas.count == 1 { return [schemas[0]: .failure(failure)] }
      // One of them is to blame, such as one whose tables are being altered.
      var found: [SchemaName: Result<SchemaDigest, StatementError>] = [:]
      for schema in schemas {
        found.merge(try await digests(of: [schema], over: connection)) { $1 }
      }
      return found
    }
  }

  /// Each schema's items are read with the schema as search path. `CASE` is what makes the server set it first
  /// (PostgreSQL manual, 4.2.14 "Expression Evaluation Rules").
  private func digestsQuery(_ schemas: [SchemaName]) -> SQL {
    """
    SELECT n.nspname, CASE WHEN set_config('search_path', quote_ident(n.nspname), true) IS NOT NULL THEN (
        SELECT encode(sha256(convert_to(coalesce(string_agg(
            concat_ws(E'\\x1f', kind, coalesce(relation, ''), name, definition), E'\\x1e'
            ORDER BY kind COLLATE "C", relation COLLATE "C", name COLLATE "C"), ''), 'UTF8')), 'hex')
        FROM (\(SchemaItemsQuery.items(without: excluded))) item)
      END
    FROM pg_catalog.pg_namespace n WHERE n.nspname = ANY(\(schemas.map(\.rawValue))::text[])
    """
  }

  /// Compiling a query that runs for a fraction of a second would take longer than the query.
  private var settings: [SQL] { opening + ["SET LOCAL jit TO off"] }
}
