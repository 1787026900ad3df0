import TestSupport
import Testing

@testable import Tenancy

/// A file that is too large for one message goes out in parts, and is one transaction all the same.
@Suite struct LongFileTests {
  /// 2 MB in 1,900 statements.
  private static let inserts = (1...1_900).map {
    "INSERT INTO t VALUES (\($0), '\(String(repeating: "x", count: 1_000))');"
  }

  private static func file(_ lines: [String]) throws -> MigrationFile {
    try migration("1", (["CREATE TABLE t (id int, v text);"] + lines).joined(separator: "\n"))
  }

  @Test func allOfIt() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("old_")
      let files = [try Self.file(Self.inserts)]
      #expect(try await fleet.migrate(files).outline == "old_: 1")
      try await fleet.create("new_", files)
      for name in ["old_", "new_"] {
        #expect(
          try await fleet.psql("SELECT count(*), sum(id), count(DISTINCT xmin::text) FROM \(name).t")
            == "1900|1805950|1")
        #expect(try await fleet.psql("SELECT statements_done FROM \(name).schema_migrations") == "1901")
      }
    }
  }

  /// The first, the last of a part, the first of the next one, the last.
  @Test(arguments: [0, 497, 498, 499, 500, 1_234, 1_899]) func noneOfIt(place: Int) async throws {
    try await Fleet.with { fleet in
      try await fleet.create("old_")
      var lines = Self.inserts
      lines[place] = "INSERT INTO t VALUES (1 / 0, 'x');"
      let failure = try await fleet.migrate([Self.file(lines)]).tenants[0].migrationFailure
      #expect(failure?.line == place + 2 && failure?.server?.sqlState == "22012")
      #expect(try await fleet.psql("SELECT to_regclass('old_.t') IS NULL") == "t")
    }
  }

  @Test func aRecordThatIsDiscarded() async throws {
    try await Fleet.with { fleet in
      try await fleet.create("old_")
      let swallow = """
        DO $$ BEGIN
          EXECUTE format('CREATE RULE r AS ON INSERT TO %I.schema_migrations DO INSTEAD NOTHING', current_schema());
        END $$;
        """
      let failure = try await fleet.migrate([Self.file(Self.inserts + [swallow])]).tenants[0].migrationFailure
      #expect(failure != nil)
      #expect(try await fleet.psql("SELECT to_regclass('old_.t') IS NULL") == "t")
    }
  }
}
