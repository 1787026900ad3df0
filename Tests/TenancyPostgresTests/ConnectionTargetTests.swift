import Testing

@testable import TenancyPostgres

@Suite struct ConnectionTargetTests {
  @Test(arguments: [
    ("postgresql://u@h/d", "host=h dbname=d"),
    ("postgres://u@h:5433/d", "host=h port=5433 dbname=d"),
    ("postgresql+psycopg2://u:p@h/d", "host=h dbname=d"),
    ("postgresql+asyncpg://u:p@h/d", "host=h dbname=d"),
    ("postgres+psycopg://u:p@h/d", "host=h dbname=d"),
    ("postgis://u:p@h/d", "host=h dbname=d"),
    ("POSTGRESQL://h/d", "host=h dbname=d"),
    ("postgresql://u:p%40q@h/d", "host=h dbname=d"),
    ("postgresql://u:p?q@h/d", "host=h dbname=d"),
    ("postgresql://h/d?user=a@b", "host=h dbname=d"),
    ("postgresql:///d?host=/run/pg&port=6000", "host=/run/pg port=6000 dbname=d"),
    ("postgresql://u:p@a:1,b:2/d", "host=a,b port=1,2 dbname=d"),
    ("postgresql://[::1]:5433/d", "host=::1 port=5433 dbname=d"),
    ("postgresql://h:5433/d@x", "host=h port=5433 dbname=d@x"),
    ("postgresql://[::1]/d@x", "host=::1 dbname=d@x"),
    ("postgresql://u:p@h/d@x", "host=h dbname=d@x"),
    ("host=h dbname='my db' password=secret", "host=h dbname=my db"),
    ("host=h dbname=d password=a://b@c@d/e@f", "host=h dbname=d"),
    ("host=h dbname='a;b=c'", "host=h dbname=a;b=c"),
    ("host=/a;b/c dbname=d", "host=/a;b/c dbname=d"),
    ("host=h dbname=d password=a;user=b;", "host=h dbname=d"),
    ("postgresql://h/d?options=-csearch_path%3Dx", "host=h dbname=d"),
    ("service=shop", "service=shop"),
    ("user=u password=secret", "libpq's defaults"),
    ("", "libpq's defaults"),
  ])
  func readsAndDescribes(text: String, description: String) throws {
    #expect(try ConnectionTarget(text).description == description)
  }

  @Test(arguments: [
    "mysql://u:hunter2@h/d",
    "postgresql://u:hun@ter2@h/d",
    "postgresql://u:hunter2/x@h/d",
    "postgresql://u:hunter2/4@h/d",
    "postgresql://u:hunter2@h/d?nonsense=1",
    "host=h password=hunter2 x",
    "hunter2",
  ])
  func refusesAndKeepsTheSecret(text: String) throws {
    let error = try #require(throws: ConnectionError.self) { try ConnectionTarget(text) }
    guard case .malformed = error else {
      Issue.record("\(error)")
      return
    }
    #expect(!"\(error)".contains("hun"))
  }

  @Test(arguments: [
    "postgresql://u:hunter2@h/d", "postgresql://h/d?user=u&password=hunter2", "host=h password=hunter2",
  ])
  func showsNoPassword(text: String) throws {
    let target = try ConnectionTarget(text)
    var dumped = ""
    dump(target, to: &dumped)
    dump([target], to: &dumped)
    let children = Mirror(reflecting: target).children.map { "\($0.value)" }
    for shown in [
      target.description, "\(target)", String(reflecting: target), dumped, "\(children)", "\([target])",
    ] {
      #expect(!shown.contains("hunter2"))
    }
    #expect(target.redacting("wrong: hunter2!") == "wrong: ***!")
  }

  @Test(arguments: [
    ("postgresql://u:hunter2@h/d?nonsense=1&host=x", MalformedTarget.parameter("nonsense", isPublic: true)),
    ("postgres://h/d?host=x&Schema=y", .parameter("Schema", isPublic: true)),
    ("postgresql+asyncpg://h/d?ssl=require", .parameter("ssl", isPublic: true)),
    ("postgresql://h/d?ssl=%30&x=1", .parameter("ssl", isPublic: true, isOff: true)),
    ("host=h tls = 'o\\ff' x=1", .parameter("tls", isPublic: true, isOff: true)),
    ("postgresql://h/d?%73chema=a", .parameter("schema", isPublic: true)),
    // What may be a part of a password is not repeated.
    ("postgresql://h/d?user=u&password=a&b=c", .parameter("b", isPublic: false)),
    ("postgresql://u:1/x?b=c@h/d", .parameter("b", isPublic: false)),
    ("host=h schema=x", .parameter("schema", isPublic: true)),
    ("password='a schema=x \\' y' host = h Database=d", .parameter("Database", isPublic: false)),
    ("password=a\\ b=c pgbouncer='true'", .parameter("pgbouncer", isPublic: false)),
    ("host=h password=hunter2 x", .syntax),
    ("hunter2", .syntax),
    ("postgresql://h/d?options=-csearch_path=x", .separator(in: "options")),
    ("postgresql://h/d?host=a&options=--jit%3Doff=&schema=x", .separator(in: "options")),
    ("postgresql://h/d?user=u&password=a=b", .separator(in: "password")),
    ("postgresql://h/d?schema=x&options=a=b", .parameter("schema", isPublic: true)),
    ("host=h dbname='d", .unclosed), ("host='h\\'", .unclosed),
    ("user=u password='hunter2 host=h", .unclosed),
    ("host=h;dbname=d;password=hunter2", .semicolons), ("host = h; dbname = d", .semicolons),
    ("Server=h;Port=5432;Database=d;User Id=u;Password=hunter2", .semicolons),
    ("pgsql:host=h;dbname=d", .semicolons), ("host=h port=1;", .semicolons),
  ])
  func namesTheParameter(text: String, problem: MalformedTarget) throws {
    #expect(throws: ConnectionError.malformed(problem)) { try ConnectionTarget(text) }
  }

  @Test(
    arguments: [
      (
        "connection to server failed: FATAL:  53300: sorry, too many clients already\nLOCATION:  InitProcess, proc.c:346",
        "connection to server failed: FATAL:  sorry, too many clients already", "53300"
      ),
      ("FATALES:  28P01: contraseña inválida: 12345: x", "FATALES:  contraseña inválida: 12345: x", "28P01"),
      (
        "could not translate host name \"x\": 12345: no", "could not translate host name \"x\": 12345: no",
        nil
      ),
    ] as [(String, String, SQLState?)])
  func takesTheCodeOut(message: String, text: String, state: SQLState?) {
    #expect(ConnectionError.refused(verbose: message) == .refused(text, state))
  }

  @Test func variablesOfOthersAreNotOurs() {
    #expect(
      ConnectionParameters.ignoredVariables(in: ["PGVERSION", "PGDATA", "PGUSER_X", "PGHOST", "PGTZ"]) == [])
  }

  /// As in a database's name that a URI of another driver makes.
  @Test func aPasswordInTheWrongPlaceIsRedacted() throws {
    let target = try ConnectionTarget("postgresql://h/d;user=u;PWD=hunter2;x=1")
    #expect(
      target.redacting("database \"d;user=u;PWD=hunter2;x=1\" does not exist")
        == "database \"d;user=u;PWD=***;x=1\" does not exist")
  }

  @Test func withoutAPasswordNothingIsRedacted() throws {
    #expect(try ConnectionTarget("postgresql://h/d").redacting("as it is") == "as it is")
  }
}
