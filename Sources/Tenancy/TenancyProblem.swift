package import TenancyPostgres

/// Everything that can go wrong, as data. What a user reads about it is written where a user reads it.
package enum TenancyProblem: Error, Sendable, Hashable {
  // Names
  /// A tenant's name that cannot be one, or not one of a new tenant.
  case invalidTenantName(String, NameProblem)
  /// The registry's names are keys that PostgreSQL alone assigns (`GENERATED ALWAYS AS IDENTITY`).
  case nameAssigned(column: String, table: String)
  /// The registry's names are keys of a type, and this is not a value of it.
  case nameNotOfType(String, column: String, table: String, type: String)
  /// A schema's name that cannot be a new tenant's.
  case invalidSchemaName(String, NameProblem)
  /// A tenant's name cannot be a schema's, and no other schema was given, where the registry has a column for it.
  case schemaRequired(TenantName, NameProblem)
  /// A host name that cannot be one.
  case invalidDomainName(String, DomainProblem)

  // Tenants
  /// No tenant of that name.
  case tenantNotFound(TenantName)
  /// No tenants with these names, of several that were given.
  case tenantsNotFound([TenantName])
  /// The selection has no tenants, where it has to have some.
  case nothingSelected
  /// One of several new tenants is there twice.
  case tenantGivenTwice(TenantName)
  /// Two new tenants have one schema.
  case schemaGivenTwice(SchemaName)
  /// The name is taken.
  case tenantExists(TenantName)
  /// Several rows of the registry have the name.
  case tenantAmbiguous(TenantName, table: String)
  /// The name differs from a tenant's only by case.
  case tenantNameCollides(TenantName, with: TenantName)
  /// The tenant is deactivated.
  case tenantDeactivated(TenantName)
  /// The registry has the tenant, the database has no such schema.
  case schemaMissing(TenantName, SchemaName)
  /// The name or the schema of a tenant is not UTF-8, as a SQL_ASCII database allows.
  case nameUnreadable(TenantName, SchemaName)
  /// The database has the schema, the registry no such tenant.
  case schemaWithoutTenant(SchemaName)
  /// The same, but the schema was left behind by an interrupted create or drop of the tenant.
  case leftoverSchema(SchemaName, of: TenantName)
  /// The schema that a tenant would have is another tenant's.
  case schemaTaken(SchemaName, by: TenantName)
  /// The schema of a tenant is another tenant's too: what is done to the one would be done to the other.
  case schemaNotAlone(SchemaName, of: TenantName, and: TenantName)
  /// The tenant's schema is one that all tenants share, as that of django-tenants' public tenant is: it cannot be renamed,
  /// dropped or migrated as a tenant's.
  case sharedSchema(TenantName, SchemaName)
  /// The tenant is protected from being dropped.
  case tenantProtected(TenantName)
  /// A drop was interrupted: the row is gone, the schema is not.
  case dropUnfinished(TenantName)
  /// A drop in several transactions failed after the first: the row is gone, some of the schema is not.
  indirect case dropStopped(TenantName, because: TenancyProblem)
  /// It failed before the row was gone: some of the foreign keys of its tables to the registry are.
  indirect case keysDropped(TenantName, because: TenancyProblem)
  /// A create failed or, without a cause, was interrupted, and its schema could not be dropped for another reason: it stays,
  /// marked as unfinished.
  indirect case createStopped(TenantName, SchemaName, because: TenancyProblem?, left: TenancyProblem)
  /// Tenants were to be protected, or no longer, in several transactions. One failed, and these tenants stay changed.
  indirect case protectionChanged([TenantName], because: TenancyProblem?)
  /// Rows of other tables refer to the tenant's row.
  case tenantReferenced(TenantName, detail: String)
  /// Rows of other tables refer to the domain's row.
  case domainReferenced(DomainName, detail: String)
  /// Objects outside of the tenant's schema depend on what is in it, and would be dropped with it: the first ten, as the
  /// server describes them, and how many there are.
  case schemaReferenced(SchemaName, of: TenantName, by: [String], count: Int)

  // Domains
  /// The host's first label names no tenant.
  case hostNotFound(String, label: String, hasDomains: Bool = true)
  /// The host is no tenant's: it leads to the shared schema.
  case hostNotTenant(String)
  /// No tenant has that domain.
  case domainNotFound(DomainName)
  /// The domain is there, its tenant is not.
  case domainWithoutTenant(DomainName, tenant: TenantName?)
  /// Domains' rows refer to no tenant, some of them to the one that is to be: it would be served under their host names.
  case domainsStale([DomainName], TenantName)
  /// A tenant has that domain already.
  case domainTaken(DomainName, by: TenantName?)
  /// Several rows have the host name: a change of one would be a change of all.
  case domainAmbiguous(DomainName, of: [TenantName])
  /// The tenant itself has that domain already.
  case domainExists(DomainName, of: TenantName)
  /// The primary domain of a tenant that has others.
  case domainIsPrimary(DomainName, of: TenantName, others: [DomainName])
  /// The same domain twice in one command.
  case domainGivenTwice(DomainName)

  // The registry
  /// The registry's tables do not exist; others with similar names may be.
  case registryMissing(tables: [String], similar: [String] = [])
  /// What the database has is not clearly a registry.
  case unclearRegistry(RegistryProblem)
  /// Rows break constraints that are to be added.
  case rowsBreak([BreakingRows])
  /// A column that the mapping names, or that we cannot do without, does not exist.
  case registryColumnMissing(MissingColumn)
  /// A column is there with another type.
  case registryColumnType(table: String, column: String, type: String, expected: String)
  /// The registry has no column for deactivation.
  case noDeactivation(table: String)
  /// The registry has no column for the schema: it is named as the tenant.
  case noSchemaColumn(table: String)
  /// The registry has no table of domains.
  case noDomains
  /// The registry has no column for primary domains.
  case noPrimary(table: String)
  /// A new domain needs values for these columns.
  case domainValuesRequired(table: String, columns: [String])
  /// A new tenant needs values for these columns.
  case valuesRequired(table: String, columns: [String])
  /// No such column.
  case unknownColumn(String, table: String, available: [String])
  /// A column that has a meaning to us, and a command of its own.
  case reservedColumn(String)
  /// A row of the registry was not stored, changed or removed as it was sent: a trigger, rule, policy or generated column
  /// stands in between. Nothing was changed.
  case rowNotStored(table: String, by: [String])
  /// A column of the registry that PostgreSQL computes, so that it cannot be set.
  case columnGenerated(String, table: String)
  /// The registry's table is a view or a foreign table, whose changes no trigger notices.
  case notificationsNeedTable(String)
  /// A function that is to be installed has the name of one that another role owns.
  case functionTaken(String, owner: String)
  /// A value that the column does not take.
  case badValue(column: String, reason: String)
  /// A column that nobody gave a value for is unique, and its default is in use: where it is the table's key, a sequence is
  /// behind the table.
  case defaultTaken(table: String, column: String, isKey: Bool, detail: String)

  // Migrations
  /// Files that cannot be run; nothing was.
  case migrationFiles(MigrationFilesInvalid)
  /// No file has that version.
  case versionNotFound(String)
  /// The version is one of the shared schema, and no tenant's.
  case versionShared(String)
  /// Files that were edited after they had been applied; with the names that the ledgers have for their versions where those
  /// are others.
  case checksumMismatch([MigrationOccurrence], recorded: [MigrationVersion: String] = [:])
  /// Files that are older than what these tenants have, where that is not wanted.
  case outOfOrder([MigrationOccurrence])
  /// Versions that these tenants have and no file has, where that is not wanted.
  case versionsUnknown([UnknownVersion])
  /// Tenants have migrations, and the folder has none.
  case folderEmptied([UnknownVersion])
  /// Tenants have migrations, and the folder has none of them: it is another project's.
  case folderForeign([UnknownVersion])
  /// Files without a statement to apply: one that is recorded as applied would never run what is written into it later.
  case emptyMigrations([String])
  /// Statements whose effect ends with their transaction, in sections where each has its own.
  case statementsWithoutEffect([StatementWithoutEffect])
  /// Files that had no statement when they were applied to these tenants, and have some now.
  case emptyWasApplied([MigrationOccurrence])
  /// Files that are half applied, or half undone, outside of a transaction, and have become one transaction.
  case begunStatementwise([MigrationOccurrence])
  /// A rollback by a number of steps that would undo other files of one tenant than of another: who loses which.
  case rollbackUneven([MigrationOccurrence])
  /// Tenants that have different ones of the migrations whose files are gone: of each group the newest one, the smallest
  /// group first.
  case squashUneven([UnknownVersion])
  /// Tenants that have migrations newer than the one that was to be their last.
  case ledgerBeyond(MigrationVersion, tenants: [String])
  /// Another session is creating the tenant right now.
  case createInProgress(TenantName)
  /// Migrations that cannot be undone: their files have no down section.
  case notReversible([UnknownVersion])
  /// Migrations that cannot be undone: there are no files of those versions.
  case filesMissing([UnknownVersion])
  /// A migration failed.
  case migrationFailed(MigrationFailure)
  /// A migration of a new tenant needs something that does not exist, while these of the shared schema are pending.
  case sharedPending(MigrationFailure, [MigrationVersion])
  /// Files of another tool's that cannot be taken over; nothing was written.
  case importRefused([ImportProblem])
  /// Schemas whose history by another tool cannot be taken over; nothing was written.
  case historyRefused([HistoryProblem])
  /// The table that has the ledger's name is another tool's: this one's, if it is known.
  case foreignLedger(SchemaName, MigrationTool?, columns: [String])
  /// The ledger has several rows of one version: it lacks its primary key.
  case ledgerRepeats(SchemaName, MigrationVersion)
  /// The table with the ledger's name is not trusted: its creator could run code as the role that migrates.
  case ledgerNotTrusted(SchemaName, LedgerDistrust)
  /// PostgreSQL takes the schema's name in a search path for something else.
  case schemaNotEnterable(TenantName, SchemaName)
  /// The app itself migrates by the table that has the ledger's name.
  case ledgerInUse(SchemaName, by: MigrationTool)

  // Taking over
  /// The schema's tables differ from those of the tenant that was to be the model.
  case schemaDiffers(from: TenantName, SchemaDifference)
  /// The schema has no tables.
  case schemaEmpty(TenantName)
  /// The tenant that was to be the model has no migration in its ledger, or no ledger.
  case nothingRecorded(TenantName, hasLedger: Bool)
  /// The tenant that was to be the model has migrations that were started but not finished.
  case migrationUnfinished(TenantName, [MigrationVersion])

  // SQL over the fleet
  /// A script that cannot be run in any tenant.
  case scriptInvalid(ExecScriptProblem)
  /// A script that failed in a tenant.
  case execFailed(ExecFailure)
  /// A script that was to read made its transaction writable. Nothing that it wrote in tables was kept.
  case scriptMadeWritable(String)
  /// Results that do not make one table. The largest set of tenants comes first. With `changesStay` the SQL might change
  /// something, and what it has changed is committed.
  case columnsDiffer([ColumnSet], changesStay: Bool)

  // The server
  /// Another session changed the same data after it was read.
  case changedMeanwhile
  /// The connection string is invalid.
  case malformedConnection(MalformedTarget)
  /// No connection could be made.
  case cannotConnect(ConnectionFailure)
  /// The connection broke. What was being committed may be committed or not.
  case connectionLost(String)
  /// The role may not do that.
  case insufficientPrivilege(ServerFailure)
  /// A migration outside of a transaction needs a session of its own, and a pooler lends one for each transaction.
  case poolerInBetween
  /// A migration outside of a transaction was interrupted in a schema, and its file is gone.
  case unfinishedWithoutFile(MigrationVersion)
  /// A program gets the tenant's search path at the start of its session, and a pooler lends it another one.
  case poolerBeforeProgram
  /// Another session holds a lock for longer than we wait: these, as far as they are known.
  case locked(ServerFailure, by: [LockHolder] = [])
  /// A trigger on a table of the registry's uses a name without its schema, and our search path does not lead there.
  case triggerFailed(table: String, ServerFailure)
  /// No connection of the pool became free within that time.
  case poolExhausted(after: Duration)
  /// The pool of connections was closed.
  case poolClosed
  /// The registry has not been read yet.
  case directoryNotReady
  /// The registry was last known to be current that long ago, which is too long.
  case directoryStale(Duration)
  /// A session was used after its block had ended: its connection may be another tenant's by then.
  case sessionEnded
  /// A column of a result is missing, NULL or not a value of the type that was asked for.
  case columnMismatch(ColumnError)
  /// Anything else that the server refused.
  case server(ServerFailure)
}

