package import Arguments

/// How results are printed.
enum OutputFormat: String, CaseIterable, Sendable {
  case text, json, ndjson, csv, sarif, github

  /// Those of a list.
  static let list: [OutputFormat] = [.text, .json, .ndjson, .csv]
}

/// When text has colours.
enum ColorChoice: String, CaseIterable, Sendable {
  case auto, always, never
}

/// The options that every command has, ``format(_:)`` with its own formats.
package enum Global {
  /// An empty text, as of a variable that is not set, must not mean another database.
  @Sendable private static func stated(_ text: String) throws -> String {
    if text.isEmpty { throw Expected("a URI or key=value pairs, but it is empty") }
    return text
  }

  package static let database = Option(
    "database", short: "d", placeholder: "URL", environment: "TENANTCTL_DATABASE_URL", parse: stated,
    summary: """
      The database, as a URI or as key=value pairs. Default: DATABASE_URL, then tenantctl.toml, then libpq's PG* \
      variables, service file and .pgpass.
      """)
  package static let config = Option(
    "config", placeholder: "FILE", environment: "TENANTCTL_CONFIG", completion: .files(extensions: ["toml"]),
    parse: Shared.path,
    summary: "The configuration file. Default: tenantctl.toml in the working directory or above it.")
  static func format(_ formats: [OutputFormat] = OutputFormat.allCases) -> DefaultedOption<OutputFormat> {
    DefaultedOption(
      "format", placeholder: "FORMAT", choices: OutputFormat.self, only: formats, default: .text,
      environment: "TENANTCTL_FORMAT", summary: "The output format.")
  }
  static let quiet = Flag(
    "quiet", short: "q", environment: "TENANTCTL_QUIET",
    summary: "Print only data, such as the names of a list, warnings and failures.")
  static let verbose = Flag(
    "verbose", short: "v", environment: "TENANTCTL_VERBOSE",
    summary: "Print each SQL statement, and the server's notices, to standard error.")
  static let color = DefaultedOption(
    "color", placeholder: "WHEN", choices: ColorChoice.self, default: .auto, environment: "TENANTCTL_COLOR",
    summary: """
      Whether to use colours. auto: on a terminal, unless NO_COLOR is set; FORCE_COLOR stands for always, and NO_COLOR has \
      precedence.
      """)

  static let all: [any Parameter] = [database, config, format(), quiet, verbose, color]
}
