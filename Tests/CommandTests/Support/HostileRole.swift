import Foundation
import TestSupport
import Testing

/// What statements name that a search path decides on: operators, functions, types and relations.
///
/// Taken from the statements' text without understanding it: what is no name of pg_catalog's is left out when the traps are
/// made, and a name too many is a trap too many.
struct UsedNames: Sendable, Equatable {
  private(set) var operators: Set<String> = []
  private(set) var functions: Set<String> = []
  private(set) var types: Set<String> = []
  private(set) var relations: Set<String> = []

  /// What the grammar turns into operators (PostgreSQL's gram.y): no sign of them is in the text.
  private static let impliedBy: [(pattern: String, names: [String])] = [
    (#"\b(IN|CASE|USING|NULLIF|ANY|DISTINCT)\b"#, ["=", "<>"]), (#"\bBETWEEN\b"#, ["<=", ">="]),
    (#"\bLIKE\b"#, ["~~", "!~~"]), (#"\bILIKE\b"#, ["~~*", "!~~*"]),
  ]

  init(in statements: [String]) {
    for statement in statements {
      for match in statement.matches(of: #/[-+*\/<>=~!@#%^&|`?]+/#) { operators.insert(String(match.0)) }
      for match in statement.matches(of: #/([a-z_][a-z0-9_]*) ?\(/#) { functions.insert(String(match.1)) }
      for match in statement.matches(of: #/::"?([a-z_][a-z0-9_]*)/#) { types.insert(String(match.1)) }
      for match in statement.matches(of: #/AS "?([a-z_][a-z0-9_]*)"?\)/#) { types.insert(String(match.1)) }
      for match in statement.matches(
        of: #/(?:FROM|JOIN|ONLY|UPDATE|INTO|TABLE) (?:"?\w+"?\.)?"?([a-z_][a-z0-9_]*)/#)
      {
        relations.insert(String(match.1))
      }
      for (pattern, names) in Self.impliedBy
      where statement.range(of: pattern, options: [.regularExpression, .caseInsensitive]) != nil {
        operators.formUnion(names)
      }
    }
  }
}

/// A role without any privilege but CREATE in one tenant's schema and in `public`, which has put there whatever statements
/// that use certain names could be tricked into calling.
struct HostileRole {
  let name: String
  /// Where it may create.
  let schemas: [String]

  /// The types of the arguments, beside those that pg_catalog's own overloads take: those of the catalogs' columns, of
  /// literals' casts and of the registry's and the ledger's columns.
  private static let types = [
    "int2", "int4", "int8", "numeric", "text", "varchar", "name", "oid", "regclass", "regnamespace", "bool",
    "\"char\"", "timestamptz", "timestamp", "interval", "jsonb", "text[]", "name[]", "oid[]", "int2[]",
    "\"char\"[]",
    "anyelement", "anyarray",
  ]

  /// Where a trap records that it was called, by anybody: in a table, which a rollback takes back, in a sequence, which it
  /// does not, and by a warning, as a transaction that only reads can have neither.
  static let canary = """
    CREATE SCHEMA traps;
    CREATE TABLE traps.canary (trap text, session_role name, role name, query text);
    CREATE SEQUENCE traps.calls;
    CREATE FUNCTION traps.sing(trap text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
    BEGIN
      RAISE WARNING 'canary: %', trap;
      PERFORM nextval('traps.calls');
      INSERT INTO traps.canary VALUES (trap, session_user, current_user, current_query());
    EXCEPTION WHEN OTHERS THEN NULL;
    END $$;
    GRANT USAGE ON SCHEMA traps TO PUBLIC;
    GRANT ALL ON traps.canary, traps.calls TO PUBLIC;

    """

  /// Makes the traps.
  /// - Returns: how many operators, functions, types and relations.
  func plant(_ names: UsedNames, in database: TestDatabase) async throws -> [Int] {
    let report = try await database.psql(
      """
      SET client_min_messages = error;
      \(Self.canary)
      GRANT USAGE, CREATE ON SCHEMA \(schemas.joined(separator: ", ")) TO \(name);
      SET check_function_bodies = off;
      SET search_path = pg_catalog;
      CREATE TEMP TABLE types AS SELECT unnest(\(Self.array(Self.types))) AS name;
      CREATE TEMP TABLE made (kind text, number int);
      GRANT SELECT ON types TO \(name);
      GRANT INSERT ON made TO \(name);
      SET ROLE \(name);
      \(schemas.map { operators(names.operators, in: $0) + functions(names.functions, in: $0) }.joined())
      \(schemas.map { types(names.types, in: $0) + relations(names.relations, in: $0) }.joined())
      RESET ROLE;
      SELECT sum(number) FROM made GROUP BY kind ORDER BY kind;
      """)
    return report.split(separator: "\n").compactMap { Int($0) }
  }

  /// For each name and each combination of types that pg_catalog has not as it is. They call one function for each
  /// combination and kind of result.
  private func operators(_ used: Set<String>, in schema: String) -> String {
    """
    DO $do$
    DECLARE
      pair record; operator record; number int := 0;
    BEGIN
      FOR pair IN SELECT l.name AS l, r.name AS r FROM types l, types r
        WHERE l.name = r.name OR l.name !~ '^any' AND r.name !~ '^any'
      LOOP
        EXECUTE format($$
          CREATE FUNCTION %1$s.trap_bool(l %2$s, r %3$s) RETURNS bool LANGUAGE plpgsql
            AS 'BEGIN PERFORM traps.sing(''operator of %1$s (%2$s, %3$s)''); RETURN true; END';
          CREATE FUNCTION %1$s.trap_left(l %2$s, r %3$s) RETURNS %2$s LANGUAGE plpgsql
            AS 'BEGIN PERFORM traps.sing(''operator of %1$s (%2$s, %3$s)''); RETURN l; END'
          $$, '\(schema)', pair.l, pair.r);
        FOR operator IN
          SELECT oprname, bool_or(oprresult = 'bool'::regtype) AS is_bool FROM pg_operator
          WHERE oprname = ANY(\(Self.array(used.sorted()))) AND oprkind = 'b'
            AND oprnamespace = 'pg_catalog'::regnamespace
          GROUP BY 1 HAVING NOT bool_or(oprleft = pair.l::regtype AND oprright = pair.r::regtype)
        LOOP
          EXECUTE format('CREATE OPERATOR %1$s.%2$s (LEFTARG = %3$s, RIGHTARG = %4$s, FUNCTION = %1$s.%5$s)',
            '\(schema)', operator.oprname, pair.l, pair.r,
            CASE WHEN operator.is_bool THEN 'trap_bool' ELSE 'trap_left' END);
          number := number + 1;
        END LOOP;
      END LOOP;
      INSERT INTO made VALUES ('1 operators', number);
    END $do$;

    """
  }

  /// For each name: pg_catalog's own overloads, each of these with another type for one argument, one type for all, and for
  /// two arguments each pair. What is refused as a function is left out, such as an overload that differs by nothing.
  private func functions(_ used: Set<String>, in schema: String) -> String {
    """
    DO $do$
    DECLARE
      called record; number int := 0;
    BEGIN
      FOR called IN
        WITH own AS (
          SELECT f.oid, f.proname AS name, f.proargtypes::oid[] AS oids, ARRAY(
              SELECT CASE t WHEN '"any"'::regtype THEN 'text' ELSE format_type(t, NULL) END
              FROM unnest(f.proargtypes) WITH ORDINALITY u (t, k) ORDER BY k) AS arguments,
            CASE WHEN t.typtype = 'p' AND t.typname <> 'void' THEN 'text' ELSE format_type(t.oid, NULL) END AS result
          FROM pg_proc f JOIN pg_type t ON t.oid = f.prorettype
          WHERE f.pronamespace = 'pg_catalog'::regnamespace AND f.proname = ANY(\(Self.array(used.sorted())))
            AND NOT EXISTS (
              SELECT FROM unnest(f.proargtypes) a JOIN pg_type p ON p.oid = a
              WHERE p.typtype = 'p' AND p.typname NOT IN ('any', 'anyelement', 'anyarray'))
        ), varied AS (
          SELECT name, arguments FROM own
          UNION SELECT own.name, ARRAY(
              SELECT CASE k WHEN place THEN types.name ELSE a END
              FROM unnest(arguments) WITH ORDINALITY u (a, k) ORDER BY k)
            FROM own, generate_series(1, cardinality(arguments)) place, types
            WHERE NOT arguments && '{anyelement,anyarray}' AND types.name !~ '^any'
          UNION SELECT own.name, ARRAY(SELECT types.name FROM unnest(arguments)) FROM own, types
          UNION SELECT own.name, ARRAY[a.name, b.name] FROM own, types a, types b
            WHERE cardinality(arguments) = 2 AND a.name !~ '^any' AND b.name !~ '^any'
        )
        SELECT name, array_to_string(arguments, ', ') AS arguments,
          (SELECT min(own.result) FROM own WHERE own.name = varied.name) AS result
        FROM varied
      LOOP
        BEGIN
          EXECUTE format($$
            CREATE FUNCTION %1$s.%2$I(%3$s) RETURNS %4$s LANGUAGE plpgsql
              AS 'BEGIN PERFORM traps.sing(''function %1$s.%2$s(%3$s)''); RETURN NULL; END'
            $$, '\(schema)', called.name, called.arguments, called.result);
          number := number + 1;
        EXCEPTION WHEN duplicate_function THEN NULL;
        END;
      END LOOP;
      INSERT INTO made VALUES ('2 functions', number);
    END $do$;

    """
  }

  /// Domains with the names of types.
  private func types(_ used: Set<String>, in schema: String) -> String {
    """
    CREATE FUNCTION \(schema).trap_type(name text) RETURNS bool LANGUAGE plpgsql
      AS 'BEGIN PERFORM traps.sing(name); RETURN true; END';
    DO $do$
    DECLARE
      type record; number int := 0;
    BEGIN
      FOR type IN SELECT t.typname AS name FROM pg_type t
        WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b'
          AND (t.typname = ANY(\(Self.array(used.sorted()))) OR t.typname = ANY(
            SELECT format_type(name::regtype, NULL) FROM types) OR t.typname IN ('name', 'int4', 'int8', 'varchar'))
      LOOP
        EXECUTE format($$CREATE DOMAIN %1$s.%2$I AS pg_catalog.%2$I CHECK (%1$s.trap_type('type %1$s.%2$s'))$$,
          '\(schema)', type.name);
        number := number + 1;
      END LOOP;
      INSERT INTO made VALUES ('3 types', number);
    END $do$;

    """
  }

  /// Views with the names of catalogs, and of the registry's tables where there is none of that name.
  private func relations(_ used: Set<String>, in schema: String) -> String {
    """
    DO $do$
    DECLARE
      relation record; number int := 0;
    BEGIN
      FOR relation IN SELECT DISTINCT ON (c.relname) c.relname AS name, c.oid::regclass AS original, (
            SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute
            WHERE attrelid = c.oid AND attnum > 0 AND atttypid <> 'anyarray'::regtype) AS columns
        FROM pg_class c
        WHERE c.relname = ANY(\(Self.array(used.sorted()))) AND c.relkind IN ('r', 'v')
          AND c.relnamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace)
          AND to_regclass(format('\(schema).%I', c.relname)) IS NULL
      LOOP
        EXECUTE format($$CREATE VIEW %1$s.%2$I AS SELECT %4$s FROM %3$s WHERE %1$s.trap_type('relation %1$s.%2$s')$$,
          '\(schema)', relation.name, relation.original, relation.columns);
        number := number + 1;
      END LOOP;
      INSERT INTO made VALUES ('4 relations', number);
    END $do$;

    """
  }

  private static func array(_ names: [String]) -> String {
    "ARRAY[\(names.map { "'\($0.replacing("'", with: "''"))'" }.joined(separator: ", "))]::text[]"
  }
}

extension TestDatabase {
  /// Forgets the calls.
  func resetCanary() async throws {
    try await psql("TRUNCATE traps.canary; ALTER SEQUENCE traps.calls RESTART")
  }

  /// The traps that were called since the canary was made, each with the statement that it was called by; empty if none was.
  func canary() async throws -> String {
    let calls = try await psql("SELECT trap || ' as ' || role || ' by ' || query FROM traps.canary")
    let number = try await psql("SELECT last_value FROM traps.calls WHERE is_called")
    return number.isEmpty ? calls : "\(number) calls\n\(calls)"
  }
}
