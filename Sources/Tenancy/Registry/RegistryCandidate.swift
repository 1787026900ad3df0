internal import TenancyPostgres

/// Tables that look like a registry.
struct RegistryCandidate: Sendable, Hashable {
  let kind: RegistryKind
  var mapping: RegistryMapping
}

/// Who made a registry.
package enum RegistryKind: String, Sendable, Hashable, Encodable {
  /// `tenantctl init`.
  case tenantctl
  /// flask-tenants, or models that are derived from its own.
  case flaskTenants = "flask_tenants"
  /// django-tenants.
  case djangoTenants = "django_tenants"
  /// stancl/tenancy, of Laravel.
  case stanclTenancy = "stancl_tenancy"
  /// An app of its own.
  case other

  /// Whether a host without a row leads to the tenant that its first label names.
  package var routesByFirstLabel: Bool { self != .djangoTenants && self != .stanclTenancy }
}

// MARK: - Frameworks

extension RegistryCatalog {
  /// The registries that are known by their columns, whatever the tables are called.
  func frameworks() -> [RegistryCandidate] {
    let paired = tables.compactMap { django($0) ?? stancl($0) ?? flask($0) }
    let tenants = QualifiedName("public", "tenants")
    let isLone =
      table(QualifiedName("public", "domains")) == nil && !paired.contains { $0.mapping.tenants == tenants }
    guard isLone, table(tenants)?.has("name", .text) == true, let lone = try? own(tenants, domains: nil)
    else {
      return paired
    }
    return [lone] + paired
  }

  /// A domain of django-tenants' `DomainMixin`, whose tenant is of a `TenantMixin`. What its `name` is called, if it has
  /// one, is the app's business: to the framework a tenant is its schema.
  private func django(_ domains: CatalogTable) -> RegistryCandidate? {
    guard domains.has("domain", .text), domains.has("is_primary", .boolean),
      let reference = reference(of: domains, "tenant_id"), let tenants = table(reference.target),
      tenants.has("schema_name", .text)
    else { return nil }
    var mapping = RegistryMapping(tenants: tenants.name, domains: domains.name)
    mapping.columns.name = "schema_name"
    mapping.columns.domain = "domain"
    mapping.columns.id = reference.targetColumn
    mapping.columns.take(WellKnown.activity(in: tenants))
    return RegistryCandidate(kind: .djangoTenants, mapping: mapping.shortest)
  }

  /// A domain of stancl/tenancy's, whose tenant is a key and a JSON column `data`
  /// (`assets/migrations/2019_09_15_000010_create_tenants_table.php`, and `..._000020_create_domains_table.php`).
  private func stancl(_ domains: CatalogTable) -> RegistryCandidate? {
    guard domains.has("domain", .text), let reference = reference(of: domains, "tenant_id"),
      let tenants = table(reference.target), reference.targetColumn == "id",
      tenants.column("id").flatMap(NameType.init) != nil, tenants.column("data")?.isJSON == true
    else { return nil }
    var mapping = RegistryMapping(tenants: tenants.name, domains: domains.name)
    mapping.columns.name = "id"
    mapping.columns.schema = WellKnown.schema.first(in: tenants)?.name
    mapping.columns.domain = "domain"
    mapping.columns.take(WellKnown.activity(in: tenants))
    return RegistryCandidate(kind: .stanclTenancy, mapping: mapping.shortest)
  }

  /// A domain of flask-tenants' `BaseDomain`, whose tenant is a `BaseTenant`: with `tenant_id` or without, and with a
  /// foreign key on the one, the other or neither. What only has the names of some columns in common is an app's own.
  private func flask(_ domains: CatalogTable) -> RegistryCandidate? {
    let reference = reference(of: domains, "tenant_id") ?? reference(of: domains, "tenant_name")
    let beside = QualifiedName(domains.name.schema, "tenants")
    guard domains.has("domain_name", .text), let tenants = table(reference?.target ?? beside),
      tenants.has("name", .text), domains.has("tenant_name", .text) || domains.column("tenant_id") != nil
    else { return nil }
    let kind = RegistryKind.flask(tenants.columns, domains.columns)
    if kind == .other { return try? own(tenants.name, domains: domains.name) }
    return RegistryCandidate(
      kind: kind, mapping: RegistryMapping(tenants: tenants.name, domains: domains.name))
  }

  private func reference(of table: CatalogTable, _ column: String) -> Reference? {
    references.first { $0.table == table.name && $0.column == column }
  }
}

extension RegistryKind {
  /// Of tables with the names of flask-tenants' columns: tenantctl's have defaults, those of flask-tenants only in Python.
  fileprivate static func flask(
    _ tenants: [CatalogTable.Column], _ domains: [CatalogTable.Column]
  ) -> RegistryKind {
    guard let created = tenants.named("created_at", .time), tenants.named("updated_at", .time) != nil,
      domains.named("tenant_name", .text) != nil, let primary = domains.named("is_primary", .boolean)
    else { return .other }
    let withDefaults = [created, tenants.named("deactivated"), primary]
    return withDefaults.allSatisfy { $0?.isRequired == false } ? .tenantctl : .flaskTenants
  }
}

