internal import SQLText
internal import Tenancy

/// The contents of `tenantctl.toml`, with defaults.
package struct Configuration: Sendable {
  /// The file; `nil` if no file was found.
  package var path: String?
  var databaseURL: String?
  var settings = TenantDatabase.Settings()
  /// The migrations folder, relative to the working directory.
  var migrations = "migrations"
  /// Whether the file names it.
  var namesMigrations = false
  /// What tenantctl-gateway works by.
  package var gateway = GatewayConfiguration()
  /// The tables at the top of the file.
  var tables: [String] = []
}

/// A key of `tenantctl.toml`: its reader and its manual page use the same list.
struct ConfigurationKey: Sendable {
  enum Kind: String, Sendable {
    case string = "a string"
    case strings = "a list of strings"
    case boolean = "true or false"
    case integer = "an integer"
    case stringOrFalse = "a string, or false"
  }

  /// The table; empty for the top.
  let table: String
  let name: String
  let kind: Kind
  let summary: String
  let example: String
  /// The value that describes a registry; `nil` for the default.
  var written: @Sendable (RegistryMapping) -> ConfigurationValue? = { _ in nil }
  let apply: @Sendable (ConfigurationValue, inout Configuration) throws(BadConfigurationValue) -> Void

  var path: String { "\(table).\(name)" }

  static let all: [ConfigurationKey] = database + registry + columns + names + routing + migrations + gateway
}

/// The value of a key, of the key's kind.
enum ConfigurationValue: Sendable {
  case string(String)
  case strings([String])
  case boolean(Bool)
  case integer(Int)

  var string: String { if case .string(let value) = self { value } else { "" } }
  var strings: [String] { if case .strings(let value) = self { value } else { [] } }
  var isTrue: Bool { if case .boolean(let value) = self { value } else { false } }

  var integer: Int { if case .integer(let value) = self { value } else { 0 } }

  /// As TOML (1.0.0, "String": of the control characters those that a name can have).
  var toml: String {
    switch self {
    case .string(let value):
      let escaped = value.replacingText("\\", with: "\\\\").replacingText("\"", with: "\\\"")
      return
        "\"\(escaped.replacingText("\t", with: "\\t").replacingText("\n", with: "\\n").replacingText("\r", with: "\\r"))\""
    case .strings(let values): return "[\(values.map { Self.string($0).toml }.joined(separator: ", "))]"
    case .boolean(let value): return "\(value)"
    case .integer(let value): return "\(value)"
    }
  }
}

/// A value of the right kind that is invalid.
struct BadConfigurationValue: Error {
  let reason: String
}

extension Duration {
  init(of value: ConfigurationValue) throws(BadConfigurationValue) {
    guard let duration = Duration(postgresSetting: value.string) else {
      throw BadConfigurationValue(reason: "expected a time such as 2s or 500ms")
    }
    self = duration
  }
}

extension ConfigurationKey {
  private static let database = [
    ConfigurationKey(
      table: "database", name: "url", kind: .string,
      summary: "The database, unless --database, TENANTCTL_DATABASE_URL or DATABASE_URL names one.",
      example: "\"postgresql://app@db.example.com/shop\""
    ) { $1.databaseURL = $0.string }
  ]

  private static let registry = [
    ConfigurationKey(
      table: "registry", name: "tenants", kind: .string,
      summary: "The table of tenants. Default: public.tenants.", example: "\"public.customers_client\"",
      written: { .string(RegistryMapping.spelling(of: $0.tenants)) }
    ) { value, configuration throws(BadConfigurationValue) in
      configuration.settings.registry.tenants = try tableName(value.string)
    },
    ConfigurationKey(
      table: "registry", name: "domains", kind: .stringOrFalse,
      summary: "The table of domains; false for none. Default: public.domains.",
      example: "\"public.customers_domain\"",
      written: { $0.domains.map { .string(RegistryMapping.spelling(of: $0)) } ?? .boolean(false) }
    ) { value, configuration throws(BadConfigurationValue) in
      configuration.settings.registry.domains = nil
      if case .string(let name) = value { configuration.settings.registry.domains = try tableName(name) }
    },
    ConfigurationKey(
      table: "registry", name: "schema_prefix", kind: .string,
      summary: """
        What stands before a tenant's name in the name of its schema; names may begin with a digit then. Default: nothing, \
        the schema is named as the tenant.
        """,
      example: "\"tenant_\"",
      written: { $0.schemaPrefix.isEmpty ? nil : .string($0.schemaPrefix) }
    ) { value, configuration throws(BadConfigurationValue) in
      let isControl = value.string.unicodeScalars.contains { $0.properties.generalCategory == .control }
      guard value.string.utf8.count < 63, !isControl else {
        throw BadConfigurationValue(reason: "expected 1 to 62 bytes without control characters")
      }
      if value.string.hasPrefix("pg_") {
        throw BadConfigurationValue(reason: "the schemas that begin with pg_ are PostgreSQL's own")
      }
      configuration.settings.registry.schemaPrefix = value.string
    },
  ]

  private static func tableName(_ text: String) throws(BadConfigurationValue) -> QualifiedName {
    guard let table = RegistryMapping.table(text) else {
      throw BadConfigurationValue(reason: "expected a table, as schema.table")
    }
    return table
  }