extension TenancyProblem {
  /// The tenant that it concerns; `nil` if it concerns no tenant, or several.
  package var tenant: TenantName? {
    switch self {
    case .tenantNotFound(let name), .tenantExists(let name), .tenantNameCollides(let name, _),
      .tenantDeactivated(let name), .schemaMissing(let name, _), .nameUnreadable(let name, _),
      .schemaTaken(_, let name), .schemaNotAlone(_, let name, _), .sharedSchema(let name, _),
      .schemaRequired(let name, _),
      .dropUnfinished(let name), .dropStopped(let name, _), .keysDropped(let name, _),
      .createStopped(let name, _, _, _),
      .tenantReferenced(let name, _),
      .schemaReferenced(_, let name, _, _),
      .domainExists(_, let name), .domainsStale(_, let name), .domainIsPrimary(_, let name, _),
      .createInProgress(let name),
      .schemaNotEnterable(let name, _), .schemaEmpty(let name), .nothingRecorded(let name, _),
      .migrationUnfinished(let name, _), .tenantProtected(let name), .leftoverSchema(_, let name),
      .tenantGivenTwice(let name),
      .tenantAmbiguous(let name, _):
      name
    case .domainWithoutTenant(_, let name), .domainTaken(_, let name): name
    case .tenantsNotFound(let names): names.count == 1 ? names[0] : nil
    default: nil
    }
  }
}

/// A column of the registry that does not exist.
package struct MissingColumn: Sendable, Hashable {
  /// The table.
  package let table: String
  /// The missing column.
  package let column: String
  /// What it is to us: a key of `[registry.columns]`.
  package let role: String
  /// The columns that exist.
  package let available: [String]
}

/// Why no connection could be made.
package struct ConnectionFailure: Sendable, Hashable {
  /// libpq's sentence, and the server's.
  package let message: String
  /// The code of PostgreSQL's Appendix A, if the server answered.
  package let sqlState: String?
  /// Whether the server asked for a password, and none was given.
  package let needsPassword: Bool
}
