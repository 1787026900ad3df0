import TenancyPostgres
import TestSupport
import Testing

@testable import Tenancy

/// A role that may create in a tenant's schema and in `public` defines all that our statements could resolve to if a path of
/// the tenant's were in force: nothing of it is ever called.
@Suite(.serialized) struct CanaryOperatorTests {
  /// A database after which the trapped one is copied, with what the suite does without traps.
  private static func withTraps(
    _ body: (_ trapped: TestDatabase, _ clean: [CommandSuite.Did]) async throws -> Void
  ) async throws {
    try await TestDatabase.with { clean in
      try await CommandSuite.prepare(clean)
      try await TestRole.with(clean) { role in
        // Gone before the role, which owns more in it than could be dropped in one transaction.
        try await TestDatabase.with(template: clean.name) { trapped in
          let done = try await CommandSuite.run(on: clean, verbose: true)
          for did in done { #expect(did.outcome.status == 0, "\(did.step): \(did.outcome.stdout)") }
          let names = UsedNames(in: CommandSuite.statements(done))
          let made = try await HostileRole(name: role.name, schemas: ["acme", "public"]).plant(
            names, in: trapped)
          try #require(
            made.count == 4 && made[0] > 10_000 && made[1] > 20_000 && made[2] > 20 && made[3] > 40, "\(made)"
          )
          try await body(trapped, done)
        }
      }
    }
  }