extension [CatalogTable.Column] {
  fileprivate func named(_ name: String, _ kind: CatalogTable.Kind? = nil) -> CatalogTable.Column? {
    first { $0.name == name && (kind ?? $0.kind) == $0.kind }
  }
}

extension RegistryShape {
  /// Whether it is flask-tenants', by the same columns by which `init` knows it.
  fileprivate var isFlaskTenants: Bool {
    guard let domains, tenants.name == "name", domains.host == "domain_name" else { return false }
    return RegistryKind.flask(tenants.columns, domains.columns) == .flaskTenants
  }
}

extension TenantDatabase {
  /// Whether the app does not read the domains: to flask-tenants a host's first label is the tenant, and nothing else.
  package func routesByFirstLabelAlone() async throws -> Bool {
    try await connected { try await self.shape(over: $0).isFlaskTenants }
  }
}

// MARK: - An app's own tables

extension RegistryCatalog {
  /// The registry in a named table, its columns known by their usual names.
  /// - Parameter naming: the column with the tenants' names, where it is known.
  ///
  /// Throws ``TenancyProblem/unclearRegistry(_:)`` for the first column that cannot be told, and if several tables might be
  /// the domains; ``TenancyProblem/registryMissing(tables:similar:)`` if the tables were not read.
  func own(
    _ name: QualifiedName, domains: QualifiedName?, naming: String? = nil
  ) throws -> RegistryCandidate {
    let missing = [name, domains].compactMap { $0 }.filter { table($0) == nil }
    guard missing.isEmpty, let tenants = table(name) else {
      throw TenancyProblem.registryMissing(tables: missing.map(\.description))
    }
    var mapping = RegistryMapping(tenants: name, domains: nil)
    // Where nothing has a usual name, the key may be in the schemas' names.
    let key = tenants.column("id").flatMap { NameType($0) == nil ? nil : $0 }
    let column =
      try naming.flatMap(tenants.column) ?? WellKnown.name.first(in: tenants) ?? key
      ?? WellKnown.name.find(in: tenants)
    mapping.columns.name = column.name
    mapping.columns.schema = WellKnown.schema.first(in: tenants).flatMap {
      $0.name == column.name ? nil : $0.name
    }
    mapping.columns.take(WellKnown.activity(in: tenants))
    mapping.columns.id = tenants.column("id")?.name
    if let domains = try domains.flatMap(table) ?? hosts(of: tenants) {
      mapping.domains = domains.name
      mapping.columns.domain = try WellKnown.host.find(in: domains).name
      mapping.columns.primary = WellKnown.primary.first(in: domains)?.name
      try link(domains, to: tenants, &mapping.columns)
    }
    return RegistryCandidate(kind: .other, mapping: mapping.shortest)
  }

  /// The table of host names that refers to the tenants, if there is one.
  private func hosts(of tenants: CatalogTable) throws -> CatalogTable? {
    let referring = Set(references.filter { $0.target == tenants.name }.map(\.table))
    let candidates = tables.filter { referring.contains($0.name) && WellKnown.host.first(in: $0) != nil }
    guard candidates.count < 2 else {
      throw TenancyProblem.unclearRegistry(
        .severalDomains(tenants: tenants.name.description, domains: candidates.map(\.name.description)))
    }
    return candidates.first
  }

  /// By a foreign key; without one by the usual names, `account_id` for a table `accounts`.
  private func link(
    _ domains: CatalogTable, to tenants: CatalogTable, _ columns: inout RegistryMapping.Columns
  ) throws {
    if let reference = references.first(where: { $0.table == domains.name && $0.target == tenants.name }) {
      if reference.targetColumn == columns.name {
        columns.tenantName = reference.column
      } else {
        columns.id = reference.targetColumn
        columns.tenantID = reference.column
      }
      return
    }
    let table = tenants.name.name.name
    let singular = table.hasSuffix("s") ? String(table.dropLast()) : table
    if columns.id != nil, let id = WellKnown.tenantID(singular).first(in: domains) {
      columns.tenantID = id.name
    } else {
      columns.tenantName = try WellKnown.tenantName(singular).find(in: domains).name
    }
  }
}

extension RegistryMapping.Columns {
  /// A boolean column by a usual name. A column `deactivated` of another type has another meaning.
  fileprivate mutating func take(_ found: WellKnown.Activity) {
    activity = found.activity
    hasActivity = found.activity != nil || !found.isTaken
  }
}

extension RegistryMapping {
  /// The same without what is said by default.
  fileprivate var shortest: RegistryMapping {
    var copy = self
    func drop(_ column: WritableKeyPath<Columns, String?>, _ name: String) {
      if copy.columns[keyPath: column] == name { copy.columns[keyPath: column] = nil }
    }
    drop(\.name, "name")
    drop(\.id, "id")
    drop(\.domain, "domain_name")
    drop(\.primary, "is_primary")
    drop(\.tenantID, "tenant_id")
    drop(\.tenantName, "tenant_name")
    if copy.columns.activity == .init(column: "deactivated", isInverse: false) { copy.columns.activity = nil }
    return copy
  }
}
