/// Who may create objects in a schema.
package enum Creator: Sendable, Hashable {
  /// Every role.
  case everybody
  /// A role by a grant.
  case role(String)
  /// The role that the schema belongs to, which needs no grant.
  case owner(String)
}

/// A ledger by its schema and its name.
package struct QualifiedLedger: Sendable, Hashable {
  /// The tenant's schema.
  package let schema: SchemaName
  /// The table.
  package let table: String
}

/// What a role may do beyond owning schemas: objects that others made could run with it.
package enum ConnectionPower: Sendable, Hashable {
  /// It is a superuser.
  case superuser
  /// It has CREATEROLE.
  case createRole
  /// It has BYPASSRLS.
  case bypassRLS
  /// It may read or write the server's files, or run programs there.
  case serverFiles
  /// It acts for so many roles that own tenants' schemas: one tenant's objects could reach another tenant.
  case severalOwners(Int)
}

/// An extension that unqualified names do not find.
package struct UnreachableExtension: Sendable, Hashable {
  /// Its name.
  package let name: String
  /// Where it is.
  package let schema: SchemaName
  /// What tenants' search paths have after the tenant's schema.
  package let path: [SchemaName]
  /// The database that the path is a setting of; `nil` if the path is configured.
  package let database: String?
  /// Whether something in a tenant's schema depends on it.
  package let isUsed: Bool
}

/// Relations in a schema that belong to another role than most.
package struct StrayRelations: Sendable, Hashable {
  /// The owner of these.
  package let owner: String
  /// The owner of most relations in the schema.
  package let usualOwner: String
  /// Whether all that the owner has in the database can be given away at once: not by the server's first superuser.
  package let canBeReassigned: Bool
  /// How many there are.
  package let count: Int
  /// One of them.
  package let first: String
}
