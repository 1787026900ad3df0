internal import Tenancy

extension ErrorReport {
  /// The sentences of the core's errors: one exhaustive table, each with the way out.
  init(tenancy error: TenancyProblem) {
    self =
      switch error {
      // Names
      case .invalidTenantName(let name, let problem):
        Self("invalid_name", .usage, "invalid tenant name '\(name)': \(problem.sentence)", hint: problem.hint)
      case .invalidSchemaName(let name, let problem):
        Self(
          "invalid_schema", .usage, "invalid schema name '\(name)': \(problem.sentence)", hint: problem.hint)
      case .invalidDomainName(let name, let problem):
        Self("invalid_domain", .usage, "invalid domain '\(name)': \(problem.sentence)", hint: problem.hint)

      // Tenants
      case .tenantNotFound(let name):
        Self(
          "tenant_not_found", .notFound, "there is no tenant \(name)",
          hint: "'tenantctl list' shows all tenants")
      case .tenantsNotFound(let names):
        Self(
          "tenant_not_found", .notFound,
          "there are no tenants \(names.prefix(20).map(\.description).joined(separator: ", "))"
            + (names.count > 20 ? " and \(names.count - 20) more" : ""),
          hint: "'tenantctl list' shows all tenants; nothing was done")
      case .tenantExists(let name):
        Self("tenant_exists", .refused, "tenant \(name) exists already", hint: "see 'tenantctl show \(name)'")
      case .tenantNameCollides(let name, let other):
        Self(
          "tenant_exists", .refused, "the name \(name) differs from tenant \(other) only by case",
          hint: "choose another name: frameworks that do not quote names would mix the two up")
      case .tenantDeactivated(let name):
        Self(
          "tenant_deactivated", .refused, "tenant \(name) is deactivated",
          hint: "'tenantctl activate \(name)' has it served again")
      case .nameUnreadable(let name, let schema):
        Self(
          "name_unreadable", .failed,
          "the name of tenant \(name) or of its schema \(schema) is not UTF-8, so no statement can name it",
          hint: "correct the row, and rename the schema, with psql and client_encoding SQL_ASCII")
      case .schemaMissing(let name, let schema):
        Self(
          "schema_missing", .notFound, "tenant \(name) has a row, but its schema \(schema) is not there",
          hint: """
            'tenantctl doctor' finds it if somebody has renamed it; else restore it from a backup, or remove the row with \
            'tenantctl drop \(name)'
            """)
      case .schemaWithoutTenant(let schema):
        Self(
          "schema_without_tenant", .refused, "a schema \(schema) is there, but no tenant has it",
          hint: "look at it with psql; drop it by hand if it is a left-over, or choose another name")
      case .schemaTaken(let schema, let owner):
        Self(
          "schema_taken", .refused, "the schema \(schema) is that of tenant \(owner)",
          hint: "choose another name, or give another --schema")
      case .schemaNotAlone(let schema, let tenant, let other):
        Self(
          "schema_not_alone", .refused,
          "the schema \(schema) of tenant \(tenant) is that of tenant \(other) too",
          hint: "look at the two rows with psql, and give one of them another schema")
      case .sharedSchema(let name, let schema):
        Self(
          "shared_schema", .refused, "the schema of tenant \(name) is \(schema), which all tenants share",
          hint: "leave it to the app; migrations for it go into migrations/shared/")
      case .createInProgress(let name):
        Self(
          "create_under_way", .refused, "another session is creating tenant \(name) right now",
          hint: "wait for it; if it is given up, 'tenantctl create \(name)' starts over")
      case .dropUnfinished(let name):
        Self(
          "drop_unfinished", .refused, "tenant \(name) is half dropped: its row is gone, its schema is not",
          hint: "'tenantctl drop \(name)' finishes it")
      case .tenantReferenced(let name, let detail):
        Self(
          "tenant_referenced", .refused, "rows of other tables refer to tenant \(name): \(detail)",
          hint: "remove or change those rows first; nothing was changed")

      case .schemaReferenced(let schema, let name, let objects, let count):
        Self(
          "schema_referenced", .refused,
          "\(counted(count, "object")) outside of the schema \(schema) of tenant \(name) \(count == 1 ? "depends" : "depend") "
            + "on it and would be dropped with it:\n"
            + (objects.map { "  \($0)" }
            + (count > objects.count ? ["  and \(count - objects.count) more"] : []))
            .joined(separator: "\n"),
          hint: "drop or change \(count == 1 ? "it" : "them") first; nothing was changed")

      // Domains
      case .hostNotFound(let host, let label):
        Self(
          "tenant_not_found", .notFound,
          "\(host) is no tenant's domain, and there is no tenant \(label), which its first label names",
          hint:
            "'tenantctl domain add NAME \(host)' registers it; routing.base_domains limits the first-label rule"
        )
      case .hostNotTenant(let host):
        Self(
          "host_not_tenant", .notFound, "\(host) belongs to no tenant", hint: "see 'tenantctl domain list'")
      case .domainNotFound(let host):
        Self(
          "domain_not_found", .notFound, "no tenant has the domain \(host)",
          hint: "'tenantctl domain list' shows all domains")
      case .domainWithoutTenant(let host, let tenant):
        Self(
          "tenant_not_found", .notFound,
          "the domain \(host) belongs to \(tenant.map { "tenant \($0)" } ?? "a tenant"), which does not exist",
          hint: "'tenantctl domain remove \(host)' removes the stale row")
      case .domainTaken(let host, let owner):
        Self(
          "domain_taken", .refused,
          owner.map { "the domain \(host) belongs to tenant \($0)" }
            ?? "the domain \(host) has a row already, of a tenant that does not exist",
          hint: "'tenantctl domain remove \(host)' takes it away from there")
      case .domainAmbiguous(let host, let owners):
        Self(
          "domain_ambiguous", .refused, "several rows have the domain \(host) (\(named(owners)))",
          hint: onlyOneRow)
      case .domainExists(let host, let tenant):
        Self(
          "domain_exists", .refused, "tenant \(tenant) has the domain \(host) already",
          hint: "'tenantctl domain primary \(host)' makes it the primary one")
      case .domainIsPrimary(let host, let tenant, let others):
        Self(
          "domain_is_primary", .refused, "\(host) is the primary domain of tenant \(tenant)",
          hint:
            "make another one primary first: 'tenantctl domain primary \(others.first?.rawValue ?? "HOST")'")
      case .domainGivenTwice(let host):
        Self("usage", .usage, "the domain \(host) is given twice", hint: "give it once")

      // The registry
      case .unclearRegistry(let problem): Self(registry: problem)
      case .rowsBreak(let rows):
        Self(
          "rows_break", .refused, rows.map(\.sentence).joined(separator: "\n"),
          hint: "mend the rows first; nothing was changed")
      case .registryMissing(let tables, let similar):
        Self(
          "registry_missing", .notFound,
          "the database has no \(tables.count == 1 ? "table" : "tables") \(tables.joined(separator: " and "))",
          hint: similar.isEmpty
            ? "'tenantctl init' finds the registry of an app, or makes one; [registry] in tenantctl.toml names another"
            : """
            it has \(similar.joined(separator: ", ")): name the table that is meant with 'tenantctl init --tenants-table', or \
            under [registry] in tenantctl.toml
            """
        )
      case .registryColumnMissing(let missing):
        Self(
          "registry_mismatch", .usage,
          "table \(missing.table) has no column \(missing.column); it has \(missing.available.joined(separator: ", "))",
          hint:
            "say which column it is with \(missing.role) = \"...\" under [registry.columns] in tenantctl.toml"
        )
      case .registryColumnType(let table, let column, let type, let expected):
        Self(
          "registry_mismatch", .usage, "column \(column) of \(table) is of type \(type), not \(expected)",
          hint: advice(ofColumnOfType: expected))
      case .noDeactivation(let table):
        Self(
          "no_deactivation", .refused, "the registry has no column that says whether a tenant is deactivated",
          hint:
            "ALTER TABLE \(table) ADD COLUMN deactivated boolean NOT NULL DEFAULT false, or map one in tenantctl.toml"
        )
      case .noSchemaColumn(let table):
        Self(
          "no_schema_column", .refused,
          "the registry has no column for the schema, so a tenant's schema is named as the tenant",
          hint:
            "leave out --schema, or map a column of \(table) with schema = \"...\" under [registry.columns]")
      case .noDomains:
        Self(
          "no_domains", .refused, "the registry has no table of domains",
          hint: "name one with domains = \"...\" under [registry] in tenantctl.toml")
      case .noPrimary(let table):
        Self(
          "no_primary", .refused, "the registry has no column that says which domain is the primary one",
          hint:
            "ALTER TABLE \(table) ADD COLUMN is_primary boolean NOT NULL DEFAULT false, or map one in tenantctl.toml"
        )
      case .domainValuesRequired(let table, let columns):
        Self(
          "values_required", .usage, "table \(table) needs values for \(columns.joined(separator: ", "))",
          hint:
            "'tenantctl domain add NAME HOST \(assignments(columns))' gives them, to a tenant that is there")
      case .valuesRequired(let table, let columns):
        Self(
          "values_required", .usage, "table \(table) needs values for \(columns.joined(separator: ", "))",
          hint: "give them: \(assignments(columns))")
      case .unknownColumn(let column, let table, let available):
        Self(
          "unknown_column", .usage, "table \(table) has no column \(column)",
          hint: available.isEmpty
            ? "it has no columns beside tenantctl's own" : "it has \(available.joined(separator: ", "))")
      case .reservedColumn(let column):
        Self(
          "reserved_column", .usage, "the column \(column) is the registry's own",
          hint: "use 'tenantctl rename', 'activate' or 'deactivate'; the rest is kept by tenantctl itself")
      case .rowNotStored(let table, let culprits):
        Self(
          "row_not_stored", .failed,
          "the row in \(table) is not as it was sent: "
            + (culprits.isEmpty
              ? "something in the database discards or alters it"
              : "\(culprits.count == 1 ? "" : "one of ")\(culprits.joined(separator: ", ")) discards or alters it"),
          hint: "check what is on that table with psql: '\\d \(table)'; nothing was changed")
      case .columnGenerated(let column, let table):
        Self(
          "column_generated", .refused, "the column \(column) of \(table) is generated from other columns",
          hint: "change the columns that it is generated from: 'tenantctl set NAME COLUMN=VALUE'")
      case .badValue(let column, let reason):
        Self(
          "bad_value", .usage, column.isEmpty ? reason : "column \(column): \(reason)",
          hint: "nothing was changed")

      // Migrations
      case .migrationFiles(let files): Self(files: files)
      case .versionNotFound(let version):
        Self(
          "version_not_found", .notFound, "no migration file has the version \(version)",
          hint: "'tenantctl migration list' shows them")
      case .checksumMismatch(let files):
        Self(
          "checksum_mismatch", .refused,
          files.map { "\($0.path) was edited after it had been applied to \($0.whom)" }.joined(
            separator: "\n"),
          hint: """
            put the file back as it was and write a new migration for the change, or accept the new text as it is with \
            'tenantctl migration repair \(files.first?.version.rawValue ?? "VERSION")'; nothing was run
            """)
      case .outOfOrder(let files):
        Self(
          "out_of_order", .refused, files.map(\.lateness).joined(separator: "\n"),
          hint: "give the file a later version, or leave out --strict; nothing was run")
      case .ledgerBeyond(let version, let tenants):
        Self(
          "ledger_beyond", .refused,
          "\(firstAndOthers(tenants)) \(tenants.count == 1 ? "has" : "have") migrations newer than \(version)",
          hint: "'tenantctl status --all' shows where each tenant is; nothing was changed")
      case .notReversible(let versions):
        Self(
          "not_reversible", .refused,
          "there is no down section to undo \(versions.map(\.rawValue).joined(separator: ", "))",
          hint: "write one under '-- migrate:down', or write a new migration instead; nothing was run")
      case .filesMissing(let versions):
        Self(
          "file_missing", .notFound,
          "there is no file any more to undo \(versions.map(\.rawValue).joined(separator: ", "))",
          hint: "get it back from version control, or write a new migration instead; nothing was run")
      case .migrationFailed(let failure): Self(migration: failure)
      case .importRefused(let problems): Self(importing: problems)
      case .historyRefused(let problems): Self(history: problems)
      case .foreignLedger(_, let tool, let columns):
        Self(
          "foreign_ledger", .failed,
          "the table that has the ledger's name is \(tool?.possessive ?? "another tool's") "
            + "(its columns are \(columns.joined(separator: ", ")))",
          hint: tool.advice)
      case .ledgerNotTrusted(let schema, let distrust):
        Self(
          "ledger_not_trusted", .refused,
          "the ledger of schema \(schema) is not trusted: \(distrust.sentence)",
          hint: distrust.hint(schema))
      case .schemaNotEnterable(let name, let schema):
        Self(
          "schema_not_enterable", .refused,
          "the schema \(schema) of tenant \(name) cannot be entered: PostgreSQL takes that name for the current role's schema",
          hint: "rename the schema with ALTER SCHEMA, and the tenant's row with it; nothing was changed")
      case .ledgerInUse(_, let tool):
        Self(
          "ledger_in_use", .failed,
          "the table that has the ledger's name is \(tool.possessive) own, by which the app itself migrates",
          hint: Optional(tool).advice)

      // Taking over
      case .schemaDiffers(let model, let difference):
        Self(
          "schema_differs", .failed,
          (["its tables differ from those of \(model)"] + difference.sentences(from: model)).joined(
            separator: "\n"),
          hint: "make them alike, or say what it has by itself: 'tenantctl adopt NAME --version VERSION'")
      case .schemaEmpty:
        Self(
          "schema_empty", .failed, "its schema has no tables, so there is nothing to take over",
          hint: "'tenantctl migrate NAME' makes them")
      case .nothingRecorded(let name, let hasLedger):
        Self(
          "nothing_recorded", .refused,
          hasLedger
            ? "the ledger of tenant \(name) has no migrations to go by"
            : "tenant \(name) has no ledger to go by",
          hint: hasLedger
            ? "'tenantctl migration baseline VERSION \(name)' records those that it has"
            : "'tenantctl adopt \(name) --version VERSION' gives it one first")
      case .migrationUnfinished(let name, let versions):
        Self(
          "migration_unfinished", .refused,
          "tenant \(name) has begun \(versions.map(\.rawValue).joined(separator: ", ")), and not finished it",
          hint: "'tenantctl migrate \(name)' finishes it")

      // SQL over the fleet
      case .scriptInvalid(let problem): Self(script: problem)
      case .execFailed(let failure): Self(exec: failure)
      case .columnsDiffer(let sets, let changesStay):
        Self(
          "columns_differ", .failed,
          "the tenants' results have different columns\(changesStay ? "; what the SQL has changed stays" : "")\n"
            + sets.map { "  \($0.columns.joined(separator: ", ")): \(named($0.tenants))" }
            .joined(separator: "\n"),
          hint: "name the columns in the SELECT, or run it for each of these groups of tenants")

      // The server
      case .changedMeanwhile:
        Self(
          "changed_meanwhile", .failed, "another session changed the same thing meanwhile",
          hint: "run it again")
      case .malformedConnection(let reason):
        Self(
          "malformed_url", .usage, "the database's URL cannot be understood: \(reason)",
          hint: "write it as postgresql://USER@HOST:PORT/DATABASE")
      case .cannotConnect(let reason):
        Self(
          "cannot_connect", .cannotConnect, "cannot connect to the database: \(reason)",
          hint: "check --database or DATABASE_URL, and that the server is up")
      case .connectionLost(let reason):
        Self(
          "connection_lost", .failed, "the connection to the server broke: \(reason)",
          hint: "run the same command again: what was committed stays, the rest is done anew")
      case .insufficientPrivilege(let failure):
        Self(
          "insufficient_privilege", .failed, failure.sentence,
          hint: "connect as the owner, or have it GRANTed; creating tenants needs CREATE on the database",
          sqlState: failure.sqlState)
      case .poolerInBetween:
        Self(
          "pooler_in_between", .failed,
          "a migration with transaction:false needs a session of its own, and there is a connection pooler in between",
          hint: "connect to PostgreSQL itself for this run: give its address with --database")
      case .locked(let failure):
        Self(
          "locked", .failed, "another session holds a lock that is needed: \(failure.message)",
          hint:
            "run it again when that session is done; lock_timeout in tenantctl.toml says how long to wait",
          sqlState: failure.sqlState)
      case .triggerFailed(let table, let failure):
        Self(
          "trigger_failed", .failed, "a trigger on \(table) failed: \(failure.message)",
          hint: """
            tenantctl runs with search_path = pg_catalog, so that nobody's objects are called by mistake: give the \
            trigger's function a path of its own, ALTER FUNCTION ... SET search_path TO public
            """, sqlState: failure.sqlState)
      case .server(let failure):
        Self("server", .failed, failure.sentence, hint: failure.hint, sqlState: failure.sqlState)
      }
  }
}

extension ServerFailure {
  /// The server's message, and its details on lines of their own.
  var sentence: String {
    ([message] + (detail.map { [$0] } ?? [])).joined(separator: "\n  ")
  }
}

extension MigrationOccurrence {
  fileprivate var whom: String { firstAndOthers(tenants) }
  /// That it is older than what tenants have.
  var lateness: String { "\(path) is older than the newest migration of \(whom)" }
}

/// `--set plan=VALUE --set seats=VALUE`.
func assignments(_ columns: [String]) -> String {
  columns.map { "--set \($0)=VALUE" }.joined(separator: " ")
}

/// What to do about a column that the registry cannot use.
private func advice(ofColumnOfType expected: String) -> String {
  expected == "boolean"
    ? "name another column under [registry.columns] in tenantctl.toml; deactivated = false says that there is none"
    : "name another column under [registry.columns] in tenantctl.toml"
}

/// `acme and 2 others`.
private func firstAndOthers(_ names: [String]) -> String {
  (names.first ?? "") + (names.count > 1 ? " and \(counted(names.count - 1, "other"))" : "")
}
