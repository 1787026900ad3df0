public import TenancyPostgres

/// Where the registry is and what its columns are called. The default is flask-tenants' own models.
///
/// A column that is named here must exist; one that is left `nil` has flask-tenants' name, and may be missing where
/// flask-tenants lets it be.
public struct RegistryMapping: Sendable, Hashable {
  /// The table of tenants.
  public var tenants: QualifiedName
  /// The table of domains; `nil` for none.
  public var domains: QualifiedName?
  /// The columns of both.
  public var columns: Columns
  /// What stands before a tenant's name in the name of its schema, such as `tenant_`. A tenant whose ``Columns/schema`` says
  /// another schema has that.
  public var schemaPrefix = ""

  /// A mapping; without arguments flask-tenants' tables.
  public init(
    tenants: QualifiedName = QualifiedName("public", "tenants"),
    domains: QualifiedName? = QualifiedName("public", "domains"), columns: Columns = Columns()
  ) {
    self.tenants = tenants
    self.domains = domains
    self.columns = columns
  }

  /// `schema.table` or `table` (then in `public`), as a configuration file spells it; `nil` if it is neither. A part with a
  /// dot in it stands in double quotes.
  public static func table(_ text: String) -> QualifiedName? {
    guard let parts = parts(of: text), (1...2).contains(parts.count), !parts.contains("") else { return nil }
    return QualifiedName(
      Identifier(parts.count == 2 ? parts[0] : "public"), Identifier(parts[parts.count - 1]))
  }

  /// The counterpart of ``table(_:)``.
  package static func spelling(of table: QualifiedName) -> String {
    [table.schema, table.name].map { part in
      part.name.utf8.contains(UInt8(ascii: ".")) || part.name.utf8.first == UInt8(ascii: "\"")
        ? part.quoted : part.name
    }.joined(separator: ".")
  }

  /// By scalars: a dot or a quote and a combining mark after it are one `Character`, which equals neither.
  private static func parts(of text: String) -> [String]? {
    var parts: [String] = []
    var rest = text.unicodeScalars[...]
    while true {
      if rest.first == "\"" {
        guard let (part, after) = quoted(rest) else { return nil }
        (rest, parts) = (after, parts + [part])
        if rest.isEmpty { return parts }
        guard rest.first == "." else { return nil }
      } else {
        let part = rest.prefix { $0 != "." }
        (rest, parts) = (rest[part.endIndex...], parts + [String(part)])
        if rest.isEmpty { return parts }
      }
      rest = rest.dropFirst()
    }
  }

  /// What stands in the quotes at the beginning, and what comes after them.
  private static func quoted(
    _ text: Substring.UnicodeScalarView
  ) -> (String, Substring.UnicodeScalarView)? {
    var part = ""
    var rest = text.dropFirst()
    while let quote = rest.firstIndex(of: "\"") {
      part += String(rest[..<quote])
      rest = rest[rest.index(after: quote)...]
      guard rest.first == "\"" else { return (part, rest) }
      part += "\""
      rest = rest.dropFirst()
    }
    return nil
  }

  /// Whether its tables are those that `init` creates, however the schemas are named.
  var isOurs: Bool {
    let ours = RegistryMapping()
    return tenants == ours.tenants && (domains == nil || domains == ours.domains) && columns == ours.columns
  }

  /// Whether the column with the names is the key.
  var namesAreKeys: Bool { (columns.name ?? "name") == (columns.id ?? "id") }

  /// Whether a tenant's schema may have another name than the tenant.
  var schemasAreApart: Bool {
    !schemaPrefix.isEmpty || columns.schema.map { $0 != columns.name ?? "name" } ?? false
  }

  /// The schema of a tenant for which the registry has no other.
  func schema(of tenant: TenantName) -> SchemaName { SchemaName(of: tenant, after: schemaPrefix) }
}

extension RegistryMapping {
  /// The names of the columns, by what they mean to us.
  public struct Columns: Sendable, Hashable {
    /// Of tenants: the name, or a key of type integer or uuid. Default `name`.
    public var name: String?
    /// Of tenants: the schema. Default: the name is the schema, after the ``RegistryMapping/schemaPrefix``.
    public var schema: String?
    package var activity: Activity?
    /// Of tenants: whether it is deactivated. Default `deactivated`, which may be missing.
    public var deactivated: String? {
      get { activity.flatMap { $0.isInverse ? nil : $0.column } }
      set { activity = newValue.map { Activity(column: $0, isInverse: false) } }
    }
    /// Of tenants: whether it is active, for a registry that says that instead.
    public var active: String? {
      get { activity.flatMap { $0.isInverse ? $0.column : nil } }
      set { activity = newValue.map { Activity(column: $0, isInverse: true) } }
    }
    /// Whether there is such a column at all; `false` lets one that is called `deactivated` mean something else.
    public var hasActivity = true
    /// Of tenants: the key. Default `id`, which may be missing where domains have `tenant_name`.
    public var id: String?
    /// Of domains: the host name. Default `domain_name`.
    public var domain: String?
    /// Of domains: whether it is the tenant's primary one. Default `is_primary`, which may be missing.
    public var primary: String?
    /// Of domains: the tenant's key. Default `tenant_id`, which may be missing.
    public var tenantID: String?
    /// Of domains: the tenant's name. Default `tenant_name`, which may be missing if `tenant_id` is there.
    public var tenantName: String?

    /// All defaults.
    public init() {}
  }

  /// The boolean column that says whether the app serves a tenant.
  package struct Activity: Sendable, Hashable {
    /// The column.
    package var column: String
    /// Whether `true` means that the tenant is active.
    package var isInverse: Bool

    /// A column such as `deactivated`, or, inverse, such as `active`.
    package init(column: String, isInverse: Bool) {
      self.column = column
      self.isInverse = isInverse
    }
  }
}

extension RegistryMapping {
  /// The tenants' table, and the domains' if there is one.
  var tables: [QualifiedName] { [tenants] + (domains.map { [$0] } ?? []) }

  /// Whether its columns are those of django-tenants, which removes `www.` from a host before it looks for its row
  /// (`django_tenants.utils.remove_www`).
  package var isDjangoTenants: Bool { columns.name == "schema_name" && columns.domain == "domain" }
}
