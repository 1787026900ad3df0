import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// More tenants than one transaction can mark.
@Suite(.timeLimit(.minutes(30))) struct ProtectManyTests {
  private static let names = (1000..<1400).map { TenantName(stored: "t\($0)") }

  /// A server whose lock table has room for a few tenants. Every second one has a ledger.
  private func withMany(_ body: (Fleet) async throws -> Void) async throws {
    try await TestServer.withOwn(settings: ["max_locks_per_transaction=10", "max_connections=20"]) {
      try await Fleet.with { fleet in
        try await fleet.populate(Self.names.map(\.rawValue))
        try await fleet.psql(
          stride(from: 0, to: Self.names.count, by: 2).map {
            "CREATE TABLE \(Self.names[$0]).schema_migrations (version varchar(128))"
          }.joined(separator: ";"))
        try await fleet.psql("ALTER TABLE tenants ADD plan text")
        try await body(fleet)
      }
    }
  }

  @Test func all() async throws {
    try await withMany { fleet in
      let plan = try await fleet.tenancy.planSet(Self.names, ["plan": "gold"], isProtected: true)
      #expect(plan.steps.count > 2)
      #expect(try await plan.apply().count == Self.names.count)
      #expect(try await fleet.marks() == Self.names.map(\.rawValue))
      #expect(try await fleet.psql("SELECT count(*) FROM tenants WHERE plan = 'gold'") == "400")
      try await fleet.tenancy.planSet(Self.names, [:], isProtected: false).apply()
      #expect(try await fleet.marks() == [])
    }
  }

  /// One of the last is locked: all are as they were, those that were protected before, too.
  @Test(arguments: [true, false]) func allOrNone(isProtected: Bool) async throws {
    try await withMany { fleet in
      try await fleet.tenancy.planSet([Self.names[1], Self.names[4]], [:], isProtected: true).apply()
      let before = try await fleet.database.contents()
      let plan = try await fleet.tenancy.planSet(Self.names, ["plan": "gold"], isProtected: isProtected)
      let last = Self.names[398]
      let holder = try await fleet.database.holder(of: "LOCK TABLE \(last).schema_migrations")
      await #expect {
        try await plan.apply()
      } throws: { error in
        if case .locked = error as? TenancyProblem { true } else { false }
      }
      await holder.close()
      #expect(try await fleet.database.contents() == before)
      try await plan.apply()
      #expect(try await fleet.marks().count == (isProtected ? Self.names.count : 0))
    }
  }

  /// A value that the last transaction cannot store.
  @Test func aColumnThatIsRefused() async throws {
    try await withMany { fleet in
      try await fleet.psql("ALTER TABLE tenants ADD CONSTRAINT cheap CHECK (plan <> 'gold')")
      let before = try await fleet.database.contents()
      await #expect(throws: TenancyProblem.self) {
        try await fleet.tenancy.planSet(Self.names, ["plan": "gold"], isProtected: true).apply()
      }
      #expect(try await fleet.database.contents() == before)
    }
  }

  /// One that was changed is locked when it is to be undone: it is named, and the others are as they were.
  @Test func whatCannotBeUndone() async throws {
    try await withMany { fleet in
      let tenancy = try fleet.database.tenancy(lockTimeout: .seconds(5))
      let plan = try await tenancy.planSet(Self.names, [:], isProtected: true)
      let last = try await fleet.database.holder(of: "LOCK TABLE \(Self.names[398]).schema_migrations")
      let change = Task { try await plan.apply() }
      _ = try await last.blocked()
      let first = try await fleet.database.holder(of: "LOCK TABLE \(Self.names[2]).schema_migrations")
      do {
        _ = try await change.value
        Issue.record("they were protected")
      } catch TenancyProblem.protectionChanged(let names, because: .locked?) {
        #expect(names == [Self.names[2]])
      }
      for connection in [first, last] { await connection.close() }
      #expect(try await fleet.marks() == [Self.names[2].rawValue])
      await tenancy.close()
    }
  }

  /// Where they fit into one transaction, it is one.
  @Test func fewAreOneTransaction() async throws {
    try await Fleet.with { fleet in
      try await fleet.populate(Self.names.map(\.rawValue))
      #expect(
        try await fleet.tenancy.planSet(Self.names.suffix(300), [:], isProtected: true).steps.count == 1)
      #expect(try await fleet.tenancy.planSet([], [:], isProtected: true).steps.isEmpty)
    }
  }
}

extension Fleet {
  /// The tenants that `drop` refuses.
  fileprivate func marks() async throws -> [String] {
    let found = try await psql(
      """
      SELECT nspname FROM pg_namespace n LEFT JOIN pg_class c ON relnamespace = n.oid AND relname = 'schema_migrations'
      WHERE 'tenantctl: protected' IN (obj_description(n.oid, 'pg_namespace'), col_description(c.oid, 1)) ORDER BY 1
      """)
    return found.split(separator: "\n").map(String.init)
  }
}
