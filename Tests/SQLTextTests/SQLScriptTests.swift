import SQLText
import Testing

@Suite("SQL scripts") struct SQLScriptTests {
  @Test(arguments: [
    ("", []),
    (" ; -- a\n /* b */ ;\n", []),
    ("SELECT 1", ["SELECT 1"]),
    ("SELECT 1;SELECT 2;", ["SELECT 1;", "SELECT 2;"]),
    ("-- a;\n  SELECT 1 -- b;\n ;\n-- c", ["SELECT 1 -- b;\n ;"]),
    ("/* a; */ SELECT /* /* b; */ ; */ 1; x", ["/* a; */ SELECT /* /* b; */ ; */ 1;", "x"]),
    ("SELECT 1<--;\n2;x", ["SELECT 1<--;\n2;", "x"]),
    ("SELECT 2*/*;*/3;x", ["SELECT 2*/*;*/3;", "x"]),
    ("SELECT 'a;''b;';x", ["SELECT 'a;''b;';", "x"]),
    (#"SELECT 'a\';x"#, [#"SELECT 'a\';"#, "x"]),
    (#"SELECT E'a\';''\\';x"#, [#"SELECT E'a\';''\\';"#, "x"]),
    (#"SELECT type'\';x"#, [#"SELECT type'\';"#, "x"]),
    (#"SELECT 1e'\';x"#, [#"SELECT 1e'\';"#, "x"]),
    ("SELECT E'a' -- b'\n '\\';';x", ["SELECT E'a' -- b'\n '\\';';", "x"]),
    ("SELECT E'a' '\\';x", ["SELECT E'a' '\\';", "x"]),
    (#"SELECT U&'\0061;', B'1;', X'F;', N';';x"#, [#"SELECT U&'\0061;', B'1;', X'F;', N';';"#, "x"]),
    (#"SELECT "a;""b;", U&"c;";x"#, [#"SELECT "a;""b;", U&"c;";"#, "x"]),
    ("SELECT $$;$$, $a$;$$;$b$;$a$;x", ["SELECT $$;$$, $a$;$$;$b$;$a$;", "x"]),
    ("SELECT $é$;$e$;$é$;x", ["SELECT $é$;$e$;$é$;", "x"]),
    ("SELECT $1;SELECT $1$$;$$;x", ["SELECT $1;", "SELECT $1$$;$$;", "x"]),
    ("SELECT a$b$c;SELECT 1$$;$$;x", ["SELECT a$b$c;", "SELECT 1$$;$$;", "x"]),
    ("CREATE RULE r AS ON DELETE TO t DO (a; b);x", ["CREATE RULE r AS ON DELETE TO t DO (a; b);", "x"]),
    ("SELECT 1); x", ["SELECT 1);", "x"]),
    ("SELECT 1 -- b;\n", ["SELECT 1"]), ("SELECT 1 /* ; */\n\n-- a;\n-- b;", ["SELECT 1"]),
    ("SELECT 1;\nSELECT 2 -- b\n + 3 -- c;", ["SELECT 1;", "SELECT 2 -- b\n + 3"]),
    ("SELECT :a, :'b;', c[1:2];x", ["SELECT :a, :'b;', c[1:2];", "x"]),
    ("\u{FEFF}SELECT 1;\r\n-- a\r\nSELECT 2;\r\n", ["SELECT 1;", "SELECT 2;"]),
    ("-- a\rSELECT 1;", ["SELECT 1;"]),
  ]) func quoting(text: String, statements: [String]) throws {
    #expect(try SQLScript.statements(in: Array(text.utf8)).map(\.text) == statements)
  }

  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END;",
    "create or replace procedure f() begin atomic select case when a then b end; select 1; end;",
    "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (SELECT CASE 1 WHEN 1 THEN 2 END); SELECT 1; END;",
    "/* c */ CREATE /* d */ FUNCTION f() BEGIN ATOMIC SELECT 'END;'; END;",
  ]) func routineBody(routine: String) throws {
    #expect(try SQLScript.statements(in: Array("\(routine)x".utf8)).map(\.text) == [routine, "x"])
  }

  @Test(arguments: [
    "CREATE FUNCTION f() RETURNS int RETURN CASE WHEN true THEN 1 END;",
    "CREATE FUNCTION f(begin int) RETURNS int RETURN 1;", "CREATE FUNCTION s.case() RETURNS int RETURN 1;",
    "CREATE TABLE begin (a int);", "CREATE VIEW v AS SELECT a AS begin;",
    "CREATE FUNCTION \"begin\"() RETURNS int RETURN 1;",
  ]) func noRoutineBody(statement: String) throws {
    #expect(try SQLScript.statements(in: Array("\(statement)x".utf8)).map(\.text) == [statement, "x"])
  }

  @Test(
    arguments: [
      ("SELECT\n 'a;\n;", .quote, 2, 2),
      (#"SELECT E'a\';"#, .quote, 1, 8),
      (#"SELECT E'a\"#, .quote, 1, 8),
      ("SELECT 'é', \"a'", .doubleQuote, 1, 13),
      ("a;\n  SELECT $x$ $$ $X$;", .dollarQuote("$x$"), 2, 10),
      ("/* a /* b */", .blockComment, 1, 1),
      ("SELECT (1 + (2);\nSELECT (3);", .parenthesis, 1, 8),
      ("CREATE FUNCTION f()\nBEGIN ATOMIC SELECT 1;", .routineBody, 2, 1),
    ] as [(String, SQLScriptError.Opening, Int, Int)])
  func unterminated(text: String, opening: SQLScriptError.Opening, line: Int, column: Int) {
    let error = SQLScriptError(.unterminated(opening), at: ScriptLocation(line: line, column: column))
    #expect(throws: error) { try SQLScript.statements(in: Array(text.utf8)) }
  }

  @Test(
    arguments: [
      (Array("SELECT 1;\nSELECT '\0';".utf8), .nulByte, 2, 9),
      (Array("SELECT 'é".utf8) + [0xFF], .invalidUTF8, 1, 10),
      (Array("a\n".utf8) + [0xC3], .invalidUTF8, 2, 1),
      (Array("\u{FEFF}a".utf8) + [0xED, 0xA0, 0x80], .invalidUTF8, 1, 2),
    ] as [([UInt8], SQLScriptError.Reason, Int, Int)])
  func encoding(bytes: [UInt8], reason: SQLScriptError.Reason, line: Int, column: Int) {
    let script = SQLScript(bytes)
    #expect(script.problems == [SQLScriptError(reason, at: ScriptLocation(line: line, column: column))])
    #expect(script.statements.isEmpty)
  }

  @Test func placeIsThatOfTheFirstWord() throws {
    let text = "\u{FEFF}é; -- a\n\n/* b\n */ SELECT 1;  SELECT\n2"
    let statements = try SQLScript.statements(in: Array(text.utf8))
    #expect(statements.map(\.location) == [at(1, 1), at(4, 5), at(4, 16)])
  }

  @Test(arguments: [
    (1, 2, 1, "/* é"), (4, 2, 4, "/* é"), (7, 3, 1, "水 */ SELECT x,"), (19, 3, 13, "水 */ SELECT x,"),
    (24, 4, 2, " y;"), (0, 2, 1, "/* é"), (99, 4, 4, " y;"),
  ]) func placeOfAServerPosition(position: Int, line: Int, column: Int, excerpt: String) throws {
    let text = "a;\n/* é\r\n水 */ SELECT x,\r\n y;\r\n"
    let statement = try #require(try SQLScript.statements(in: Array(text.utf8)).last)
    #expect(statement.location(ofCharacter: position) == at(line, column))
    #expect(statement.excerpt(ofCharacter: position) == excerpt)
  }

  @Test func ofALongLineWhatIsAroundThePlace() throws {
    let text = "SELECT " + String(repeating: "1, ", count: 700_000) + "2"
    let statement = try #require(try SQLScript.statements(in: Array(text.utf8)).first)
    #expect(statement.excerpt(ofCharacter: 1) == String(text.prefix(120)) + "...")
    #expect(statement.excerpt(ofCharacter: text.count) == "..." + String(text.suffix(81)))
    #expect(statement.excerpt(ofCharacter: 1_000_000).count == 206)
  }

  @Test(arguments: [
    (
      "/* a */ create unique index concurrently i ON t (a)",
      ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", "I", "ON", "T"]
    ),
    ("alter -- a\n table \"t\" add b int", ["ALTER", "TABLE"]),
    ("(SELECT 1)", []),
    ("a b c d e f g h i", ["A", "B", "C", "D", "E", "F", "G", "H"]),
  ]) func leadingKeywords(text: String, keywords: [String]) throws {
    #expect(try SQLScript.statements(in: Array(text.utf8)).map(\.leadingKeywords) == [keywords])
  }

  private func at(_ line: Int, _ column: Int) -> ScriptLocation {
    ScriptLocation(line: line, column: column)
  }
}
