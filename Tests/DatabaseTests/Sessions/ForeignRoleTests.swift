import SQLText
import TestSupport
import Testing

@testable import Tenancy

/// A role that may not use a tenant's schema, and may use `public`: to it an unqualified name means a shared table.
@Suite struct ForeignRoleTests {
  /// A tenant that has a table of the name which a shared one has, too.
  private static func with(
    _ body: (Fleet, _ role: String) async throws -> Void
  ) async throws {
    try await Fleet.with { fleet in
      try await TestRole.with(fleet.database) { role in
        try await fleet.create("acme")
        try await fleet.psql(
          """
          GRANT USAGE, CREATE ON SCHEMA public TO \(role.name); CREATE TABLE acme.orders (x int);
          CREATE TABLE public.orders (x int); INSERT INTO public.orders VALUES (7);
          GRANT ALL ON public.orders, acme.orders TO \(role.name)
          """)
        try await body(fleet, role.name)
      }
    }
  }

  static let ways = [
    "SET ROLE app", "SET LOCAL ROLE app", "SET SESSION AUTHORIZATION app", "/* */ set session role to 'app'",
    "SELECT set_config('role', 'app', true)", "DO $$BEGIN PERFORM set_config('role', 'app', true); END$$",
    "DO $$BEGIN SET LOCAL ROLE app; END$$",
  ]

  @Test(arguments: ways, [false, true])
  func aFileDoesNotReachTheSharedTables(way: String, alone: Bool) async throws {
    try await Self.with { fleet, role in
      // A role that a function sets ends with the statement's own transaction.
      if alone, way.contains("LOCAL") || way.contains("true") { return }
      let set = way.replacing("app", with: role)
      let file = try migration(
        "2",
        "-- migrate:up\(alone ? " transaction:false" : "")\n\(set);\nCREATE TABLE made (); ALTER TABLE made ADD y int;\n"
      )
      let failure = try #require(try await fleet.migrate([file]).tenants[0].migrationFailure)
      #expect(failure.reason == .roleLacksUsage)
      #expect(
        try await fleet.psql("SELECT to_regclass('public.made'), to_regclass('acme.made')") == "NULL|NULL")
      // With the privilege the same file runs, and its role ends with it.
      try await fleet.psql("GRANT USAGE, CREATE ON SCHEMA acme TO \(role)")
      #expect(try await fleet.migrate([file]).outline == "acme: 2")
      #expect(
        try await fleet.psql("SELECT to_regclass('public.made'), to_regclass('acme.made')")
          == "NULL|acme.made")
    }
  }

  @Test(arguments: ways) func aScriptDoesNotReadThem(way: String) async throws {
    try await Self.with { fleet, role in
      let sql = "\(way.replacing("app", with: role)); SELECT x FROM orders"
      let script = try ExecScript([("-c", Array(sql.utf8))])
      let tenants = try await fleet.tenancy.tenants(in: FleetSelection(names: ["acme"]))
      let report = try await fleet.tenancy.exec(script, in: tenants) { _, _ in Issue.record("received") }
      guard case .execFailed(let failure) = report.failures.first?.failure as? TenancyProblem else {
        Issue.record("\(report)")
        return
      }
      #expect(failure.setsRoleWithoutUsage)
      #expect(failure.place?.excerpt.contains("orders") == true)
      try await fleet.psql("GRANT USAGE ON SCHEMA acme TO \(role); INSERT INTO acme.orders VALUES (1)")
      #expect(try await fleet.exec(sql, in: ["acme"]) == [["acme", "1"]])
    }
  }

  @Test(arguments: ways) func aBlockDoesNotReadThem(way: String) async throws {
    try await Self.with { fleet, role in
      let set = SQL(unsafeRaw: way.replacing("app", with: role))
      await #expect(throws: TenancyError.self) {
        try await fleet.tenancy.withTenant("acme") { session in
          _ = try await session.pipeline(["SELECT 1", set, "SELECT x FROM orders"])
          Issue.record("a role that may not use the schema has read a table")
        }
      }
      try await fleet.psql("GRANT USAGE ON SCHEMA acme TO \(role); INSERT INTO acme.orders VALUES (1)")
      let rows = try await fleet.tenancy.withTenant("acme") { session in
        try await session.pipeline(["SELECT 1", set, "SELECT x FROM orders"]).map { $0.first?[0] }
      }
      #expect((rows.count, rows[0], rows[2]) == (3, "1", "1"))
    }
  }

  /// What it does with objects that are named with their schema is what it says.
  @Test func qualifiedNamesAreNotAsked() async throws {
    try await Self.with { fleet, role in
      let sql =
        "SET ROLE \(role); INSERT INTO public.orders VALUES (8); RESET ROLE; INSERT INTO orders VALUES (1)"
      let file = try migration("2", sql)
      #expect(try await fleet.migrate([file]).outline == "acme: 2")
      #expect(
        try await fleet.psql(
          "SELECT (SELECT count(*) FROM acme.orders), (SELECT count(*) FROM public.orders)") == "1|2")
    }
  }
}
