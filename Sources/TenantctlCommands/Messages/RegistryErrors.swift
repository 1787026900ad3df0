internal import Tenancy

extension ErrorReport {
  /// Why it cannot be said where the registry is, and how the user says it.
  init(registry problem: RegistryProblem) {
    self =
      switch problem {
      case .several(let places):
        Self(
          "registry_ambiguous", .refused,
          "the database has \(places.count) registries: \(places.map(\.sentence).joined(separator: ", "))",
          hint: "choose one: "
            + places.map { "'tenantctl init --tenants-table \($0.tenants)'" }.joined(separator: " or "))
      case .severalDomains(let tenants, let domains):
        Self(
          "registry_ambiguous", .refused,
          "\(domains.count) tables have host names and refer to \(tenants): \(domains.joined(separator: ", "))",
          hint: """
            choose one: 'tenantctl init --tenants-table \(tenants) --domains-table \(domains.first ?? "SCHEMA.TABLE")'
            """)
      case .none(let schemas, let examples, let tables):
        Self(
          "registry_unknown", .refused,
          "\(schemas) schemas (\(examples.joined(separator: ", "))\(schemas > 2 ? ", ..." : "")) have the same tables, but no registry is known that has them"
            + (tables.isEmpty ? "" : "; it may be \(tables.joined(separator: " or "))"),
          hint: """
            name the table: 'tenantctl init --tenants-table \(tables.count == 1 ? tables[0] : "SCHEMA.TABLE")'; with --new \
            one is made beside it
            """)
      case .column(let role, let table, let lookedFor, let available):
        Self(
          "registry_unknown", .refused,
          "no column of \(table) is called as \(meaning(role)) usually is (\(lookedFor.joined(separator: ", "))); it has \(available.joined(separator: ", "))",
          hint: """
            say it in tenantctl.toml: the tables under [registry], and \(role) = "..." under [registry.columns]
            """)
      case .tableInTheWay(let table, let columns):
        Self(
          "registry_unknown", .refused,
          "there is a table \(table) already, and it is part of no registry that is known; it has \(columns.joined(separator: ", "))",
          hint:
            "name the app's own tables: 'tenantctl init --tenants-table SCHEMA.TABLE --domains-table SCHEMA.TABLE'"
        )
      }
  }
}

extension RegistryProblem.Place {
  fileprivate var sentence: String {
    kind == .other ? tenants : "\(tenants) (\(kind.maker))"
  }
}

/// What a key of `[registry.columns]` stands for.
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
