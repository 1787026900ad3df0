internal import Arguments
internal import Tenancy

/// What to do about several rows with the same host name.
let onlyOneRow =
  "delete all but one of them with psql; 'tenantctl init --upgrade' adds the unique constraint if it is missing"

/// What to do about several rows with one tenant's name.
let namesakeAdvice = """
  with psql, delete or rename those that are not the tenant; if the app keeps the rows of deleted tenants, name a view \
  without them under [registry] in tenantctl.toml
  """

extension ErrorReport {
  /// Why the registry cannot be determined, and how to name it.
  init(registry problem: RegistryProblem) {
    self =
      switch problem {
      case .several(let places):
        Self(
          "registry_ambiguous", .refused,
          "the database has \(places.count) registries: \(places.map(\.sentence).joined(separator: ", "))",
          hint: "choose one: "
            + places.map { "'tenantctl init --tenants-table \($0.tenants.argument)'" }.joined(
              separator: " or "))
      case .severalDomains(let tenants, let domains):
        Self(
          "registry_ambiguous", .refused,
          "\(domains.count) tables have host names and refer to \(tenants): \(domains.joined(separator: ", "))",
          hint: """
            choose one: 'tenantctl init --tenants-table \(tenants.argument) --domains-table \
            \(domains.first?.argument ?? "SCHEMA.TABLE")'
            """)
      case .none(let schemas, let examples, let tables):
        Self(
          "registry_unknown", .refused,
          "\(schemas) schemas (\(examples.joined(separator: ", "))\(schemas > 2 ? ", ..." : "")) have the same tables, but no known registry lists them"
            + (tables.isEmpty ? "" : "; it may be \(tables.joined(separator: " or "))"),
          hint: """
            name the table: 'tenantctl init --tenants-table \(tables.count == 1 ? tables[0].argument : "SCHEMA.TABLE")', or create \
            another registry with --new
            """)
      case .column(let role, let table, let lookedFor, let available):
        Self(
          "registry_unknown", .refused,
          "no column of \(table) has a usual name for \(meaning(role)) (\(lookedFor.joined(separator: ", "))); its columns are \(available.joined(separator: ", "))",
          hint: """
            in tenantctl.toml, name the tables under [registry], and \(role) = "..." under [registry.columns]\
            \(role == "name" ? "; schemas may be named after a key: schema_prefix = \"tenant_\" under [registry]" : "")
            """)
      case .schemas(let table, let key, let available):
        Self(
          "registry_unknown", .refused,
          "no prefix and \(table).\(key) give the names of schemas, and no other column has a usual name for them; its columns are \(available.joined(separator: ", "))",
          hint: """
            in tenantctl.toml, name the tables and schema_prefix = "..." under [registry], and under [registry.columns] \
            name = "..." and schema = "..."; a view or a generated column can compute a schema's name
            """)
      case .ofAnother(let table, let owner):
        Self(
          "registry_unknown", .refused,
          "\(table) looks like a registry, but belongs to \(owner), whose code would run as the role that uses it",
          hint:
            "if it is yours: 'tenantctl init --tenants-table \(table.argument)'; or create another registry with --new"
        )
      case .tableInTheWay(let table, let columns):
        Self(
          "registry_unknown", .refused,
          "table \(table) already exists, but is not part of a known registry; its columns are \(columns.joined(separator: ", "))",
          hint:
            "name the app's own tables: 'tenantctl init --tenants-table SCHEMA.TABLE --domains-table SCHEMA.TABLE'"
        )
      }
  }
}

// MARK: - Tables, columns and rows

extension ErrorReport {
  static func registryMissingHint(_ tables: [String], _ similar: [String]) -> String {
    if tables == [RegistryMapping().domains?.description] {
      return """
        restore it from a backup, or name the table under [registry] in tenantctl.toml; set domains = false there if the app \
        has no domains
        """
    }
    return similar.isEmpty
      ? "'tenantctl init' finds an app's registry, or creates one; [registry] in tenantctl.toml names another"
      : """
      the database has \(similar.joined(separator: ", ")): name the right table with 'tenantctl init --tenants-table', or \
      under [registry] in tenantctl.toml
      """
  }

  /// A column that `list` cannot print, neither of its own nor of the registry.
  init(listing error: UnknownListColumn) {
    let meant = suggestions(for: error.column, among: error.available)
    self.init(
      "unknown_column", .usage, "column \(error.column) of table \(error.table) does not exist",
      hint: (meant.isEmpty ? "" : "did you mean \(meant.joined(separator: ", "))? ")
        + "columns: \(error.available.joined(separator: ", "))")
  }

