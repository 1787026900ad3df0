internal import Tenancy

extension RegistryKind {
  /// The program that it belongs to.
  var maker: String {
    switch self {
    case .tenantctl: "tenantctl"
    case .flaskTenants: "flask-tenants"
    case .djangoTenants: "django-tenants"
    case .stanclTenancy: "stancl/tenancy"
    case .other: "an app"
    }
  }

  fileprivate var noun: String {
    switch self {
    case .other: "a registry"
    case .tenantctl: "tenantctl's registry"
    case .flaskTenants, .djangoTenants: "\(maker)' registry"
    case .stanclTenancy: "\(maker)'s registry"
    }
  }
}

extension RecognizedRegistry {
  /// The registry that was found, with the number of rows.
  var sentence: String {
    let tables =
      [("\(mapping.tenants)", tenants, "tenant")]
      + (mapping.domains.map { [("\($0)", domains, "domain")] } ?? [])
    let found = tables.map { table, count, noun in table + (count.map { " (\(counted($0, noun)))" } ?? "") }
    return "found \(kind.noun): \(found.joined(separator: ", "))"
  }
}

extension InitializedRegistry {
  var installedNotifications: String {
    "installed notifications of changes on channel \(RegistryNotifications.channel)"
  }

  /// - Parameter notifies: whether --notify was given.
  func notificationRemarks(notifies: Bool) -> [String] {
    switch notifications {
    case .none: []
    case .outdated:
      [
        "the triggers that notify of changes are incomplete or out of date; 'tenantctl init --notify' replaces them"
      ]
    case .current where !notifying.isEmpty:
      ["to remove the notifications: DROP FUNCTION \(notifying.joined(separator: ", ")) CASCADE"]
    case .current: [notifies ? "notifications are installed already" : "notifications are installed"]
    }
  }
}

extension RegistryRemark {
  /// For scripts; never changes.
  var code: String {
    switch self {
    case .noDomains: "no_domains"
    case .noPrimary: "no_primary"
    case .tenantsNeed: "values_required"
    case .domainsNeed: "domain_values_required"
    case .owner: "owner"
    case .sharedRow: "shared_row"
    case .schemasInData: "schemas_in_data"
    case .noSchemas: "no_schemas"
    }
  }

  var sentence: String {
    switch self {
    case .noDomains: "the registry has no table of domains: the domain commands are refused"
    case .noPrimary(let table):
      "\(table) has no column for the primary domain: 'tenantctl domain primary' is refused"
    case .tenantsNeed(let columns): "'tenantctl create' needs \(assignments(columns))"
    case .domainsNeed(let columns): "'tenantctl domain add' needs \(assignments(columns))"
    case .owner(let table, let role, let lacking):
      "\(table) belongs to \(role)"
        + (lacking.isEmpty
          ? "" : ", and the current role may not \(lacking.joined(separator: ", "))")
    case .sharedRow(let name):
      "the row \(name) is for the shared schema: tenantctl ignores it"
    case .schemasInData(let table):
      """
      the app keeps schemas' names in \(table).data, which tenantctl does not read: for tenants that have others, and \
      before 'tenantctl rename', map a column with schema = "..." (docs/existing-databases.md)
      """
    case .noSchemas(let table, let column):
      """
      no tenant has a schema that is named after \(table).\(column); if another column has the schemas' names, map it under \
      [registry.columns] in tenantctl.toml, and a prefix before them with schema_prefix under [registry]
      """
    }
  }
}

extension RegistryAddition {
  /// For scripts; never changes.
  var code: String {
    switch self {
    case .activity: "no_deactivation"
    case .unique: "not_unique"
    case .reference: "no_foreign_key"
    }
  }

  /// That it is missing.
  var lack: String {
    switch self {
    case .activity(let table):
      "\(table) has no column for the deactivation of tenants: 'tenantctl deactivate' is refused"
    case .unique(let table, let column, _): "\(table).\(column) is not unique"
    case .reference(let table, let column, let target, _, _):
      "\(table).\(column) has no foreign key to \(target)"
    }
  }

  /// That it was added.
  var sentence: String {
    switch self {
    case .activity(let table): "added column deactivated to \(table)"
    case .unique(let table, let column, let constraint):
      "added constraint \(constraint): \(table).\(column) is unique"
    case .reference(let table, let column, let target, let targetColumn, let constraint):
      "added constraint \(constraint): \(table).\(column) refers to \(target).\(targetColumn)"
    }
  }
}
