internal import TenancyPostgres

/// The name of a tenant's schema.
public struct SchemaName: StoredName {
  /// The name itself.
  public let rawValue: String

  /// A name typed by a user. Throws ``TenancyError/Code-swift.struct/invalidSchema`` for the empty string; what the schema of a
  /// *new* tenant must look like is up to the ``NamePolicy``.
  public init(parsing text: String) throws(TenancyError) {
    guard !text.isEmpty else { throw TenancyError(.invalidSchemaName(text, .empty)) }
    rawValue = text
  }

  /// A name read from the registry or the catalog.
  init(stored: String) {
    rawValue = stored
  }

  /// The schema that a tenant of that name has where the registry keeps no other.
  init(of tenant: TenantName, after prefix: String) {
    rawValue = prefix + tenant.rawValue
  }

  /// The schema that every tenant shares.
  package static let shared = SchemaName(stored: "public")

  /// Whether no tenant can own it, whatever a registry says: the shared schema and the server's own.
  var isReserved: Bool { self == .shared || isServers }

  /// The same of a schema's name in SQL.
  static func isReserved(_ name: SQL) -> SQL {
    "(\(name) IN (\(literal: shared.rawValue), 'information_schema') OR starts_with(\(name), 'pg_'))"
  }

  /// Whether it is one of the server's own, or has a name that the server keeps for them.
  private var isServers: Bool { rawValue == "information_schema" || rawValue.hasPrefix("pg_") }

  /// Whether no tenant's schema can have the name, so that its row is wrong.
  package var isImpossible: Bool { isTooLong || isServers }

  /// The name as SQL takes it.
  var identifier: Identifier { Identifier(rawValue) }

  /// A relation inside the schema.
  func relation(_ name: String) -> QualifiedName { QualifiedName(identifier, Identifier(name)) }

  /// Whether a search path may lead to it as a tenant's: PostgreSQL takes `$user` for the schema named as the role, in quotes
  /// too (manual, 20.11.1 `search_path`).
  var canBeEntered: Bool { rawValue != "$user" && !isImpossible }

  /// Whether no schema can have the name: PostgreSQL cuts names after 63 bytes without an error (manual, 4.1.1), and would
  /// meet another tenant's schema.
  package var isTooLong: Bool { rawValue.utf8.count > 63 }

  /// Columns that fail where the schema is not there (3F000) or the role has no USAGE on it (42501): PostgreSQL leaves
  /// such a schema out of the search path without a word (manual, 20.11.1), and what comes next would meet `public`.
  var entry: SQL { "\(identifier.quoted)::regnamespace, to_regclass(\(relation("-").quoted))" }

  /// Fails if the current role has no USAGE on the schema, as ``entry`` does. Safe under any search path.
  var usable: SQL { "SELECT pg_catalog.to_regclass(\(literal: relation("-").quoted))" }

  /// Fails if the schema is gone by the end of a transaction.
  var stillThere: SQL { "SELECT \(literal: identifier.quoted)::pg_catalog.regnamespace" }
}
