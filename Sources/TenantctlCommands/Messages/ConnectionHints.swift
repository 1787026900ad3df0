internal import Arguments
internal import Tenancy

extension MalformedTarget {
  /// The reason, with the name of a parameter that can be nothing else.
  var message: String {
    guard case .parameter(let name, _, _) = self, name != "ssl", Self.isName(name) else { return reason }
    return "libpq does not know the parameter \(name.onOneLine)"
  }

  /// Whether some driver has such a parameter, or libpq a similar one. Other words may be a part of a password in which a
  /// character is not encoded.
  private static func isName(_ name: String) -> Bool {
    drivers.contains { $0.names.contains(name.lowercased()) } || newer.contains(name)
      || !suggestions(for: name, among: ConnectionParameters.known.sorted()).isEmpty
  }

  var hint: String {
    switch self {
    case .quoted:
      "remove the quotes: docker's --env-file and similar programs make them a part of the value"
    case .percent: "check the user name and the password: in them @, :, / and % are %40, %3A, %2F and %25"
    case .syntax, .unencoded, .scheme: "write it as postgresql://USER@HOST:PORT/DATABASE"
    case .separator("options"): "a server's setting is written as \(Self.serverSetting)"
    case .separator: "write %3D, or use key=value pairs with the value in single quotes"
    case .unclosed: "close the quote; in a value in quotes ' and \\ are \\' and \\\\"
    case .semicolons:
      "write it as 'host=HOST dbname=DATABASE user=USER', or as postgresql://USER@HOST:PORT/DATABASE"
    case .value, .number, .port: "correct it in the URL, or in its PG* variable or service file"
    case .parameter(let name, _, isOff: true) where Self.tls.contains(name.lowercased()):
      "write sslmode=disable"
    case .parameter(let name, let isPublic, _): Self.advice(for: name, isPublic: isPublic)
    }
  }

  /// libpq takes no other `=` in a parameter of a URI.
  private static let serverSetting = "options=-c%20NAME%3DVALUE"

  /// What to write instead of a parameter of another driver.
  private static func advice(for name: String, isPublic: Bool) -> String {
    if let driver = drivers.first(where: { $0.names.contains(name.lowercased()) }) { return driver.advice }
    if newer.contains(name) {
      return "libpq \(ConnectionParameters.libraryVersion) is too old for it: install a newer libpq"
    }
    let names = suggestions(for: name, among: ConnectionParameters.known.sorted())
    if names.isEmpty, isPublic {
      return "remove it; a server's setting is written as \(serverSetting)"
    }
    return names.isEmpty
      ? "check the parameters' names; in a password &, ?, /, = and blanks are %26, %3F, %2F, %3D and %20"
      : "did you mean \(names.joined(separator: " or "))? A server's setting is written as \(serverSetting)"
  }

  /// libpq's own of later versions (PostgreSQL 18 manual, 32.1.2).
  private static let newer: Set<String> = [
    "require_auth", "sslcertmode", "load_balance_hosts", "gssdelegation", "sslnegotiation", "servicefile",
    "min_protocol_version", "max_protocol_version", "scram_client_key", "scram_server_key", "sslkeylogfile",
    "oauth_issuer", "oauth_client_id", "oauth_client_secret", "oauth_scope",
  ]

  /// Those of other drivers that turn TLS on, or off.
  private static let tls: Set<String> = [
    "ssl", "sslaccept", "use_ssl", "usessl", "uselibpqcompat", "ssl_mode", "ssl-mode", "sslidentity",
    "sslfactory", "requiressl", "tls",
  ]

  /// The parameters of other drivers, in lower case: Prisma, JDBC, asyncpg, SQLAlchemy, node-postgres, Npgsql, Go's pq and
  /// pgx, sqlx, Django, as their manuals have them.
  private static let drivers: [(names: Set<String>, advice: String)] = [
    (
      ["schema", "currentschema", "search_path", "searchpath"],
      """
      remove it: tenantctl sets each tenant's schema by itself; where the registry is in another schema than public, \
      tenantctl.toml says tenants = "SCHEMA.tenants" under [registry]
      """
    ),
    (
      [
        "pgbouncer", "statement_cache_size", "prepared_statement_cache_size", "preparethreshold",
        "statement_cache_capacity", "preparedstatementcachequeries", "max_cached_statement_lifetime",
        "statement-cache-capacity", "default_query_exec_mode", "prepared_statements", "binary_parameters",
      ], "remove it: tenantctl prepares no statements, so it works through PgBouncer without it"
    ),
    (
      [
        "connection_limit", "pool_timeout", "pool_size", "max_overflow", "pool_recycle", "pool_pre_ping",
        "pool",
        "pool_max_conns", "pool_min_conns", "maxpoolsize", "minpoolsize", "pooling", "maximum pool size",
        "min_size", "max_size", "conn_max_age", "max_connections",
      ], "remove it: --jobs says how many connections a run opens"
    ),
    (tls, "write sslmode=require, or sslmode=verify-full to check the server's certificate, too"),
    (["sslca", "ssl_ca", "ssl_root_cert", "sslrootcertificate"], "write sslrootcert=FILE"),
    (
      ["connecttimeout", "logintimeout", "timeout", "connection_timeout"],
      "write connect_timeout=SECONDS"
    ),
    (
      ["socket_timeout", "sockettimeout", "command_timeout", "statement_timeout", "query_timeout"],
      "write options=-c%20statement_timeout%3D30s, or use --statement-timeout"
    ),
    (["lock_timeout"], "remove it: lock_timeout in tenantctl.toml limits the wait for a lock"),
    (["applicationname", "application name"], "write application_name=NAME"),
    (["targetservertype"], "write target_session_attrs=read-write"),
    (["loadbalancehosts"], "write load_balance_hosts=random, which libpq knows from version 16 on"),
    (["charset", "encoding"], "remove it: tenantctl uses UTF-8"),
    (["username", "user id", "uid"], "write user=NAME"),
    (["pwd"], "write password=PASSWORD"),
    (["unix_sock"], "write host=FOLDER, the folder of the socket"),
    (["database", "db", "initial catalog"], "write dbname=NAME"),
    (["server", "hostname"], "write host=NAME"),
  ]
}

extension ConnectionFailure {
  static let generalHint = "check --database or DATABASE_URL, and that the server is running"

  /// By libpq's own sentence, which has no code; translated, it has the general hint. Names are in quotes, and may be of any
  /// words.
  static func libpqHint(_ message: String) -> String {
    let words = message.replacing(#/"[^"\n]*"/#, with: "")
    if words.contains("service file") || words.contains("definition of service") {
      return """
        check the name in PGSERVICE or service=, and the service file: ~/.pg_service.conf, or the one that PGSERVICEFILE names
        """
    }
    if words.contains("does not support SSL") {
      return
        "sslmode requires TLS: turn it on in the server, or write sslmode=prefer if the network is trusted"
    }
    if words.contains("certificate") || words.contains("SSL error") || words.contains("private key file") {
      return """
        check the server's certificate, and the root certificate that it is verified with: sslrootcert=FILE, by default \
        ~/.postgresql/root.crt; sslmode says what is verified
        """
    }
    return generalHint
  }
}

/// Variables that a newer libpq would obey.
func ignoredVariables(_ names: [String]) -> String {
  """
  libpq \(ConnectionParameters.libraryVersion) is too old for \(names.joined(separator: ", ")), which it ignores: install a \
  newer libpq, or unset \(names.count == 1 ? "the variable" : "the variables")
  """
}
