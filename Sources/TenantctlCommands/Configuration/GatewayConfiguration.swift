package import Tenancy

/// What tenantctl-gateway works by, beside the settings of the database.
package struct GatewayConfiguration: Sendable {
  /// Where it listens.
  package var listen = ListenAddress.port(8017, address: "127.0.0.1")
  /// Whether hosts of no tenant, such as www, are let through.
  package var servesPublic = true
  /// What proxies get to pass on for a deactivated tenant.
  package var deactivatedStatus = 404
  /// A file that is the body of each refusal, relative to the working directory.
  package var deniedPage: String?
  /// How the registry is kept in memory.
  package var directory = TenantDirectory.Settings()
}

extension ConfigurationKey {
  static let gateway = [
    ConfigurationKey(
      table: "gateway", name: "listen", kind: .string,
      summary: "Where tenantctl-gateway listens: ADDRESS:PORT or unix:PATH. Default: 127.0.0.1:8017.",
      example: "\"unix:/run/tenantctl-gateway/socket\""
    ) { value, configuration throws(BadConfigurationValue) in
      guard let address = try? ListenAddress(parsing: value.string) else {
        throw BadConfigurationValue(reason: "\(ListenAddress.Malformed(text: value.string))")
      }
      configuration.gateway.listen = address
    },
    ConfigurationKey(
      table: "gateway", name: "public", kind: .boolean,
      summary: "Whether hosts of no tenant, such as www.example.com, are let through. Default: true.",
      example: "false"
    ) { $1.gateway.servesPublic = $0.isTrue },
    ConfigurationKey(
      table: "gateway", name: "deactivated_status", kind: .integer,
      summary:
        "The status of /forward for a deactivated tenant: 402, 403, 404, 410, 423 or 503. Default: 404.",
      example: "402"
    ) { value, configuration throws(BadConfigurationValue) in
      guard [402, 403, 404, 410, 423, 503].contains(value.integer) else {
        throw BadConfigurationValue(reason: "expected 402, 403, 404, 410, 423 or 503")
      }
      configuration.gateway.deactivatedStatus = value.integer
    },
    ConfigurationKey(
      table: "gateway", name: "denied_page", kind: .string,
      summary:
        "An HTML file that is the body of each refusal, relative to the configuration file. Default: a short text.",
      example: "\"denied.html\""
    ) { $1.gateway.deniedPage = $0.string },
    ConfigurationKey(
      table: "gateway", name: "interval", kind: .string,
      summary: """
        How often the database is asked whether the registry has changed. A change is in force within this time and a half \
        second, or within 100 ms with the notifications of init --notify. Default: 1s.
        """,
      example: "\"500ms\""
    ) { value, configuration throws(BadConfigurationValue) in
      let interval = try Duration(of: value)
      guard interval >= .milliseconds(10) else {
        throw BadConfigurationValue(reason: "expected at least 10ms")
      }
      configuration.gateway.directory.interval = interval
    },
    ConfigurationKey(
      table: "gateway", name: "patience", kind: .string,
      summary: """
        How long known hosts go on being answered while the database is away; then each answer is that of an unknown registry. \
        Default: without limit.
        """,
      example: "\"1h\""
    ) { value, configuration throws(BadConfigurationValue) in
      configuration.gateway.directory.patience = try Duration(of: value)
    },
    ConfigurationKey(
      table: "gateway", name: "notify_database", kind: .string,
      summary: """
        The URL of a direct connection to the same database, for notifications, where the database's URL leads to a pooler. \
        Default: the database's URL.
        """,
      example: "\"postgresql://gateway@db.example.com/shop\""
    ) { $1.gateway.directory.connectionString = $0.string },
  ]
}