  @Test func nothingOfItIsEverCalled() async throws {
    try await Self.withTraps { trapped, clean in
      try await Self.useAsALibrary(trapped)
      for format in ["text", "json"] {
        for throughPooler in [false, true] {
          try await TestDatabase.with(template: trapped.name) { copy in
            let done =
              throughPooler
              ? try await TestPgBouncer.with(copy) {
                try await CommandSuite.run(on: copy, through: $0, format: format)
              }
              : try await CommandSuite.run(on: copy, format: format)
            let calls = try await copy.canary()
            #expect(calls.isEmpty, "\(format), pooler: \(throughPooler)")
            for (trapped, clean) in zip(done, clean) {
              #expect(!trapped.outcome.stderr.contains("canary:"), "\(trapped)")
              // Through a pooler some is refused; doctor finds what the role has made.
              if throughPooler || trapped.step.contains("doctor") { continue }
              #expect(
                trapped.outcome.status == clean.outcome.status,
                "\(trapped.step)\n\(trapped.outcome)\n\(clean.outcome)")
            }
          }
        }
      }
    }
  }

  private static func useAsALibrary(_ trapped: TestDatabase) async throws {
    let database = try TenantDatabase(trapped.url, connections: 2)
    _ = try await database.withTenant(TenantName(parsing: "acme")) { try await $0.query("TABLE tanks") }
    await #expect(throws: (any Error).self) {
      _ = try await database.withTenant(TenantName(parsing: "acme")) { try await $0.query("TABLE nothing") }
    }
    await database.close()
    let calls = try await trapped.canary()
    #expect(calls.isEmpty)
  }

  /// The same transactions without one of their pins, and the same queries over a connection that begins with none, call
  /// traps: so the others' silence says something.
  @Test func aPinThatIsTakenAwayIsNoticed() async throws {
    try await Self.withTraps { trapped, clean in
      var pins = 0
      for step in try await Self.steps(trapped) {
        let whole = Self.undone(step.script)
        try await Self.tryOut(whole, trapped)
        let calls = try await trapped.canary()
        #expect(calls.isEmpty, "\(whole)")
        for (index, line) in whole.enumerated() where line == SessionCleaning.pin.inlined + ";" {
          // Around the ledger that is made: only names of types follow, and pg_catalog's win anyway.
          if whole[index + 1].hasPrefix("CREATE TABLE") { continue }
          pins += 1
          var without = whole
          without.remove(at: index)
          try await Self.tryOut(without, trapped)
          let calls = try await trapped.canary()
          #expect(!calls.isEmpty, "\(without)")
          try await trapped.resetCanary()
        }
      }
      #expect(pins >= 8)

      let registry = RegistryMapping()
      let shape = try #require(RegistryShape.promised(by: registry))
      let query = shape.statesQuery(ledger: "schema_migrations")
      for (opening, isSilent) in [(TimeLimits().implicitOpening(refusesPolicies: true), true), (nil, false)]
        as [(SQL?, Bool)]
      {
        let connection = try await Connection.open(
          ConnectionTarget(trapped.url), applicationName: "test", opening: opening)
        _ = try? await connection.query(query)
        await connection.close()
        let calls = try await trapped.canary()
        #expect(calls.isEmpty == isSilent, "\(calls)")
        try await trapped.resetCanary()
      }

      // Each of our queries by itself, under the tenant's path: how many could be tricked.
      let queries = CommandSuite.statements(clean).filter {
        ["SELECT", "WITH", "INSERT", "UPDATE", "DELETE"].contains($0.prefix { $0.isLetter })
      }
      let outcome = try await Self.tryOut(
        queries.flatMap { query in
          [
            // A trap that is called for each row of a catalog takes its time, and has been called by then.
            "BEGIN;", "SET LOCAL search_path TO acme, public;", "SET LOCAL statement_timeout TO '300ms';",
            "\(query)\n;",
            "ROLLBACK;",
            "SELECT 'called' FROM traps.calls WHERE is_called;", "ALTER SEQUENCE traps.calls RESTART;",
          ]
        }, trapped)
      let tricked = outcome.stdout.split(separator: "\n").count { $0 == "called" }
      #expect(tricked * 3 > queries.count, "\(tricked) of \(queries.count)")
    }
  }

  /// What a file in a transaction and one outside of it send, in both directions, with a ledger that is there and with one
  /// that is made.
  private static func steps(_ database: TestDatabase) async throws -> [Step] {
    let oid = try await database.psql("SELECT 'acme.schema_migrations'::pg_catalog.regclass::pg_catalog.oid")
    func file(_ options: String) throws -> MigrationFile {
      let text = """
        -- migrate:up \(options)
        CREATE TABLE hoses (id pg_catalog.int4);
        -- migrate:down \(options)
        DROP TABLE tanks;

        """
      return try MigrationFile.parse(path: "migrations/2_hoses.sql", bytes: Array(text.utf8))
    }
    let acme = SchemaName(stored: "acme")
    let trust = LedgerTrust(registry: RegistryMapping().tenants)
    let ledger = Ledger(schema: acme, table: "schema_migrations", trust: trust, oid: Int(oid))
    var granted = ledger
    granted.isGranted = true
    let new = Ledger(schema: acme, table: "ledger", trust: trust)
    let frame = Frame(limits: TimeLimits(lock: .seconds(2)))
    let (history, state) = (LedgerHistory(), LedgerState(rows: 2, begun: [:]))
    let (inside, outside) = (try file(""), try file("transaction:false"))
    func transaction(_ direction: MigrationDirection, _ ledger: Ledger, creates: Bool = false) -> Step {
      FileTransaction(
        file: inside, direction: direction, ledger: ledger, frame: frame, count: creates ? 0 : 2,
        history: history,
        createsLedger: creates
      ).step
    }
    return [
      transaction(.up, ledger), transaction(.down, ledger), transaction(.up, granted),
      transaction(.up, new, creates: true),
    ]
      + StatementSteps(outside, .up, ledger, frame, history: history, state: state).all(from: nil)
      + StatementSteps(outside, .down, ledger, frame, history: history, state: state).all(from: nil)
  }

  /// The script of a transaction that is taken back.
  private static func undone(_ script: [String]) -> [String] {
    script.map { $0 == "COMMIT;" ? "ROLLBACK;" : $0 }
  }

  /// By psql; that a statement fails is not the point.
  @discardableResult
  private static func tryOut(_ script: [String], _ database: TestDatabase) async throws -> Outcome {
    try await Tenantctl.script(
      "psql -XAtq -d \"$TENANTCTL_DATABASE_URL\"", database: database, stdin: script.joined(separator: "\n"))
  }
}