  private static let columns = [
    column(
      "name", "The tenants' column for the name: text, an integer or a uuid. Default: name.", "\"name\"",
      \.name),
    column(
      "schema",
      """
      The tenants' column for the schema. Without it, or where it is NULL, the schema is named as the tenant, after the \
      schema_prefix.
      """,
      "\"schema_name\"", \.schema),
    ConfigurationKey(
      table: "registry.columns", name: "deactivated", kind: .stringOrFalse,
      summary: """
        The tenants' boolean column for the deactivation; a ! before it inverts the column; false for none. Default: \
        deactivated, if the column exists.
        """,
      example: "\"!active\"",
      written: { mapping in
        guard mapping.columns.hasActivity else { return .boolean(false) }
        return mapping.columns.activity.map { .string(($0.isInverse ? "!" : "") + $0.column) }
      }
    ) {
      guard case .string(let text) = $0 else {
        $1.settings.registry.columns.hasActivity = false
        return
      }
      let isInverse = text.hasPrefix("!")
      $1.settings.registry.columns.activity = .init(
        column: isInverse ? String(text.dropFirst()) : text, isInverse: isInverse)
    },
    column("id", "The tenants' key, to which tenant_id refers. Default: id.", "\"uuid\"", \.id),
    column("domain", "The domains' column for the host name. Default: domain_name.", "\"domain\"", \.domain),
    column(
      "primary",
      "The domains' boolean column for the primary one. Default: is_primary, if the column exists.",
      "\"main\"",
      \.primary),
    column(
      "tenant_id", "The domains' column for the tenant's key. Default: tenant_id, if the column exists.",
      "\"client_id\"",
      \.tenantID),
    column(
      "tenant_name", "The domains' column for the tenant's name. Default: tenant_name, if the column exists.",
      "\"client_name\"",
      \.tenantName),
  ]

  private static func column(
    _ name: String, _ summary: String, _ example: String,
    _ path: any WritableKeyPath<RegistryMapping.Columns, String?> & Sendable
  ) -> ConfigurationKey {
    ConfigurationKey(
      table: "registry.columns", name: name, kind: .string, summary: summary, example: example,
      written: { $0.columns[keyPath: path].map { .string($0) } }
    ) { $1.settings.registry.columns[keyPath: path] = $0.string }
  }

  private static let names = [
    ConfigurationKey(
      table: "names", name: "allow_hyphens", kind: .boolean,
      summary:
        "Allow names such as acme-corp. Frameworks that do not quote names cannot use them. Default: false.",
      example: "true"
    ) { $1.settings.names.allowsHyphens = $0.isTrue }
  ]

  private static let routing = [
    ConfigurationKey(
      table: "routing", name: "base_domains", kind: .strings,
      summary: "The domains below which the first label names a tenant. Default: every domain.",
      example: "[\"example.com\"]"
    ) { value, configuration throws(BadConfigurationValue) in
      for host in value.strings {
        guard let domain = try? DomainName(parsing: host) else {
          throw BadConfigurationValue(reason: "'\(host)' is not a domain name")
        }
        configuration.settings.routing.baseDomains.append(domain)
      }
    },
    ConfigurationKey(
      table: "routing", name: "subdomains", kind: .boolean,
      summary: """
        Whether the first label of a host without a row names a tenant, as in flask-tenants; set it to false for \
        django-tenants. Default: true.
        """,
      example: "false"
    ) { $1.settings.routing.usesSubdomains = $0.isTrue },
    ConfigurationKey(
      table: "routing", name: "non_tenant_subdomains", kind: .strings,
      summary: "First labels that never name a tenant. Default: www, localhost, local.",
      example: "[\"www\", \"api\"]"
    ) { $1.settings.routing.nonTenantSubdomains = $0.strings.map { $0.lowercased() } },
  ]

  private static let migrations = [
    ConfigurationKey(
      table: "migrations", name: "directory", kind: .string,
      summary: "The migrations folder, relative to the configuration file. Default: migrations.",
      example: "\"db/migrations\""
    ) { ($1.migrations, $1.namesMigrations) = ($0.string, true) },
    ConfigurationKey(
      table: "migrations", name: "ledger", kind: .string,
      summary: "The table in each schema that records applied migrations. Default: schema_migrations.",
      example: "\"tenantctl_migrations\""
    ) { value, configuration throws(BadConfigurationValue) in
      // Its primary key is named NAME_pkey, and a name has at most 63 bytes.
      guard 1...58 ~= value.string.utf8.count else {
        throw BadConfigurationValue(reason: "expected a name of 1 to 58 bytes")
      }
      if value.string.contains(".") {
        throw BadConfigurationValue(
          reason: "expected the name of a table, without a schema: each tenant has its own")
      }
      configuration.settings.ledger = value.string
    },
    ConfigurationKey(
      table: "migrations", name: "search_path", kind: .strings,
      summary: """
        The schemas after the tenant's own in its search path, for migrations, exec, run and psql. Default: public, then \
        the other schemas of the database's search_path.
        """,
      example: "[\"public\", \"extensions\"]"
    ) { value, configuration throws(BadConfigurationValue) in
      configuration.settings.sharedSchemas = try value.strings.map { name throws(BadConfigurationValue) in
        guard let schema = try? SchemaName(parsing: name), schema.rawValue != "$user", !name.contains(",")
        else {
          throw BadConfigurationValue(reason: "'\(name)' is not the name of a schema")
        }
        return schema
      }
    },
    ConfigurationKey(
      table: "migrations", name: "lock_timeout", kind: .string,
      summary: "How long a statement waits for a lock. Default: 2s.", example: "\"500ms\""
    ) { value, configuration throws(BadConfigurationValue) in
      configuration.settings.lockTimeout = try Duration(of: value)
    },
  ]
}
