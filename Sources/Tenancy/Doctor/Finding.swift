/// Something about a database that is not as it should be, or that one should know.
package enum Finding: Sendable, Hashable {
  // The registry
  /// The tenant's schema does not exist. It may be one of those that look like a tenant's and
  /// belong to no tenant, renamed without renaming the tenant.
  case schemaMissing(Tenant, strays: [SchemaName] = [])
  /// The schema looks like a tenant's, but belongs to no tenant. It may be that of a tenant whose schema is missing.
  case schemaWithoutTenant(SchemaName, because: Resemblance, tenantsWithoutSchema: [Tenant] = [])
  /// The tenant's name or schema is not UTF-8.
  case nameUnreadable(Tenant)
  /// Several rows of the registry have the name, active or not.
  case nameShared(TenantName, rows: Int)
  /// Several tenants have one schema.
  case schemaShared(SchemaName, by: [TenantName])
  /// The schema of a tenant is one that every tenant's search path has.
  case schemaInSearchPath(Tenant)
  /// The search path that is configured has a schema that does not exist.
  case searchPathWithoutSchema(SchemaName)
  /// Without quotes the schema's name means another schema, or nothing.
  case unsafeName(Tenant, UnquotedName)
  /// A create in several transactions was interrupted, or is running.
  case creationUnfinished(SchemaName)
  /// A drop in several transactions was interrupted, or is running.
  case dropUnfinished(TenantName)
  /// The schema of a tenant that has a row carries the mark of a drop: it was interrupted, and the row restored.
  case dropMarked(Tenant)
  /// The registry's triggers that notify of changes are not all there, enabled and up to date. With `isBlocked` a function of
  /// another role's is in the way.
  case notificationsOutdated(table: String, isBlocked: Bool)

  // Domains
  /// The host name is not UTF-8: no request can match it.
  case domainUnreadable(DomainName, of: TenantName?)
  /// No request can have the host name: it has a port, a scheme or a space.
  case domainNeverMatches(DomainName, of: TenantName)
  /// The tenant has no domain, where others have.
  case noDomain(TenantName)
  /// None of the tenant's domains is its primary one. If the only one is contested, several rows have its host name.
  case noPrimaryDomain(TenantName, [DomainName], isContested: Bool = false)
  /// Several of the tenant's domains are primary.
  case severalPrimaryDomains(TenantName, [DomainName])
  /// The domain's row has another tenant's name than that of the tenant to which its key refers. If there is a schema
  /// without a tenant to that name, the name may be all that tells whose it is.
  case domainNamesAnother(DomainName, name: String?, of: TenantName, stray: SchemaName? = nil)
  /// Several rows have the same host name, whatever its case.
  case domainShared(DomainName, by: [TenantName])
  /// The domain's row refers to no tenant: to what it does, as text.
  case domainWithoutTenant(DomainName, reference: String?)

  // Ledgers
  /// The tenant has tables and no ledger, where others have one.
  case noLedger(Tenant)
  /// The table that has the ledger's name is another tool's: this one's, if it is known.
  case foreignLedger(Tenant, MigrationTool?)
  /// The table with the ledger's name is not trusted: its creator could run code as the role that migrates.
  case ledgerNotTrusted(Tenant, LedgerDistrust)
  /// PostgreSQL takes the schema's name in a search path for something else: nothing can be done in it.
  case schemaNotEnterable(Tenant)
  /// The ledger cannot be read.
  case ledgerUnreadable(Tenant, TenancyProblem)
  /// The ledger has no primary key, nor a unique index, on its version: two runs could record one migration.
  case ledgerWithoutKey(Tenant)
  /// Logical replication writes so many ledgers, of which this is the first: it brings rows, but no tables.
  case ledgersReplicated(count: Int, first: QualifiedLedger)
  /// The comment on the ledger is stale. `migrate` trusts it.
  case wrongHead(Tenant, says: LedgerHead, has: LedgerHead)
  /// Migrations outside of a transaction that were interrupted, or are running.
  case migrationUnfinished(Tenant, [MigrationVersion], MigrationDirection)

  // What is in the schemas
  /// The index is not valid: no query uses it, every write keeps it up.
  case invalidIndex(Tenant, index: String, InvalidIndex)
  /// The extension lives in the tenant's schema, and goes with it. It should be in a schema that every tenant's search path has;
  /// `nil`: no such schema exists.
  case extensionInTenant(Tenant, name: String, to: SchemaName?, ExtensionMove)
  /// Objects of the tenant's schema refer to another tenant's.
  case refersToTenants(Tenant, TenantReferences)
  /// Types or operators of the extension are in a schema that tenants' search paths do not have.
  case extensionOutOfReach(UnreachableExtension)
  /// Relations of the tenant's schema belong to another role than most.
  case ownersDiffer(Tenant, StrayRelations)

  // Privileges
  /// A role that is not trusted may create in a schema that all tenants share.
  case canCreateInShared(SchemaName, Creator)
  /// A role that is not trusted may create in tenants' schemas: in so many of them, of which this is the first.
  case canCreateInTenants(Creator, count: Int, first: SchemaName)
  /// A role that is not trusted may write to so many ledgers, of which this is the first.
  case canWriteLedgers(Creator, count: Int, first: QualifiedLedger)
  /// A role that is not trusted may put a trigger on a table of the registry, or have a foreign key refer to it whose other
  /// table has triggers: both run as the role that changes the registry.
  case canHookRegistry(Creator, table: String)
  /// A trigger of the registry calls a function of such a role.
  case hookedRegistry(RegistryHook)
  /// The role that migrates may do more than an owner has to, while these roles may create what a migration finds.
  case powerfulConnection(role: String, ConnectionPower, creators: [Creator])

  // The server
  /// Nothing can be written: the server is a standby, or the database's or the role's setting says so.
  case readOnly(isStandby: Bool)
  /// The role may not create schemas in the database.
  case cannotCreateSchemas(role: String, database: String)
  /// There is a pooler in between, and whether it gives a server's session to several clients; `nil`: not known.
  case pooler(sharesSessions: Bool?)
  /// The pooler does not keep a transaction together.
  case settingsLost
}

