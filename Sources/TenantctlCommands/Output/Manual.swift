internal import Arguments

/// What tenantctl(1) says beside its commands.
enum ManualSections {
  static let all = [
    ManSection(
      "OUTPUT",
      """
      Data goes to standard output; progress, notices, warnings, errors and hints go to standard error. With --format \
      json standard output holds exactly one JSON document, on failure too: an object with the key error, which has \
      code, message, hint, sqlstate and tenant. The same object is on standard error. Keys are in snake case, and every \
      key is there: what has no value is null, an empty list is []. A tenant's key is name where the object is about it, \
      and tenant where the object refers to it. docs/json.md lists all keys.

      Each command has text and json; ndjson is for runs over the fleet and for lists, one object a line, and csv for \
      lists and exec. A format that a command does not have is a usage error before anything runs.

      Control characters of names, values and messages, and those that change the direction of text, are shown as \
      escapes such as \\n and \\u{1B}, in a pipe as on a terminal: a line of a list is one name. JSON, CSV and \
      the SQL of --dry-run are exact: JSON has its own escapes, the others are changed only on a terminal.
      """),
    ManSection(
      "DATABASE",
      """
      The first of these that is there: the option --database, the variables TENANTCTL_DATABASE_URL and DATABASE_URL, \
      the key database.url of tenantctl.toml(5), and at last libpq's own PG* variables, service file and .pgpass. \
      SQLAlchemy's spellings, such as postgresql+psycopg2://, are understood.

      A network that dies without a word is noticed within 60 s: unless the connection string or the service file says \
      otherwise, keepalives_idle is 30, keepalives_interval 10, keepalives_count 3 and tcp_user_timeout 60000.
      """),
    ManSection(
      "SIGNALS",
      """
      SIGINT (Ctrl-C), SIGTERM and SIGHUP are the same. In a run over many tenants the first one lets those finish that \
      are running and starts no other; the second one cancels them, and after 5 s gives up what the server has not \
      cancelled; the third one ends the program at once. In each case the status is 130, and what is known is printed. \
      Other commands that change something are cancelled by the first one. Reads end at once.
      """),
    ManSection(
      "FILES",
      """
      tenantctl.toml: the configuration, looked for in the working directory and above it; see tenantctl.toml(5). One \
      that is found so is refused if it belongs to another user than you or root, or if every user can write to it: name \
      it with --config or TENANTCTL_CONFIG if you trust it.

      migrations/tenant/, migrations/shared/: the migrations of the tenants' schemas and of the shared one.
      """),
  ]
}

/// The manual page tenantctl.toml(5), made of the list of keys.
enum ConfigurationManual {
  static var text: String {
    var lines = [
      ".Dd \(Tenantctl.tree.date)", ".Dt TENANTCTL.TOML 5", ".Os", ".Sh NAME", ".Nm tenantctl.toml",
      ".Nd configuration of tenantctl", ".Sh DESCRIPTION",
      ".Xr tenantctl 1", "looks for a file of this name in the working directory and in those above it.",
      "The option", ".Fl Fl config", "names another.", "It is written in TOML; every key is optional.",
      "Options and environment variables win over it.",
    ]
    var table = ""
    for key in ConfigurationKey.all {
      if key.table != table {
        if !table.isEmpty { lines.append(".El") }
        table = key.table
        lines += [".Ss [\(table)]", ".Bl -tag -width Ds"]
      }
      lines += [".It Cm \(key.name) No = Ar \(escaped(key.example))"] + sentences(key.summary)
    }
    lines += [
      ".El", ".Sh EXAMPLES", "The registry of a django-tenants project, as",
      ".Xr tenantctl-init 1", "writes it:", ".Bd -literal -offset indent",
    ]
    lines += django.split(separator: "\n").map { escaped(String($0)) }
    lines += [".Ed", ".Sh SEE ALSO", ".Xr tenantctl 1 ,", ".Xr tenantctl-init 1"]
    return lines.joined(separator: "\n") + "\n"
  }

  /// One to a line, as mdoc(7) asks for.
  private static func sentences(_ text: String) -> [String] {
    escaped(text).replacing(". ", with: ".\n").split(separator: "\n").map(String.init)
  }

  private static func escaped(_ text: String) -> String {
    text.replacing("\\", with: "\\e").replacing("\"", with: "\\(dq").replacing("--", with: "\\-\\-")
  }

  private static let django = """
    [registry]
    tenants = "public.customers_client"
    domains = "public.customers_domain"
    [registry.columns]
    name = "schema_name"
    domain = "domain"
    [routing]
    subdomains = false
    """
}
