internal import Arguments

/// The sections of tenantctl(1) after the commands.
enum ManualSections {
  static let all = [
    ManSection(
      "OUTPUT",
      """
      Data goes to standard output; progress, notices, warnings, errors and hints go to standard error. With --format \
      json standard output contains exactly one JSON document. On failure it is an object with the key error, which has \
      code, message, hint, sqlstate and tenant, and is also written to standard error. Keys are in snake case, and every \
      key is present: without a value it is null; an empty list is []. A tenant's key is name where the object is about \
      it, and tenant where the object refers to it. docs/json.md lists all keys.

      Every command has text and json. ndjson, one object a line, is for lists and fleet runs; csv is for lists and exec; \
      sarif and github are for migration check. A format that a command does not have is a usage error before anything runs.

      What failed is printed once: where the data has it, as with json, it is not on standard error. --quiet silences progress \
      and notes, never a failure. A fleet run without a terminal says every 30 seconds how far it is. --report always tells \
      of this call of the command, also of one that is refused.

      Control characters in names, values and messages, and characters that change the direction of text, are printed as \
      escapes such as \\n and \\u{1B}, in a pipe too, so that each line of a list is one name. JSON, CSV and the SQL of \
      --dry-run are exact: JSON has its own escapes, and the others are escaped only on a terminal.
      """),
    ManSection(
      "DATABASE",
      """
      The database is the first of the option --database, the variables TENANTCTL_DATABASE_URL and DATABASE_URL, the key \
      database.url of tenantctl.toml(5), and libpq's PG* variables, service file and .pgpass. SQLAlchemy's URLs, such as \
      postgresql+psycopg2://, are accepted. A parameter that libpq does not know is an error that names it. A PG* variable that \
      sets a parameter for a newer libpq than the linked one is a warning, because some of them ask for more security.

      A broken network is detected within 60 s. The defaults are keepalives_idle 30, keepalives_interval 10, \
      keepalives_count 3 and tcp_user_timeout 60000; the connection string or the service file can set others.
      """),
    ManSection(
      "SIGNALS",
      """
      SIGINT (Ctrl-C), SIGTERM and SIGHUP have the same effect. In a fleet run the first signal lets the running tenants \
      finish and starts no other; the second cancels them, and waits at most 5 s for the server; the third ends the \
      program at once, and what run has started, too. In each case the exit status is 130, and the progress so far is \
      printed. Other commands that change the database are cancelled by the first signal. Commands that only read end at \
      once.
      """),
    ManSection(
      "FILES",
      """
      tenantctl.toml: the configuration, in the working directory or above it; see tenantctl.toml(5). The file is refused \
      if it belongs to another user than you or root, or if every user can write to it, unless --config or \
      TENANTCTL_CONFIG names it.

      migrations/tenant/, migrations/shared/: the migrations of the tenants' schemas and of the shared schema.
      """),
    ManSection(
      "SEE ALSO", "tenantctl-migrate(1), tenantctl-create(1), tenantctl.toml(5), psql(1), pg_dump(1)"),
  ]
}

/// The manual page tenantctl.toml(5), made of the list of keys.
enum ConfigurationManual {
  static var text: String {
    var lines = [
      ".Dd \(Tenantctl.tree.date)", ".Dt TENANTCTL.TOML 5", ".Os", ".Sh NAME", ".Nm tenantctl.toml",
      ".Nd configuration of tenantctl", ".Sh DESCRIPTION",
      ".Xr tenantctl 1", "reads this file from the working directory or the nearest directory above it.",
      "The option", ".Fl Fl config", "names another.", "It is written in TOML; every key is optional.",
      "Options and environment variables override it.",
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
    lines += [
      ".Ed", ".Sh SEE ALSO", ".Xr tenantctl 1 ,", ".Xr tenantctl-gateway 1 ,",
      ".Xr tenantctl-init 1",
    ]
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