  static func valuesRequired(_ table: String, _ columns: [String], hint: String) -> ErrorReport {
    ErrorReport(
      "values_required", .usage, "table \(table) requires values for \(columns.joined(separator: ", "))",
      hint: hint)
  }

  static func rowNotStored(_ table: String, _ culprits: [String]) -> ErrorReport {
    let who =
      culprits.isEmpty
      ? "something in the database"
      : (culprits.count == 1 ? "" : "one of ") + culprits.joined(separator: ", ")
    return ErrorReport(
      "row_not_stored", .failed, "the row in \(table) was not stored as sent: \(who) discards or alters it",
      hint: "inspect the table with psql: '\\d \(quotedTable(table))'", assurance: .nothingChanged)
  }

  static func notificationsNeedTable(_ table: String) -> ErrorReport {
    ErrorReport(
      "no_notifications", .refused,
      "\(table) is a view or a foreign table, and triggers do not notice when its rows change",
      hint: "omit --notify: programs that keep the registry in memory read it again at intervals")
  }

  static func functionTaken(_ function: String, _ owner: String) -> ErrorReport {
    ErrorReport(
      "function_taken", .refused,
      "function \(function) already exists and cannot be replaced: it belongs to \(owner)",
      hint: "if nothing else uses it: DROP FUNCTION \(function) CASCADE, as \(owner) or as a superuser")
  }

  static func addColumnHint(_ column: String, to table: String) -> String {
    "ALTER TABLE \(quotedTable(table)) ADD COLUMN \(column) boolean NOT NULL DEFAULT false, or map one in tenantctl.toml"
  }
}

/// `--set plan=VALUE --set seats=VALUE`.
func assignments(_ columns: [String]) -> String {
  columns.map { "--set \($0)=VALUE" }.joined(separator: " ")
}

extension RegistryProblem.Place {
  fileprivate var sentence: String {
    kind == .other ? tenants : "\(tenants) (\(kind.maker))"
  }
}

/// What a key of `[registry.columns]` means.
private func meaning(_ role: String) -> String {
  switch role {
  case "name": "the tenant's name"
  case "domain": "the host name"
  default: "the reference to the tenant"
  }
}

extension BreakingRows {
  var sentence: String {
    let more = count > values.count ? " and \(counted(count - values.count, "other"))" : ""
    let what = isDangling ? "have a \(column) that no tenant has" : "have the same \(column)"
    return "rows of \(table) \(what): \(values.joined(separator: ", "))\(more)"
  }
}

extension ErrorReport {
  /// A row that rows of other tables refer to.
  static func referenced(_ code: String, _ what: String, _ detail: String) -> ErrorReport {
    ErrorReport(
      code, .refused, "rows of other tables refer to \(what): \(detail)",
      hint: "remove or change those rows first", assurance: .nothingChanged)
  }

  /// Domains whose tenant does not exist, and that a tenant would get.
  static func domainsStale(_ hosts: [DomainName], _ name: TenantName) -> ErrorReport {
    ErrorReport(
      "domain_without_tenant", .refused,
      "tenant \(name) would be served under domains whose own tenant does not exist: \(named(hosts))",
      hint: """
        if they are stale: 'tenantctl domain remove \(hosts.first?.word ?? "HOST")'; if the registry was restored from a \
        backup, restore the tenant's row first
        """, assurance: .nothingChanged)
  }

  static func tenantAmbiguous(_ name: TenantName, _ table: String) -> ErrorReport {
    ErrorReport(
      "tenant_ambiguous", .refused, "several rows of \(table) have the name \(name)",
      hint: namesakeAdvice, assurance: .nothingChanged)
  }

  /// A unique column whose default is in use.
  static func defaultTaken(_ table: String, _ column: String, _ isKey: Bool, _ detail: String) -> ErrorReport
  {
    ErrorReport(
      "default_taken", .failed,
      "column \(column) of \(table) is unique, and its default is in use: \(detail)",
      hint: isKey
        ? """
        its sequence is behind the rows, as after a restore: SELECT setval(pg_get_serial_sequence('\(quotedTable(table))', \
        '\(column)'), (SELECT max(\(quotedTable(column))) FROM \(quotedTable(table))))
        """ : "give it a value: \(column)=VALUE, with --set in 'tenantctl create'", assurance: .nothingChanged
    )
  }
}
