import Tenancy
import Testing

@Suite("Migration versions") struct MigrationVersionTests {
  @Test func order() throws {
    let texts = ["0", "00", "1", "01", "2", "009", "10", "20261123101500", "120261123101500"]
    let versions = try texts.map { try MigrationVersion(parsing: $0) }
    #expect(versions.shuffled().sorted().map(\.rawValue) == texts)
    #expect(try MigrationVersion(parsing: "1") != MigrationVersion(parsing: "01"))
  }

  @Test(arguments: ["", "a", "1a", "-1", " 1", "1.0", "١", String(repeating: "1", count: 129)])
  func invalid(text: String) {
    let error = #expect(throws: InvalidMigrationVersion.self) { try MigrationVersion(parsing: text) }
    #expect(error?.text == text)
  }

  @Test func longest() throws {
    let text = String(repeating: "9", count: MigrationVersion.maximumLength)
    #expect(try MigrationVersion(parsing: text).description == text)
  }
}

@Suite("Times as PostgreSQL writes them") struct PostgresDurationTests {
  @Test(
    arguments: [
      ("0", .zero), ("2s", .seconds(2)), ("500ms", .milliseconds(500)),
      ("1min", .seconds(60)), ("2h", .seconds(7200)), ("1d", .seconds(86_400)), ("3000us", .milliseconds(3)),
      ("1 min", .seconds(60)), ("2147483647ms", .milliseconds(2_147_483_647)), ("0us", .zero),
    ] as [(String, Duration)]) func valid(text: String, duration: Duration)
  {
    #expect(Duration(postgresSetting: text) == duration)
  }

  @Test(arguments: [
    "", "s", "-1", "+1", "1m", "2S", "1.5s", "2 s s", "1500us", "2147483648ms", "250", "25d",
    "9999999999999999999",
    "9223372036854775807d",
  ]) func invalid(text: String) {
    #expect(Duration(postgresSetting: text) == nil)
  }
}
