internal import Tenancy

extension ErrorReport {
  /// The sentences of the core's errors: one exhaustive table. Those that need more than a sentence are with their subject.
  init(tenancy error: TenancyProblem) { self = Self.report(of: error) }

  private static func report(of error: TenancyProblem) -> ErrorReport {
    switch error {
    // Names
    case .invalidTenantName(let name, let problem):
      Self("invalid_name", .usage, "invalid tenant name '\(name)': \(problem.sentence)", hint: problem.hint)
    case .nameNotOfType(let name, let column, let table, let type):
      Self(
        "invalid_name", .usage, "invalid tenant name '\(name)': it is not of type \(type)",
        hint:
          "the names are keys, in column \(column) of \(table), in the form in which PostgreSQL prints them")
    case .invalidSchemaName(let name, let problem):
      Self("invalid_schema", .usage, "invalid schema name '\(name)': \(problem.sentence)", hint: problem.hint)
    case .invalidDomainName(let name, let problem):
      Self(
        "invalid_domain", .usage, "invalid domain '\(name)': \(problem.sentence)",
        hint: problem.hint(for: name))

    // Tenants
    case .tenantNotFound(let name):
      Self("tenant_not_found", .notFound, "tenant \(name) does not exist", hint: listHint)
    case .tenantsNotFound(let names):
      Self(
        "tenant_not_found", .notFound,
        "tenants \(names.prefix(20).map(\.description).joined(separator: ", "))"
          + (names.count > 20 ? " and \(names.count - 20) more" : "") + " do not exist",
        hint: "\(listHint); nothing was done")
    case .nothingSelected: Self("no_match", .notFound, "the selection has no tenants", hint: listHint)
    case .tenantGivenTwice(let name):
      Self("usage", .usage, "tenant \(name) is given twice", hint: "give it once; nothing was done")
    case .tenantExists(let name):
      Self("tenant_exists", .refused, "tenant \(name) already exists", hint: "see 'tenantctl show \(name)'")
    case .tenantNameCollides(let name, let other):
      Self(
        "tenant_exists", .refused, "the name \(name) differs from that of tenant \(other) only by case",
        hint: "choose another name: frameworks that do not quote names would confuse the two")
    case .tenantDeactivated(let name):
      Self(
        "tenant_deactivated", .refused, "tenant \(name) is deactivated",
        hint: "'tenantctl activate \(name)' activates it again")
    case .nameUnreadable(let name, let schema):
      Self(
        "name_unreadable", .failed,
        "the name of tenant \(name) or of its schema \(schema) is not valid UTF-8, so no statement can use it",
        hint: FindingReport.unreadableNameAdvice)
    case .schemaMissing(let name, let schema):
      Self(
        "schema_missing", .notFound, "schema \(schema) of tenant \(name) does not exist",
        hint: missingSchemaHint("\(name)"))
    case .schemaWithoutTenant(let schema):
      Self(
        "schema_without_tenant", .refused, "schema \(schema) already exists, but belongs to no tenant",
        hint: "inspect it with psql; drop it if it is a leftover schema, or choose another name")
    case .schemaTaken(let schema, let owner):
      Self(
        "schema_taken", .refused, "schema \(schema) already belongs to tenant \(owner)",
        hint: "choose another name, or another schema with --schema")
    case .schemaNotAlone(let schema, let tenant, let other):
      Self(
        "schema_not_alone", .refused, "schema \(schema) of tenant \(tenant) also belongs to tenant \(other)",
        hint: "inspect the two rows with psql, and give one of them another schema")
    case .sharedSchema(let name, let schema):
      Self(
        "shared_schema", .refused, "the schema of tenant \(name) is \(schema), which all tenants share",
        hint: "the app manages this row; migrations for the schema go into migrations/shared/")
    case .createInProgress(let name):
      Self(
        "create_under_way", .refused, "another session is creating tenant \(name)",
        hint: "wait until it finishes; if it is interrupted, 'tenantctl create \(name)' starts again")
    case .tenantProtected(let name):
      Self(
        "tenant_protected", .refused, "tenant \(name) is protected",
        hint: "'tenantctl set \(name) --unprotect' allows it to be dropped; nothing was changed")
    case .dropUnfinished(let name):
      Self(
        "drop_unfinished", .refused, "the drop of tenant \(name) did not finish: its schema still exists",
        hint: "'tenantctl drop \(name)' finishes it")
    case .tenantReferenced(let name, let detail):
      Self(
        "tenant_referenced", .refused, "rows of other tables refer to tenant \(name): \(detail)",
        hint: "remove or change those rows first; nothing was changed")
    case .schemaReferenced(let schema, let name, let objects, let count):
      .schemaReferenced(schema, name, objects, count)

    // Domains
    case .hostNotFound(let host, let label):
      Self(
        "tenant_not_found", .notFound,
        "domain \(host) does not exist, and neither does tenant \(label), which its first label names",
        hint: "'tenantctl domain add NAME \(host)' adds it; routing.base_domains limits the first-label rule")
    case .hostNotTenant(let host):
      Self(
        "host_not_tenant", .notFound, "\(host) does not belong to a tenant",
        hint: "see 'tenantctl domain list'")
    case .domainNotFound(let host):
      Self(
        "domain_not_found", .notFound, "domain \(host) does not exist",
        hint: "'tenantctl domain list' shows all domains")
    case .domainWithoutTenant(let host, let tenant):
      Self(
        "tenant_not_found", .notFound,
        "domain \(host) belongs to \(tenant.map { "tenant \($0)" } ?? "a tenant"), which does not exist",
        hint: "'tenantctl domain remove \(host)' removes the stale row")
    case .domainTaken(let host, let owner):
      Self(
        "domain_taken", .refused,
        owner.map { "domain \(host) already belongs to tenant \($0)" }
          ?? "domain \(host) already has a row, whose tenant does not exist",
        hint: "'tenantctl domain remove \(host)' removes it there")
    case .domainAmbiguous(let host, let owners):
      Self(
        "domain_ambiguous", .refused, "several rows have the domain \(host) (\(named(owners)))",
        hint: onlyOneRow)
    case .domainExists(let host, let tenant):
      Self(
        "domain_exists", .refused, "tenant \(tenant) already has the domain \(host)",
        hint: "'tenantctl domain primary \(host)' makes it primary")
    case .domainIsPrimary(let host, let tenant, let others):
      Self(
        "domain_is_primary", .refused, "\(host) is the primary domain of tenant \(tenant)",
        hint: "make another one primary first: 'tenantctl domain primary \(others.first?.rawValue ?? "HOST")'"
      )
    case .domainGivenTwice(let host):
      Self("usage", .usage, "domain \(host) is given twice", hint: "give it once")

    // The registry
    case .unclearRegistry(let problem): Self(registry: problem)
    case .rowsBreak(let rows):
      Self(
        "rows_break", .refused, rows.map(\.sentence).joined(separator: "\n"),
        hint: "fix the rows first; nothing was changed")
    case .registryMissing(let tables, let similar): .registryMissing(tables, similar)
    case .registryColumnMissing(let missing): .registryColumnMissing(missing)
    case .registryColumnType(let table, let column, let type, let expected):
      Self(
        "registry_mismatch", .usage, "column \(column) of \(table) is of type \(type), not \(expected)",
        hint: "name another column under [registry.columns] in tenantctl.toml"
          + (expected == "boolean" ? "; deactivated = false if the registry has no such column" : ""))
    case .noDeactivation(let table):
      Self(
        "no_deactivation", .refused, "the registry has no column for the deactivation of tenants",
        hint: addColumnHint("deactivated", to: table))
    case .noSchemaColumn(let table):
      Self(
        "no_schema_column", .refused,
        "the registry has no column for the schema, so a schema is named after its tenant",
        hint: "omit --schema, or map a column of \(table) with schema = \"...\" under [registry.columns]")
    case .noDomains:
      Self(
        "no_domains", .refused, "the registry has no table of domains",
        hint: "name one with domains = \"...\" under [registry] in tenantctl.toml")
    case .noPrimary(let table):
      Self(
        "no_primary", .refused, "the registry has no column for the primary domain",
        hint: addColumnHint("is_primary", to: table))
    case .domainValuesRequired(let table, let columns):
      .valuesRequired(
        table, columns,
        hint: "for an existing tenant: 'tenantctl domain add NAME HOST \(assignments(columns))'")
    case .valuesRequired(let table, let columns):
      .valuesRequired(table, columns, hint: "add \(assignments(columns))")
    case .unknownColumn(let column, let table, let available):
      Self(
        "unknown_column", .usage, "column \(column) of table \(table) does not exist",
        hint: available.isEmpty
          ? "the table has no custom columns" : "columns: \(available.joined(separator: ", "))")
    case .reservedColumn(let column):
      Self(
        "reserved_column", .usage, "column \(column) is one of the registry's own columns",
        hint: "use 'tenantctl rename', 'activate' or 'deactivate'; tenantctl manages the others")
    case .rowNotStored(let table, let culprits): .rowNotStored(table, culprits)
    case .columnGenerated(let column, let table):
      Self(
        "column_generated", .refused, "column \(column) of \(table) is generated from other columns",
        hint: "change those columns instead: 'tenantctl set NAME COLUMN=VALUE'")
    case .badValue(let column, let reason):
      Self(
        "bad_value", .usage, column.isEmpty ? reason : "column \(column): \(reason)",
        hint: "nothing was changed")

    // Migrations
    case .migrationFiles(let files): Self(files: files)
    case .versionNotFound(let version):
      Self(
        "version_not_found", .notFound, "no migration file has version \(version)",
        hint: "'tenantctl migration list' shows all files")
    case .checksumMismatch(let files): .checksumMismatch(files)
    case .outOfOrder(let files): .outOfOrder(files)
    case .versionsUnknown(let versions): .versionsUnknown(versions)
    case .folderEmptied(let versions): .folderEmptied(versions)
    case .emptyMigrations(let paths): .emptyMigrations(paths)
    case .emptyWasApplied(let files): .emptyWasApplied(files)
    case .rollbackUneven(let files): .rollbackUneven(files)
    case .ledgerBeyond(let version, let tenants):
      Self(
        "ledger_beyond", .refused,
        "\(firstAndOthers(tenants)) \(tenants.count == 1 ? "has" : "have") migrations newer than \(version)",
        hint: "'tenantctl status --all' shows which version each tenant has; nothing was changed")
    case .notReversible(let versions):
      Self(
        "not_reversible", .refused, "no down section to undo \(list(versions))",
        hint: "write one under '-- migrate:down', or write a new migration instead; nothing was run")
    case .filesMissing(let versions):
      Self(
        "file_missing", .notFound, "no file to undo \(list(versions))",
        hint: "restore it from version control, or write a new migration instead; nothing was run")
    case .migrationFailed(let failure): Self(migration: failure)
    case .importRefused(let problems): Self(importing: problems)
    case .historyRefused(let problems): Self(history: problems)
    case .foreignLedger(_, let tool, let columns):
      Self(
        "foreign_ledger", .failed,
        "the table with the ledger's name belongs to \(tool?.rawValue ?? "another tool") "
          + "(columns: \(columns.joined(separator: ", ")))",
        hint: tool.advice)
    case .ledgerNotTrusted(let schema, let distrust):
      Self(
        "ledger_not_trusted", .refused,
        "the ledger of schema \(schema) is not trusted: \(distrust.sentence)", hint: distrust.hint(schema))
    case .schemaNotEnterable(let name, let schema):
      Self(
        "schema_not_enterable", .refused,
        "schema \(schema) of tenant \(name) cannot be used: \(FindingReport.notEnterable(schema))",
        hint: schema.isTooLong
          ? "correct the tenant's row with psql; nothing was changed"
          : "rename the schema with ALTER SCHEMA, and change the tenant's row; nothing was changed")
    case .ledgerInUse(_, let tool):
      Self(
        "ledger_in_use", .failed,
        "the table with the ledger's name belongs to \(tool.rawValue), with which the app itself migrates",
        hint: Optional(tool).advice)

    // Adoption
    case .schemaDiffers(let model, let difference):
      Self(
        "schema_differs", .failed,
        (["its tables differ from those of \(model)"] + difference.sentences(from: model)).joined(
          separator: "\n"),
        hint: "make them equal, or name its version: 'tenantctl adopt NAME --version VERSION'")
    case .schemaEmpty:
      Self(
        "schema_empty", .failed, "its schema has no tables, so it cannot be adopted",
        hint: "'tenantctl migrate NAME' creates them")
    case .nothingRecorded(let name, hasLedger: false):
      Self(
        "nothing_recorded", .refused, "tenant \(name) has no ledger to compare with",
        hint: "'tenantctl adopt \(name) --version VERSION' creates one")
    case .nothingRecorded(let name, hasLedger: true):
      Self(
        "nothing_recorded", .refused, "the ledger of tenant \(name) is empty",
        hint: "'tenantctl migration baseline VERSION \(name)' records the migrations that it has")
    case .migrationUnfinished(let name, let versions):
      Self(
        "migration_unfinished", .refused,
        "tenant \(name) has migrations that were started but not finished: \(list(versions))",
        hint: "'tenantctl migrate \(name)' finishes them")

    // SQL over the fleet
    case .scriptInvalid(let problem): Self(script: problem)
    case .execFailed(let failure): Self(exec: failure)
    case .columnsDiffer(let sets, let changesStay): .columnsDiffer(sets, changesStay: changesStay)

    // The server
    case .changedMeanwhile:
      Self(
        "changed_meanwhile", .failed, "another session changed the same data at the same time",
        hint: "run the command again")
    case .malformedConnection(let problem):
      Self("malformed_url", .usage, "invalid database URL: \(problem.reason)", hint: problem.hint)
    case .cannotConnect(let failure): .cannotConnect(failure)
    case .connectionLost(let reason):
      Self(
        "connection_lost", .failed, "lost the connection to the server: \(reason)",
        hint: "run the same command again: what was committed stays, the rest is done again")
    case .insufficientPrivilege(let failure):
      Self(
        "insufficient_privilege", .failed, failure.sentence,
        hint: "connect as the owner, or grant the privilege; creating tenants needs CREATE on the database",
        sqlState: failure.sqlState)
    case .poolerInBetween:
      Self(
        "pooler_in_between", .failed,
        "a migration with transaction:false cannot run through a connection pooler",
        hint: "connect to PostgreSQL directly for this run: give the server's address with --database")
    case .locked(let failure):
      Self(
        "locked", .failed, "another session holds a lock: \(failure.message)",
        hint:
          "run the command again when that session has finished; lock_timeout in tenantctl.toml limits the wait",
        sqlState: failure.sqlState)
    case .triggerFailed(let table, let failure): .triggerFailed(table, failure)
    case .poolExhausted, .poolClosed, .sessionEnded, .columnMismatch:
      // What only a server app meets is worded where it is thrown.
      Self(TenancyError(error).code.rawValue, .failed, TenancyError(error).message)
    case .server(let failure):
      Self("server", .failed, failure.sentence, hint: failure.hint, sqlState: failure.sqlState)
    }
  }

  private static let listHint = "'tenantctl list' shows all tenants"
  private static func list(_ versions: [MigrationVersion]) -> String {
    versions.map(\.rawValue).joined(separator: ", ")
  }
}