extension Finding {
  /// The schema that looks like a tenant's and belongs to none.
  var stray: SchemaName? {
    if case .schemaWithoutTenant(let schema, _, _) = self { schema } else { nil }
  }

  /// Whether an extension can be moved out of a tenant's schema.
  package enum ExtensionMove: Sendable, Hashable {
    case possible
    /// Its script says where its objects are.
    case notRelocatable
    /// This role, which is not trusted, owns it, or an object that it has added to it: all tenants would get that.
    case untrusted(String)
  }
}

/// A trigger of the registry whose function belongs to a role that is not trusted.
package struct RegistryHook: Sendable, Hashable {
  package let trigger: String
  package let table: String
  package let function: String
  /// The function's owner.
  package let owner: String
}

extension Finding {
  /// How grave it is.
  package enum Severity: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Good to know; all is well.
    case info
    /// It will cause a problem.
    case warning
    /// Something does not work, or the wrong thing is done.
    case error

    /// By gravity.
    package static func < (left: Severity, right: Severity) -> Bool { left.rawValue < right.rawValue }
  }

  /// How grave it is.
  package var severity: Severity {
    switch self {
    case .schemaMissing, .nameUnreadable, .domainUnreadable, .schemaShared, .schemaInSearchPath,
      .domainShared,
      .domainNamesAnother, .dropMarked, .ledgerWithoutKey, .ledgerUnreadable, .wrongHead, .settingsLost,
      .ledgerNotTrusted,
      .schemaNotEnterable, .readOnly:
      .error
    case .noDomain, .noLedger, .pooler, .canWriteLedgers: .info
    case .extensionOutOfReach(let found): found.isUsed ? .warning : .info
    case .nameShared, .ledgersReplicated, .schemaWithoutTenant, .unsafeName, .creationUnfinished,
      .dropUnfinished,
      .noPrimaryDomain,
      .severalPrimaryDomains, .domainWithoutTenant, .domainNeverMatches, .foreignLedger, .migrationUnfinished,
      .invalidIndex, .refersToTenants,
      .canHookRegistry, .hookedRegistry, .extensionInTenant, .cannotCreateSchemas, .ownersDiffer,
      .canCreateInShared,
      .canCreateInTenants, .searchPathWithoutSchema,
      .powerfulConnection, .notificationsOutdated:
      .warning
    }
  }

  /// The tenant that it is about; `nil` if it is about no tenant, or about several.
  package var tenant: TenantName? {
    switch self {
    case .schemaMissing(let tenant, _), .nameUnreadable(let tenant), .schemaInSearchPath(let tenant),
      .unsafeName(let tenant, _),
      .dropMarked(let tenant), .ledgerWithoutKey(let tenant), .noLedger(let tenant),
      .foreignLedger(let tenant, _), .ledgerNotTrusted(let tenant, _),
      .schemaNotEnterable(let tenant), .ledgerUnreadable(let tenant, _), .wrongHead(let tenant, _, _),
      .migrationUnfinished(let tenant, _, _), .invalidIndex(let tenant, _, _),
      .extensionInTenant(let tenant, _, _, _), .ownersDiffer(let tenant, _), .refersToTenants(let tenant, _):
      tenant.name
    case .nameShared(let name, _), .dropUnfinished(let name), .noDomain(let name),
      .noPrimaryDomain(let name, _, _),
      .severalPrimaryDomains(let name, _), .domainNamesAnother(_, _, let name, _):
      name
    case .domainUnreadable(_, let name): name
    case .domainNeverMatches(_, let name): name
    default: nil
    }
  }

  /// Why a schema looks like a tenant's.
  package enum Resemblance: Sendable, Hashable {
    /// It has a ledger.
    case ledger
    /// It has so many of the tables that most tenants have.
    case tables(Int, of: Int)
  }

  /// What becomes of a name without quotes.
  package enum UnquotedName: Sendable, Hashable {
    /// Upper case becomes lower case: another name.
    case folded(String)
    /// A syntax error.
    case refused
  }

  /// How an index that is not valid came about.
  package enum InvalidIndex: Sendable, Hashable {
    /// Building it failed, or was cut off.
    case unbuilt
    /// The leftover of a failed REINDEX, in addition to the index itself.
    case leftover
    /// The leftover of a failed REINDEX of that table: an index of its TOAST table.
    case leftoverOfTOAST(table: String)
    /// A migration that is not finished in that direction may be what builds or drops it.
    case unfinishedMigration(MigrationDirection)
  }
}

extension Finding.UnquotedName {
  /// `nil` if a name means itself in an unquoted `SET search_path TO` (PostgreSQL manual, 4.1.1 "Identifiers and Key
  /// Words"), where more keywords pass than elsewhere.
  init?(_ schema: SchemaName) {
    let name = schema.rawValue
    let isIdentifier =
      name.utf8.first.map { Self.isLetter($0) || $0 == UInt8(ascii: "_") } ?? false
      && name.utf8.allSatisfy { Self.isLetter($0) || DomainName.isDigit($0) || "_$".utf8.contains($0) }
    // Letters beyond ASCII stay as they are, in every encoding of more than one byte.
    let folded = String(
      decoding: name.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }, as: UTF8.self)
    guard isIdentifier, !Self.refusedKeywords.contains(folded) else {
      self = .refused
      return
    }
    if folded == name { return nil }
    self = .folded(folded)
  }

  /// Without those that "can be function or type", and three that are values of settings.
  private static let refusedKeywords = NamePolicy.keywords.subtracting(
    """
    authorization binary collation concurrently cross current_schema false freeze full ilike inner is isnull join left
    like natural notnull on outer overlaps right similar tablesample true verbose
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  /// Letters beyond ASCII count, too.
  private static func isLetter(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }
}
