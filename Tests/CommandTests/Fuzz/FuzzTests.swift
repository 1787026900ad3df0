import Arguments
import Foundation
import Testing

@testable import Tenancy
@testable import TenantctlCommands

/// Nothing that a user, a file or a request can say crashes or hangs; what is refused is refused by an error that has a
/// sentence. The long form is `make fuzz`.
@Suite(.timeLimit(.minutes(30))) struct FuzzTests {
  /// An error that nobody has given a sentence to.
  struct Untyped: Error { let error: any Error }

  /// Every refusal has a code of its own and a sentence that a terminal can show.
  private func refused(_ error: any Error) throws {
    let report = ErrorReport(error)
    guard report.code != "internal", report.hint != nil || report.code == "usage" else {
      throw Untyped(error: error)
    }
    let text = HarmlessText.of(report.lines(Style(isColored: false)).joined(separator: "\n"))
    for scalar in text.unicodeScalars
    where VisibleText.isControl(scalar) && scalar != "\n" && scalar != "\t" {
      throw Untyped(error: error)
    }
  }

  @Test func configurationFiles() throws {
    let corpus = [
      "[database]\nurl = \"postgresql://app@db.example.com/shop\"\n",
      "[registry]\ntenants = \"public.customers_client\"\ndomains = false\n[registry.columns]\nname = 'x'\n",
      "names = { allow_hyphens = true }\nrouting.base_domains = [ \"example.com\", # one\n 'b.example' , ]\n",
      "[migrations]\ndirectory = \"\"\"\\\n  db\"\"\"\nledger = '''l'''\nlock_timeout = \"500ms\"\n",
      "\u{FEFF}[ routing ]\r\nsubdomains=false\r\n\"non_tenant_subdomains\" = [\"www\", \"\\u00e9\\U0001F600\"]\r\n",
    ]
    let words = [
      "[", "[[", "]", "]]", "{", "}", "=", ".", ",", "\n", "\r\n", "\"\"\"", "'''", "\"", "'", "\\", "\\u",
      "#", "true",
      "inf", "nan", "1e5", "0x1", "1979-05-27", "07:32:00", "+", "-", "_", "a", "\u{FEFF}", "é", "[a]\n",
      "a = 1\n",
      "a.b = []\n", "a = {}\n",
    ]
    try Fuzz.each("configuration", Fuzz(corpus, words: words)) { input in
      do { _ = try ConfigurationFile(path: "tenantctl.toml", bytes: input).read() } catch {
        // TOMLCheck finds what is wrong first: the library's own errors are about meaning, as two tables of one name.
        try refused(error)
      }
    }
  }

  @Test func connectionStrings() throws {
    let corpus = [
      "postgresql://app:secret@db.example.com:5432/shop?sslmode=require&application_name=x",
      "postgresql+psycopg2://u@/db?host=/var/run", "host=a,b port=1,2 dbname='my db' user=u\\'s",
      "postgis://[::1]:5432/x", "postgresql:///shop?service=a", "service=x",
    ]
    let words = [
      "://", "@", "%", "%00", "%zz", "'", "\\", "=", " ", "?", "&", "host", "[", "]", ":", "é", "\u{0}",
    ]
    try Fuzz.each("connection", Fuzz(corpus, words: words)) { input in
      do { _ = try TenantDatabase(String(decoding: input, as: UTF8.self)) } catch { try refused(error) }
    }
  }

  @Test func migrationFiles() throws {
    let corpus = [
      "-- migrate:up transaction:false lock_timeout:2s\nCREATE TABLE a (b text DEFAULT 'x''y');\n-- migrate:down\nDROP TABLE a;\n",
      "CREATE FUNCTION f() RETURNS int AS $x$ BEGIN RETURN 1; END $x$ LANGUAGE plpgsql; SELECT E'\\'', U&\"d\\0061t\";",
      "/* a /* b */ c */ INSERT INTO t VALUES (1, $$;$$), ($1$a$1$); -- end\nBEGIN; COMMIT; COPY t FROM stdin;\n1\n\\.\n",
      "CREATE PROCEDURE p() BEGIN ATOMIC SELECT 1; SELECT CASE WHEN a THEN b END; END; VACUUM;",
      "-- +goose Up\n-- +goose StatementBegin\nSELECT 1;\n-- +goose StatementEnd\n\\connect x\n",
    ]
    let words = [
      "-- migrate:up", "-- migrate:down", "\n", ";", "'", "''", "E'", "$$", "$a$", "/*", "*/", "--", "\"",
      "(", ")",
      "BEGIN", "ATOMIC", "CASE", "END", "COMMIT", "\\", "\\.", "COPY", "é", "\u{0}", "transaction:", "\r\n",
      "U&'", "e'\\",
    ]
    try Fuzz.each("migration", Fuzz(corpus, words: words)) { input in
      do {
        _ = try MigrationFile.parse(path: "m/20260101000000_a.sql", bytes: input)
      } catch let error as MigrationFilesInvalid {
        // As a folder of files has it.
        try refused(MigrationFolderError.invalid(error))
      }
      do { _ = try ExecScript([("-c", input)]) } catch { try refused(error) }
    }
  }

  @Test func namesAndHosts() throws {
    let corpus = [
      "acme", "acme-corp", "www.acme.example.com", "acme.example.com.:8080", "[::1]:80", "10.0.0.1",
      "xn--bcher-kva.de",
      "public.tenants", "\"my table\".\"a\"\"b\"", "20260101000000", "a*b?[c-d]", "500ms", "1min",
      "junit=report.xml",
      "plan=gold",
    ]
    let words = [
      ".", "..", ":", "[", "]", "*", "?", "\"", "é", "e\u{301}", "\u{202E}", "\u{0}", "/", "://", "ß", "İ",
      "9",
    ]
    try Fuzz.each("name", Fuzz(corpus, words: words)) { input in
      let text = String(decoding: input, as: UTF8.self)
      let readers: [(String) throws -> Void] = [
        { try NamePolicy().check(TenantName(parsing: $0)) },
        { try NamePolicy().check(SchemaName(parsing: $0)) },
        { _ = try DomainName(parsing: $0) }, { _ = try Host(parsing: $0) },
      ]
      for read in readers {
        do { try read(text) } catch { try refused(error) }
      }
      _ = try? MigrationVersion(parsing: text)
      _ = Glob(text)?.matches(String(text.reversed()))
      _ = Glob(text)?.matches(text)
      _ = Duration(postgresSetting: text)
      _ = LedgerHead(comment: text)
      if let host = try? Host(parsing: text) {
        _ = host.isAddress
        _ = RoutingRules().subdomain(of: host)
      }
      if let table = RegistryMapping.table(text) {
        #expect(RegistryMapping.table(RegistryMapping.spelling(of: table)) == table, "\(text)")
      }
    }
  }

  /// Whatever a value is, it stays what it is in JSON, and nothing in text.
  @Test func values() throws {
    let corpus = [
      "acme", "a\u{1B}[2J\nb", "x\u{202E}y\u{9B}", "\0[31mred\0[0m", "caf\0xE9", "\"quoted\", a\tb",
      "👩‍👩‍👧 e\u{301}",
    ]
    let words = [
      "\u{1B}", "\u{9B}", "\0[", "\0[1m", "m", "\r\n", "\u{2028}", "\u{61C}", "\u{2066}", "\u{7F}", "é", "\"",
      "\\",
    ]
    try Fuzz.each("value", Fuzz(corpus, words: words)) { input in
      let text = String(decoding: input, as: UTF8.self)
      #expect(
        !Self.withoutColors(HarmlessText.of(text)).contains {
          VisibleText.isControl($0) && $0 != "\n" && $0 != "\t"
        })
      #expect(!text.onOneLine.unicodeScalars.contains(where: VisibleText.isControl))
      let json = JSON.text([text])
      #expect(!json.unicodeScalars.contains(where: VisibleText.isControl))
      let back = try JSONDecoder().decode([String].self, from: Data(json.utf8))
      let byte = /\0(?=x[0-9A-Fa-f]{2})/.matchingSemantics(.unicodeScalar)
      let shown = text.replacing(byte, with: "\\").replacing("\0", with: #"\u{0}"#)
      #expect(Array(back[0].utf8) == Array(shown.utf8))
    }
  }

  /// By scalars: an `m` and a combining mark after it are one `Character`.
  private static func withoutColors(_ text: String) -> [Unicode.Scalar] {
    var kept: [Unicode.Scalar] = []
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      let code = rest.dropFirst().prefix { $0 != "m" }
      if scalar == "\u{1B}", rest.first == "[", Style.codes.contains(String(code)) {
        rest = rest.dropFirst(code.count + 2)
      } else {
        kept.append(scalar)
      }
    }
    return kept
  }

  @Test func arguments() throws {
    let corpus = [
      "create acme --domain acme.example.com --set plan=gold", "migrate --all --jobs 4 --format=json",
      "-d postgresql://x exec acme -c SELECT --write", "domain add acme a.com --primary -- x",
      "help domain add",
      "run --all -- printenv TENANT", "rollback acme --to 2026 --yes -qv", "completion bash", "--version",
      "list -h",
    ]
    let words = [
      " ", " -- ", " --", " -", "=", " --format ", " --all", " -c ", " -qvj2", "é", "\u{0}", " --jobs=",
      " acme", " domain",
    ]
    let environments = [
      [:], ["TENANTCTL_FORMAT": "json"], ["TENANTCTL_JOBS": "x"], ["TENANTCTL_QUIET": "\u{1B}"],
    ]
    try Fuzz.each("argument", Fuzz(corpus, words: words)) { input in
      let line = String(decoding: input, as: UTF8.self)
      let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
      do {
        _ = try Parser(Tenantctl.tree).read(words, environment: environments[input.count % 4]).request()
      } catch {
        try refused(error)
      }
    }
  }
}
