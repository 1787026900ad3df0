internal import Arguments
internal import Tenancy

/// Parameters of several commands.
enum Shared {
  static let tenant = Argument(
    "NAME", completion: .dynamic("tenant"), parse: TenantName.init(word:), summary: "The tenant.")
  static let domain = Argument(
    "HOST", completion: .dynamic("domain"), parse: row,
    summary: "The host name, as 'domain list' shows it.")
  static let dryRun = Flag("dry-run", summary: "Print the SQL that would run; change nothing.")
  static let yes = Flag("yes", short: "y", summary: "Do not ask for confirmation.")
  static let migrations = Option(
    "migrations", placeholder: "DIR", environment: "TENANTCTL_MIGRATIONS", completion: .directories,
    parse: path,
    summary: "The migrations folder. Default: that of tenantctl.toml, or migrations/.")

  /// The domain of a row. A connection string in its place is a mistake whose message must not show the password.
  @Sendable private static func row(_ text: String) throws -> DomainName {
    text.contains("@") || text.contains("password")
      ? try DomainName(parsing: text) : DomainName(ofRow: text)
  }

  /// The path of a file or a folder. An empty one, as of a variable that is not set, would be an error without a name.
  @Sendable static func path(_ text: String) throws -> String {
    if text.isEmpty { throw Expected("a path, but it is empty") }
    return text
  }
}

extension TenantName {
  /// A name as a word of the command line. A URL in its place is a mistake whose message must not show the password.
  init(word: String) throws {
    if word.contains("://") { throw Expected("a tenant's name, not a URL") }
    try self.init(parsing: word)
  }
}

/// `COLUMN=VALUE`, a value for one of the registry's extra columns.
struct Assignment: Sendable {
  let column: String
  let value: String

  init(parsing text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals > text.startIndex else {
      throw Expected("COLUMN=VALUE")
    }
    column = String(text[..<equals])
    value = String(text[text.index(after: equals)...])
  }

  /// By column. A column that is given twice is refused.
  static func values(_ assignments: [Assignment], _ input: Input) throws -> ColumnValues {
    let columns = Dictionary(grouping: assignments, by: \.column)
    if let column = columns.filter({ $1.count > 1 }).keys.min() {
      throw input.refusal("column \(column) is given twice", hint: "give it once")
    }
    return columns.mapValues { $0[0].value }
  }
}

/// A whole number above zero.
struct PositiveNumber: Sendable {
  let value: Int

  init(parsing text: String) throws { try self.init(parsing: text, atMost: .max) }

  init(parsing text: String, atMost limit: Int) throws {
    guard let value = Int(text), 1...limit ~= value else {
      throw Expected(limit == .max ? "a whole number above 0" : "a whole number from 1 to \(limit)")
    }
    self.value = value
  }
}

/// Why a value is refused.
struct Expected: Error, CustomStringConvertible {
  let description: String

  init(_ what: String) { description = "expected \(what)" }
}
