import Foundation
import SQLText
import Tenancy
import TestSupport
import Testing

/// `psql` is the judge: its log (`-L`) holds each query that it sends, the failing ones too. For sound SQL the server's own
/// log is asked as well.
@Suite("Statements, against psql -f") struct SplitterAgainstPsqlTests {
  @Test func everyQuotingForm() async throws {
    try await expectSameStatements(Self.corpus.joined(separator: "\n"))
    try await expectSameStatements(Self.corpus.joined(separator: " "))
  }

  /// With `log_statement = all` the server writes down each statement as it comes. Its log is that of a server of its own.
  @Test func theServersLog() async throws {
    let script = Self.corpus.joined(separator: "\n")
    try await TestServer.withOwn {
      try await TestDatabase.with { database in
        try await TemporaryFolder.with { folder in
          let file = try folder.write(script, to: "script.sql")
          let url = try #require(
            URLComponents(string: database.url)?.queryItems?.first { $0.name == "host" }?.value)
          try await run(
            [
              "env", "PGOPTIONS=-c log_statement=all", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o",
              "/dev/null", "-d", database.url, "-f", file,
            ])
          let log = try String(contentsOfFile: "\(url)/log", encoding: .utf8)
          let theirs = Self.statements(inLog: log).filter { !isEmpty($0) }.map(comparable)
          let ours = SQLScript(Array(script.utf8)).statements.map { comparable($0.text) }
          #expect(ours == theirs)
        }
      }
    }
  }

  /// What stands after `LOG:  statement: `; the lines of one statement after its first begin with a tab.
  private static func statements(inLog log: String) -> [String] {
    var statements: [String] = []
    var isOpen = false
    // By scalars: CR LF is one Character.
    for line in log.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map({ String($0) }
    ) {
      if let mark = line.firstRange(of: "LOG:  statement: ") {
        statements.append(String(line[mark.upperBound...]))
        isOpen = true
      } else if line.hasPrefix("\t") {
        if isOpen { statements[statements.count - 1] += "\n" + line.dropFirst() }
      } else {
        isOpen = false
      }
    }
    return statements
  }

  @Test func windowsLineEnds() async throws {
    let script = Self.corpus.joined(separator: "\n")
    try await expectSameStatements("\u{FEFF}" + script.replacingOccurrences(of: "\n", with: "\r\n"))
  }

  /// psql also sends the comment after a last statement without a semicolon, which is left out here.
  @Test(arguments: ["SELECT 1", "SELECT 1;\n-- end", "/* only */", "", "\n ; ; \n"])
  func lastStatement(_ script: String) async throws {
    try await expectSameStatements(script)
  }

  @Test(arguments: 1...3) func generatedSnippets(_ seed: UInt64) async throws {
    var random = SplitMix64(state: seed)
    let snippets = (1...700).map { _ in
      let pieces = (0...Int.random(in: 1...12, using: &random)).map { _ in
        (Self.pieces.randomElement(using: &random) ?? "") + (Self.gaps.randomElement(using: &random) ?? "")
      }
      // Closes whatever the pieces have opened: what is too much is ignored.
      let opening = Self.openings.randomElement(using: &random) ?? ""
      return opening + " " + pieces.joined()
        + " ))))))))))))) end end end end end end end end end end end end end;"
    }
    try await expectSameStatements(snippets.joined(separator: " "))
  }

  @Test func dumpedSchema() async throws {
    try await TestDatabase.with { database in
      try await database.psql(Self.corpus.joined(separator: "\n"))
      try await TemporaryFolder.with { folder in
        let file = folder.path("dump.sql")
        try await run(["pg_dump", "--inserts", "-f", file, "-d", database.url])
        let lines = try folder.read("dump.sql").split(separator: "\n", omittingEmptySubsequences: false)
        let script = lines.filter { !$0.hasPrefix(#"\"#) }.joined(separator: "\n")
        #expect(script.contains("BEGIN ATOMIC"))
        try await expectSameStatements(script)
      }
    }
  }

  /// `psql` reads by line and forgets the `E`; then it sends two statements as one. The server reads on.
  @Test func continuedEscapeStringFollowsTheServer() async throws {
    let script = #"CREATE TABLE t AS SELECT E'a'\#n'b\'; c' AS value;"#
    let statements = try SQLScript.statements(in: Array(script.utf8))
    #expect(statements.map(\.text) == [script])
    try await TestDatabase.with { database in
      // With -c psql sends the text as it is.
      try await run(["psql", "-X", "-d", database.url, "-c", script])
      #expect(try await database.psql("SELECT value FROM t") == "ab'; c")
    }
  }

  private func expectSameStatements(
    _ script: String, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) async throws {
    let ours = SQLScript(Array(script.utf8)).statements.map { comparable($0.text) }
    let theirs = try await sent(script).filter { !isEmpty($0) }.map(comparable)
    #expect(ours.count == theirs.count, sourceLocation: sourceLocation)
    for (ours, theirs) in zip(ours, theirs) where ours != theirs {
      #expect(ours == theirs, sourceLocation: sourceLocation)
      return
    }
  }

  /// The queries that `psql -f` sends for a script.
  private func sent(_ script: String) async throws -> [String] {
    try await TestDatabase.with { database in
      try await TemporaryFolder.with { folder in
        let file = try folder.write(script, to: "script.sql")
        let log = folder.path("log")
        try await run(["psql", "-X", "-q", "-o", "/dev/null", "-L", log, "-d", database.url, "-f", file])
        // Since PostgreSQL 17 the lines around a query are comments.
        let parts = try folder.read("log").split(
          separator: #/\/?\*{8,9} QUERY \*{9,10}\/?\n/#, omittingEmptySubsequences: false)
        return parts.dropFirst().map { part in
          String(part.split(separator: #/\n\/?\*{24,26}\/?\n\n/#, omittingEmptySubsequences: false)[0])
        }
      }
    }
  }

  /// Without what cannot be compared: `psql` drops empty lines outside of quotes, and white space at the end.
  private func comparable(_ text: String) -> String {
    // By scalars: CR LF is one Character.
    let lines = text.unicodeScalars.split(separator: "\n").map { String($0) }
    return lines.joined(separator: "\n").replacing(/\s+$/, with: "")
  }

  /// `psql` sends comments and semicolons alone; the server does nothing about them.
  private func isEmpty(_ query: String) -> Bool {
    var text = query.replacing(/--[^\r\n]*/, with: "")
    let innermost = /\/\*(?:[^*\/]|\*(?!\/)|\/(?!\*))*\*\//
    while text.contains(innermost) { text = text.replacing(innermost, with: "") }
    return text.allSatisfy { $0 == ";" || $0.isWhitespace }
  }

  /// Runs one of PostgreSQL's programs; what it prints is of no interest.
  private func run(_ command: [String]) async throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = command
    process.environment = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C"]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let status: Int32 = try await withCheckedThrowingContinuation { continuation in
      process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
      do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    try #require(status == 0, "\(command[0]) ended with \(status)")
  }
}

extension SplitterAgainstPsqlTests {
  /// Sound SQL, each entry a few whole statements; a database that ran it makes a dump worth reading.
  private static let corpus = [
    "CREATE TABLE tanks (id integer PRIMARY KEY, name text DEFAULT 'it''s; here', \"odd;\"\"name\" text);",
    #"INSERT INTO tanks VALUES (1, E'back\\slash; \'quote\'', 'standard\'), (2, U&'d\0061t\+000061;', '');"#,
    "INSERT INTO tanks VALUES (3, 'one'\n  ' two;'  -- between; parts\n'three', N'n;');",
    "SELECT B'01', X'1F', x'aB', e'\\n', 1.5e10, .5, 1e-3, $a1$x;y$a1$ FROM tanks;",
    "SELECT U&\"d\\0061;\" FROM (SELECT 1 AS \"da;\") AS q;",
    "SELECT $$;$$, $tag$ $$;$$ $other$ ; $tag$, $été$ ; $ete$ ; $été$, $_$;$_$;",
    "PREPARE p(int) AS SELECT $1+1, $1;EXECUTE p(1);DEALLOCATE p;",
    "CREATE TABLE a$b$c (a$1 int);SELECT a$1 FROM a$b$c;DROP TABLE a$b$c;",
    "/* one ; /* two ; */ ' \" $$ ; */ SELECT 1 /**/ + /***/ 2 /* // **/;",
    "SELECT 1 -- a ; comment ' with \" quotes $$\n, 2;\n-- and ; one alone\n\n\nSELECT 3 - -1, 4*-1, 5 --\n;",
    "SELECT 2*/* c; */3, 1<-- ;\n2, 1 </* ; */ 2;",
    ";;\n ; /* nothing */ ; -- nothing\n;",
    "CREATE RULE r AS ON DELETE TO tanks DO ALSO (SELECT 1; SELECT ')'; SELECT 2);",
    """
    CREATE FUNCTION plain() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      -- migrate:down
      IF NEW.name = ';' THEN RETURN NULL; END IF;

      RETURN CASE WHEN true THEN NEW END;
    END;
    $body$;
    """,
    """
    CREATE OR REPLACE FUNCTION total(n integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
      SELECT CASE WHEN n > 0 THEN CASE n WHEN 1 THEN 2 ELSE 3 END ELSE (SELECT 1) END;
      SELECT n + 1;
    END;
    """,
    "create procedure fill() begin atomic insert into tanks values (9, 'x;y', ''); end;CALL fill();",
    "CREATE FUNCTION one() RETURNS int RETURN 1;CREATE FUNCTION begun(a int) RETURNS int RETURN $1;",
    "DO 'BEGIN PERFORM 1; END';",
    "CREATE VIEW v AS SELECT (array[1, 2])[1:2] AS slice, 'x'::text AS text FROM tanks;",
    "COMMENT ON VIEW v IS 'Größe; 水\nsecond line; 🐟';SELECT 'é;', \"name\" FROM tanks;",
    "BEGIN;SAVEPOINT s;ROLLBACK TO s;END;",
    // Strings, prefixed and continued.
    #"SELECT E'\x3B \073 \u003b \U0000003B \'; ''; \\', e'', ';', E'a;'"# + "\n  -- ; '\n  '; b';",
    #"SELECT U&'d\0061t;' UESCAPE '!', u&'!0061;' UESCAPE '!', U&'\\;', U&'';"#,
    #"SELECT U&"d\0061;" FROM (SELECT 1 AS U&"!0064!0061;" UESCAPE '!') AS q;"#,
    "SELECT B'0101', b'1'\n'0', X'1f', x'AB'\n-- ;\n'CD', N';', n'it''s;';",
    "SELECT 'a'\n\n  'b;' -- ;\n  -- '\n\t'c' AS \"it's; \"\"so\"\"\", '' AS \"$$\", '$$;' AS \"/*\", '--;' AS \"*/\";",
    "SELECT date '2026-01-01', 'a;' LIKE '%;' ESCAPE '!';",
    // Dollars: quotes, parameters, parts of a name.
    "SELECT $a$b$a$, $a$$b$;$b$$a$, $$'$$, $$\"$$, $q$/* ; $q$, $_1$;$_1$, $A$;$a$;$A$, $水$;$水$, 'x$$;' || $$;x$$;",
    "SELECT x$$ FROM (SELECT 1 AS x$$) AS q$;PREPARE q(int, text) AS SELECT $1, $2 ;EXECUTE q(1, '$1;');",
    "DO $do$ BEGIN EXECUTE $sql$SELECT ';', $$;$$$sql$; END; $do$;DO LANGUAGE plpgsql $$BEGIN NULL; END$$;",
    // Comments: nested, in operators, with the ends of others in them.
    "SELECT 1 /* /* ; */ ' */ + /*\"*/ 2 /*$$;*/ -- */ ;\n, 3 --/* ;\n, 4 */*;*/ 5, 6 +/*;*/- 7, 8 %-- ;\n 9;",
    "/**/SELECT/**/1/***/;/****/SELECT 2/*/**//*;*//**/*/;",
    "SELECT 1--\n;SELECT 2 -- ;\r\n;",
    // Parentheses and brackets; a semicolon in an array's slice there is none.
    "SELECT (((1))), ARRAY[1, (2)], '(' , \")\" FROM (SELECT ';' AS \")\") AS p;",
    // Bodies of routines: the words of a name, of a label, of a nested CASE; in a string they are text.
    """
    CREATE FUNCTION "Begin"("End" int) RETURNS int LANGUAGE sql BEGIN ATOMIC
      SELECT CASE "End" WHEN 1 THEN CASE WHEN true THEN 1 END ELSE 2 END; -- END;
      SELECT /* END; */ 'END;'::text IS NULL, (SELECT CASE WHEN true THEN ';' END);
      SELECT 1;
    END;SELECT "Begin"(1);
    """,
    "CREATE OR REPLACE FUNCTION e() RETURNS void LANGUAGE sql AS 'SELECT 1; SELECT 2';",
    "CREATE FUNCTION b2() RETURNS int LANGUAGE plpgsql AS $$ <<b>> BEGIN CASE WHEN true THEN RETURN 1; END CASE; END b; $$;",
    "create or replace procedure fill2() language sql begin atomic end;",
    "CREATE VIEW begun AS SELECT CASE WHEN true THEN 1 END AS one;",
    "CREATE TABLE \"create\" (\"function\" int);ALTER TABLE \"create\" RENAME \"function\" TO \"begin\";",
    "SET standard_conforming_strings = on;SELECT 'a\\';",
    "CREATE RULE r2 AS ON UPDATE TO tanks WHERE old.id = 0 DO INSTEAD (DELETE FROM tanks WHERE false; SELECT 1;);",
  ]

  /// Words that a statement begins with.
  private static let openings = [
    "select", "create function", "CREATE OR REPLACE PROCEDURE", "Create Procedure", "create or replace view",
    "begin",
    "create table", "/*;*/ create/**/function", "case", "end",
  ]

  /// Pieces of a statement, sound or not, none of which leaves a quote or a comment open. A colon stands alone:
  /// psql reads a variable out of more. So does a number: what follows at once is an error since PostgreSQL 15, and how
  /// much of it belongs to the number differs between its minor versions.
  private static let pieces =
    [
      "'a;b'", "''", "'it''s;'", " E'\\';'", " e'\\\\'", " E'a''\\';'", "U&'\\0061;'", "B'0;1'", "x';'",
      "N';'",
      "U&\";\"", "\"a;\"\"b\"", " $$;$$", " $t$;$$;$t$", " $t$$x;$t$", " $é$;$é$", " 1$$;$$", " $1$$;$$",
      ")$$;$$",
      "$1 ", "$12 ", "a$b$c", "a$$b", "$ ", "$t ", " 1 ", " 1.5 ", " 1e5 ", " 1e ", " 0x1F ", " 12. ",
      " 1..2 ",
      "/*;*/",
      "/*/*;*/;*/", "/***/", "/*//**/;*/", "--;\n", "--'\n", "- ", "*", "+", "@", "<>", "::", ": ", ":=",
      "=>", "%",
      "&", "|", "u&", "[", "]", "{", "}", "(", "(", ")", ")", ",", ".", "create", "or", "replace", "function",
      "begin",
      "BEGIN ATOMIC", "BEGIN ATOMIC", "case", "CASE", "end", "END", "End", "select", "e", "E", "x", "n", "é",
      "水", "_a1",
      "\t", "\r\n", "\u{0C}",
    ] + openings.map { ";\($0) " }
  private static let gaps = ["", "", " ", "\n", "\n\n", " \n "]
}
