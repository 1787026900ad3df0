import SQLText
import Testing

/// What GRANT, COMMENT and publications name without a schema.
@Suite struct AccessTargetTests {
  @Test(arguments: [
    ("GRANT SELECT ON users TO app", ["relation users"]),
    (
      "GRANT ALL PRIVILEGES ON TABLE users, b.own, \"To\" TO app, other WITH GRANT OPTION",
      ["relation users", "relation To"]
    ),
    ("GRANT SELECT (a, b), UPDATE (\"on\") ON Users TO app", ["relation users"]),
    ("REVOKE GRANT OPTION FOR SELECT ON users FROM app CASCADE", ["relation users"]),
    ("GRANT SELECT ON schema TO app", ["relation schema"]),
    ("GRANT SELECT ON domain, type TO app", ["relation domain", "relation type"]),
    ("GRANT USAGE ON SEQUENCE s TO app", ["relation s"]), ("GRANT USAGE ON DOMAIN d TO app", ["type d"]),
    ("GRANT EXECUTE ON FUNCTION f(int, text), public.g(), h TO app", ["routine f", "routine h"]),
    ("GRANT USAGE ON SCHEMA users TO app", []), ("GRANT SELECT ON ALL TABLES IN SCHEMA a TO app", []),
    ("GRANT CONNECT ON DATABASE db TO app", []), ("GRANT USAGE ON FOREIGN SERVER s TO app", []),
    ("GRANT users TO app", []), ("REVOKE ADMIN OPTION FOR users FROM app", []),
    ("GRANT SELECT ON LARGE OBJECT 1 TO app", []), ("GRANT SET ON PARAMETER work_mem TO app", []),
    ("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app", []), ("GRANT SELECT ON", []), ("GRANT", []),
    ("COMMENT ON TABLE users IS 'x'", ["relation users"]), ("COMMENT ON VIEW public.users IS NULL", []),
    ("COMMENT ON COLUMN users.\"id\" IS 'x'", ["type users"]),
    ("COMMENT ON COLUMN public.users.id IS 'x'", []),
    ("COMMENT ON MATERIALIZED VIEW m IS 'x'", ["relation m"]), ("COMMENT ON INDEX i IS 'x'", ["index i"]),
    ("COMMENT ON CONSTRAINT c ON users IS 'x'", ["relation users"]),
    ("COMMENT ON CONSTRAINT c ON DOMAIN d IS 'x'", ["type d"]), ("COMMENT ON POLICY p ON a.users IS 'x'", []),
    ("COMMENT ON FUNCTION f(int) IS 'x'", ["routine f"]), ("COMMENT ON SCHEMA users IS 'x'", []),
    ("COMMENT ON DATABASE users IS 'on'", []), ("COMMENT ON", []), ("COMMENT ON COLUMN", []),
    ("SECURITY LABEL ON TABLE users IS 'x'", ["relation users"]),
    ("SECURITY LABEL FOR anon ON COLUMN users.id IS 'x'", ["type users"]),
    ("SECURITY LABEL FOR anon ON ROLE users IS 'x'", []),
    ("ALTER PUBLICATION p ADD TABLE users", ["relation users"]),
    (
      "ALTER PUBLICATION p SET TABLE ONLY a (x, y) WHERE (x > 1), b.c, d *, TABLES IN SCHEMA e, f, TABLE g",
      [
        "relation a", "relation d", "relation g",
      ]
    ),
    ("ALTER PUBLICATION p DROP TABLE users", ["relation users"]),
    ("ALTER PUBLICATION p SET (publish = 'insert')", []),
    ("ALTER PUBLICATION p OWNER TO users", []), ("CREATE PUBLICATION p FOR ALL TABLES", []),
    ("CREATE PUBLICATION p", []),
    ("CREATE PUBLICATION p FOR TABLE a, b WITH (publish = 'insert, update')", ["relation a", "relation b"]),
  ])
  func unqualifiedNames(sql: String, expected: [String]) throws {
    let statement = try #require(SQLScript(Array("\(sql);".utf8)).statements.first)
    #expect(statement.unqualifiedTargets.map { "\($0.kind) \($0.name)" } == expected)
  }
}
