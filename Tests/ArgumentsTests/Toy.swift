import Arguments

/// A small program with one of everything; an action is the command's name and what it reads.
enum Toy {
  typealias Action = @Sendable (Input) throws -> String

  enum Format: String, CaseIterable, Sendable { case text, json }

  struct NotANumber: Error, CustomStringConvertible { let description = "not a whole number" }

  static let number: @Sendable (String) throws -> Int = { text in
    guard let number = Int(text) else { throw NotANumber() }
    return number
  }

  static let format = DefaultedOption(
    "format", placeholder: "FORMAT", choices: Format.self, default: .text, environment: "TOY_FORMAT",
    summary: "How to print the result.")
  static let database = Option(
    "database", short: "d", placeholder: "URL", environment: "TOY_DATABASE", parse: { $0 },
    summary: "The database.")
  static let config = Option(
    "config", placeholder: "FILE", completion: .files(extensions: ["toml"]), parse: { $0 },
    summary: "The configuration file.")
  static let quiet = Flag("quiet", short: "q", environment: "TOY_QUIET", summary: "Print less.")
  static let verbose = Flag("verbose", short: "v", summary: "Print more.")

  static let tenant = Argument("NAME", completion: .dynamic("tenants"), parse: { $0 }, summary: "The tenant.")
  static let host = Argument(
    "HOST", completion: .dynamic("domains"), parse: { $0 }, summary: "The host name.")
  static let primary = Flag("primary", summary: "Make it the tenant's primary domain.")
  static let names = RepeatedArgument(
    "NAME", completion: .dynamic("tenants"), parse: { $0 }, summary: "Tenants.")
  static let all = Flag("all", short: "a", summary: "All tenants.")
  static let jobs = DefaultedOption(
    "jobs", short: "j", placeholder: "N", default: 4, defaultText: "4", parse: number,
    summary: "How many at a time.")
  static let exclude = RepeatedOption(
    "exclude", short: "x", placeholder: "GLOB", completion: .dynamic("tenants"), parse: { $0 },
    summary: "Leave these out.")
  static let directory = Option(
    "directory", placeholder: "DIR", completion: .directories, parse: { $0 }, summary: "Where to look.")
  static let version = Option("version", placeholder: "VERSION", parse: number, summary: "The version.")
  static let command = TrailingArguments("COMMAND", minimum: 1, summary: "The program and its arguments.")
  static let file = Argument(
    "FILE", completion: .files(extensions: ["sql", "dump"]), parse: { $0 }, summary: "The file.")
  static let target = OptionalArgument("TARGET", parse: number, summary: "Where to go.")
  static let shell = Argument("SHELL", choices: Format.self, summary: "The shell.")

  static func echo(_ name: String, _ read: @escaping Action = { _ in "" }) -> Action {
    { input in try "\(name) \(read(input))" }
  }

  static let add = Command<Action>(
    "add", summary: "Give a tenant a domain.",
    discussion: """
      A domain is a host name that routes to one tenant. The first one becomes primary, and the others follow \
      only when asked to.

          www.acme.com -> acme

      It takes effect at once.
      """,
    parameters: [tenant, host, primary],
    examples: [Example("toy domain add acme www.acme.com --primary", "Route www.acme.com to acme.")],
    action: echo("add") { try "\($0[tenant]) \($0[host]) \($0[primary])" })
  static let remove = Command<Action>(
    "remove", summary: "Take a domain away.", parameters: [host],
    examples: [Example("toy domain remove www.acme.com", "Stop routing it.")],
    action: echo("remove") { try $0[host] })
  static let domain = Command<Action>(
    "domain", summary: "Say which hosts belong to which tenant.", section: "Domains",
    subcommands: [add, remove])
  static let migrate = Command<Action>(
    "migrate", summary: "Apply what is pending.",
    parameters: [names, all, jobs, exclude, directory],
    examples: [Example("toy migrate --all", "Bring every tenant up to date.")], section: "Fleet",
    action: echo("migrate") { "\($0[names]) \($0[all]) \($0[jobs]) \($0[exclude])" })
  static let adopt = Command<Action>(
    "adopt", summary: "Take tenants over.", parameters: [names, version],
    examples: [Example("toy adopt --version 3", "Call it version 3.")], section: "Fleet",
    action: echo("adopt") { "\($0[names]) \($0[version] ?? -1)" })
  static let run = Command<Action>(
    "run", summary: "Run a program for each tenant.", parameters: [names, all, command],
    examples: [Example("toy run --all -- env", "Show the environment.")], section: "Fleet",
    action: echo("run") { "\($0[names]) \($0[command])" })
  static let restore = Command<Action>(
    "restore", summary: "Put a tenant back.", parameters: [file, target],
    examples: [Example("toy restore acme.dump", "Put acme back.")], section: "Fleet",
    action: echo("restore") { try "\($0[file]) \($0[target] ?? -1)" })
  static let completion = Command<Action>(
    "completion", summary: "Print the completion's script.", parameters: [shell],
    examples: [Example("toy completion json", "Print it.")], action: echo("completion") { try "\($0[shell])" }
  )
  static let secret = Command<Action>(
    "__complete", summary: "Answer the shells.", hidden: true, action: echo("__complete"))

  static let tree = CommandTree<Action>(
    "toy", versionText: "toy 1.2", date: "November 23, 2026", summary: "A toy for tests.",
    discussion: "It has one of everything.",
    parameters: [database, config, format, quiet, verbose],
    examples: [Example("toy migrate --all", "Bring every tenant up to date.")],
    exitStatuses: [(0, "Done."), (2, "Wrong usage.")],
    manSections: [ManSection("FILES", "toy.toml is looked for upwards from the working directory.")],
    commands: [domain, migrate, adopt, run, restore, completion, secret])

  /// What a command line comes to, as one line of text.
  static func outcome(_ line: String, _ environment: [String: String] = [:]) -> String {
    do {
      switch try Parser(tree).read(line.split(separator: " ").map(String.init), environment: environment)
        .request()
      {
      case .run(let action, _, let input): return try action(input)
      case .help(let path): return "help \(path)"
      case .version: return "version"
      }
    } catch let error as UsageError {
      return "\(error.message); \(error.hint)"
    } catch {
      return "\(error)"
    }
  }
}
