import TenancyPostgres
import Testing

@Suite struct SQLTests {
  @Test func valuesBind() {
    let name = "x'; DROP TABLE t; --"
    let statement: SQL = "SELECT \(name), \(7), \(2.5), \(true), \(Int?.none), \(["a", "b"])"
    #expect(statement.text == "SELECT $1, $2, $3, $4, $5, $6")
    #expect(statement.parameters == [name, "7", "2.5", "t", nil, #"{"a","b"}"#])
  }

  @Test func splicesAreRenumbered() {
    let condition: SQL = "a = \(1) AND b = \(2)"
    let statement: SQL = "SELECT \(0) WHERE \(condition) AND c = \(3)"
    #expect(statement.text == "SELECT $1 WHERE a = $2 AND b = $3 AND c = $4")
    #expect(statement.parameters == ["0", "1", "2", "3"])
  }

  @Test(
    arguments: [
      ([], "", []),
      (["\(1)"], "$1", ["1"]),
      (["a = \(1)", "true", "b = \(2)"], "a = $1 AND true AND b = $2", ["1", "2"]),
    ] as [([SQL], String, [String?])])
  func joins(elements: [SQL], text: String, parameters: [String?]) {
    let joined = SQL.joined(elements, by: " AND ")
    #expect(joined.text == text)
    #expect(joined.parameters == parameters)
  }

  @Test func namesAreQuoted() {
    let table = QualifiedName("my schema", "t")
    let statement: SQL = "SELECT \(Identifier("Name")) FROM \(table)"
    #expect(statement.text == #"SELECT "Name" FROM "my schema"."t""#)
    #expect(statement.parameters.isEmpty)
  }

  /// Whoever reads a statement does not take a part of a name for a line of its own; to_regclass reads no escapes.
  @Test func namesStayOnTheirLine() {
    let statement: SQL = "DROP TABLE \(QualifiedName("a", "b\n\"\\\u{7F}"))"
    #expect(statement.text == #"DROP TABLE "a".U&"b\000a""\\\007f""#)
    #expect(Identifier("b\n").quoted == "\"b\n\"")
  }

  /// The letter before a combining mark is a part of its `Character`: quoting must not look at those.
  @Test(arguments: [
    ("it's", "'it''s'"),
    (#"a\b"#, #"E'a\\b'"#),
    (#"\'"#, #"E'\\'''"#),
    ("a\nb", #"E'a\nb'"#),
    ("\u{1B}[2J\u{7F}\r\t'", #"E'\x1b[2J\x7f\r\t'''"#),
    ("'\u{301}", "'''\u{301}'"),
    ("", "''"),
  ])
  func literals(value: String, literal: String) {
    #expect(scalars(("\(literal: value)" as SQL).text) == scalars(literal))
    #expect(scalars(("\(value)" as SQL).inlined) == scalars(literal))
  }

  @Test func inlinedNull() {
    #expect(("SELECT \(String?.none), \(1)" as SQL).inlined == "SELECT NULL, '1'")
  }

  @Test(arguments: [
    ("acme", #""acme""#),
    ("Acme Corp", #""Acme Corp""#),
    (#"a"b"#, #""a""b""#),
    (#"""#, #""""""#),
    ("a\"\u{301}b", "\"a\"\"\u{301}b\""),
    ("", #""""#),
  ])
  func identifiers(name: String, quoted: String) {
    #expect(scalars(Identifier(name).quoted) == scalars(quoted))
  }

  @Test(arguments: [
    ([], "{}"),
    (["a", "b c"], #"{"a","b c"}"#),
    (["NULL", ""], #"{"NULL",""}"#),
    ([#"a"b"#, #"c\d"#, "{,}"], #"{"a\"b","c\\d","{,}"}"#),
    (["\"\u{301}"], "{\"\\\"\u{301}\"}"),
  ])
  func arrays(elements: [String], text: String) {
    #expect(scalars(elements.postgresText) == scalars(text))
  }

  @Test(arguments: [
    ("t", true), ("f", false), ("true", nil), ("", nil), (nil, nil),
  ])
  func booleans(text: String?, value: Bool?) {
    #expect((try? Bool(postgresText: text)) == value)
  }

  @Test func optionalsTellNullFromNonsense() throws {
    #expect(try Int?(postgresText: nil) == nil)
    #expect(try Int?(postgresText: "7") == 7)
    #expect(throws: UnreadableText.self) { try Int?(postgresText: "x") }
  }

  private func scalars(_ text: String) -> [Unicode.Scalar] { Array(text.unicodeScalars) }
}
