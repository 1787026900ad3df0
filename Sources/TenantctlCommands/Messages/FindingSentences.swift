internal import Tenancy

/// A finding as it is shown.
struct FindingReport: Sendable {
  /// For scripts; never changes.
  let code: String
  /// The problem, the same for all findings of this code.
  let cause: String
  /// The object that has it.
  let subject: String
  /// What to do about it, with the command to run if one exists.
  let advice: String
  /// The advice for several findings that differ only in their subjects.
  let commonAdvice: String

  init(
    _ code: String, _ cause: String, _ subject: String, _ name: some CustomStringConvertible = "",
    or placeholder: String = "NAME", _ advice: (String) -> String
  ) {
    self.code = code
    self.cause = cause
    self.subject = subject
    self.advice = advice(name.description)
    commonAdvice = advice(placeholder)
  }

  /// The sentences of the core's findings: one exhaustive table.
  init(_ finding: Finding) {
    self =
      switch finding {
      // The registry
      case .schemaMissing(let tenant, let strays): .schemaMissing(tenant, strays)
      case .nameUnreadable(let tenant):
        Self(
          "name_unreadable",
          "the name of the tenant or of its schema is not valid UTF-8, so no command can use it",
          tenant.schema.rawValue == tenant.name.rawValue
            ? "\(tenant.name)" : "\(tenant.name) (\(tenant.schema))"
        ) { _ in Self.unreadableNameAdvice }
      case .schemaWithoutTenant(let schema, let resemblance, let candidates):
        .schemaWithoutTenant(schema, resemblance, candidates)
      case .nameShared(let name, let count):
        Self(
          "name_shared",
          "several rows of the registry have the name, so commands that need one tenant refuse it",
          "\(name) (\(count) rows)"
        ) { _ in namesakeAdvice }
      case .schemaShared(let schema, let tenants):
        Self(
          "schema_shared", "several tenants have the same schema and see each other's data",
          "\(schema) (\(named(tenants)))"
        ) { _ in "give all but one of them another schema" }
      case .schemaInSearchPath(let tenant):
        Self(
          "schema_in_search_path", "the search path of every tenant, or of every session, has the schema",
          "\(tenant.schema) (\(tenant.name))"
        ) { _ in "remove it from search_path in tenantctl.toml or of the database, or remove the tenant's row"
        }
      case .searchPathWithoutSchema(let schema):
        Self(
          "search_path_without_schema", "search_path in tenantctl.toml names a schema that does not exist",
          "\(schema)"
        ) { _ in "correct the name, or create the schema" }
      case .unsafeName(let tenant, let unquoted):
        Self(
          "unsafe_name",
          "an app that does not quote the name, such as flask-tenants, does not reach the schema",
          "\(tenant.schema) (\(unquoted.sentence))", tenant.name.word
        ) {
          tenant.nameIsInTheWay
            ? "unless your app quotes names: 'tenantctl rename \($0) NEW'"
            : "unless your app quotes names, rename the schema with ALTER SCHEMA, and change the tenant's row"
        }
      case .creationUnfinished(let schema):
        Self("creation_unfinished", "a create was interrupted, or is running", "\(schema)", schema.word) {
          "'tenantctl create \($0)' starts again, 'tenantctl drop \($0)' removes it"
        }
      case .dropUnfinished(let name):
        Self(
          "drop_unfinished", "a drop was interrupted, or is running: the schema still exists",
          "\(name)", name.word
        ) { "'tenantctl drop \($0)' finishes it" }
      case .dropMarked(let tenant): .dropMarked(tenant)
      case .notificationsOutdated(let table, let isBlocked):
        Self(
          "notifications_outdated",
          "the triggers that notify of changes are incomplete, disabled or out of date", table
        ) { _ in
          isBlocked
            ? "'tenantctl init --notify' says why they cannot be replaced" : "they are installed again"
        }

      // Domains
      case .noDomain(let name):
        Self("no_domain", "the tenant has no domain", "\(name)", name.word) {
          "'tenantctl domain add \($0) HOST' adds one"
        }
      case .noPrimaryDomain(let name, let domains, let isContested):
        Self(
          "no_primary_domain", "none of the tenant's domains is primary",
          "\(name) (\(named(domains)))", domains.first?.word ?? "HOST", or: "HOST"
        ) {
          if isContested { return onlyOneRow }
          return domains.count == 1
            ? "it is made primary" : "'tenantctl domain primary \($0)' makes it primary"
        }
      case .severalPrimaryDomains(let name, let domains):
        Self(
          "several_primary_domains", "several of the tenant's domains are primary",
          "\(name) (\(named(domains)))", domains.first?.word ?? "HOST", or: "HOST"
        ) { "'tenantctl domain primary \($0)' leaves only this one primary" }
      case .domainNamesAnother(let domain, let name, let owner, let stray):
        .domain(domain, named: name, of: owner, stray)
      case .domainUnreadable(let domain, let owner):
        Self(
          "domain_unreadable", "the host name is not valid UTF-8, so no request can match it",
          "\(domain)\(owner.map { " (\($0))" } ?? "")"
        ) { _ in "correct the row with psql and client_encoding SQL_ASCII" }
      case .domainNeverMatches(let domain, let owner):
        Self(
          "domain_never_matches", "no request can have this host name", "'\(domain)' (\(owner))", domain.word,
          or: "HOST"
        ) {
          """
          'tenantctl domain remove \($0)', and add the host name alone, in its xn-- form if it is not ASCII: no address, scheme, \
          port, space or asterisk
          """
        }
      case .domainShared(let domain, let owners):
        Self(
          "domain_shared", "several rows have the same host name, which can lead to one tenant only",
          "\(domain) (\(named(owners)))"
        ) { _ in onlyOneRow }
      case .domainWithoutTenant(let domain, let reference):
        Self(
          "domain_without_tenant", "the domain's row refers to a tenant that does not exist",
          "\(domain) (\(reference ?? "no reference"))", domain.word, or: "HOST"
        ) { "'tenantctl domain remove \($0)' removes it" }

      // Ledgers
      case .noLedger(let tenant):
        Self("no_ledger", "the tenant has tables but no ledger", "\(tenant.name)", tenant.name.word) {
          "'tenantctl adopt \($0) --like ANOTHER' creates one"
        }
      case .foreignLedger(let tenant, let tool):
        Self(
          "foreign_ledger", "the table with the ledger's name belongs to another tool",
          "\(tenant.name)\(tool.map { " (\($0.rawValue))" } ?? "")"
        ) { _ in tool.advice(in: tenant.schema) }
      case .ledgerNotTrusted(let tenant, let distrust):
        Self(
          "ledger_not_trusted", "the ledger is not trusted, so the schema is not migrated",
          "\(tenant.name) (\(distrust.sentence))", tenant.schema, or: "SCHEMA"
        ) { distrust.hint($0) }
      case .schemaNotEnterable(let tenant):
        Self(
          "schema_not_enterable", Self.notEnterable(tenant.schema),
          "\(tenant.name)", quoted(tenant.schema.rawValue), or: "SCHEMA"
        ) {
          tenant.schema.isImpossible
            ? "correct the tenant's row"
            : "ALTER SCHEMA \($0) RENAME TO another name, and change the tenant's row with it"
        }
      case .ledgerUnreadable(let tenant, let error):
        Self(
          "ledger_unreadable", "the ledger cannot be read",
          "\(tenant.name) (\(ErrorReport(error).message.prefix { !$0.isNewline }))"
        ) { _ in ErrorReport(error).hint ?? "connect as its owner" }
      case .ledgerWithoutKey(let tenant):
        Self(
          "ledger_without_key", "the ledger has no primary key, so two runs could apply one migration",
          "\(tenant.name)"
        ) { _ in "the key is added" }
      case .ledgersReplicated(let count, let first):
        Self(
          "ledger_replicated",
          "logical replication writes the ledger, but makes no tables: what it has need not be applied here",
          count == 1 ? "\(first)" : "\(counted(count, "ledger")), such as \(first)"
        ) { _ in "leave the ledgers out of the publication, and migrate the subscriber first" }
      case .wrongHead(let tenant, let says, let has):
        Self(
          "wrong_head", "the comment on the ledger is stale, and migrate trusts it",
          "\(tenant.name) (it says \(says.sentence); the ledger has \(has.sentence))"
        ) { _ in "the comment is written again" }
      case .migrationUnfinished(let tenant, let versions, let direction):
        Self(
          "migration_unfinished", "a migration outside of a transaction was interrupted, or is running",
          "\(tenant.name) (\(versions.map(\.rawValue).joined(separator: ", ")))",
          tenant.schema == .shared ? "--all" : tenant.name.word
        ) { "'tenantctl \(direction == .up ? "migrate" : "rollback") \($0)' resumes it" }

      // What is in the schemas
      case .invalidIndex(let tenant, let index, let kind):
        Self(
          "invalid_index", "the index is invalid: no query uses it, but every write updates it",
          kind.place(of: index, in: tenant.schema), tenant.name.word
        ) { kind.advice($0, index) }
      case .extensionInTenant(let tenant, let name, let home, let move):
        Self(
          "extension_in_tenant", "the extension is in a tenant's schema, and is dropped with it",
          "\(tenant.schema).\(name)"
        ) { _ in move.advice(home) }
      case .refersToTenants(let tenant, let references): .refersToTenants(tenant, references)
      case .extensionOutOfReach(let found): .outOfReach(found)
      case .ownersDiffer(let tenant, let strays): .ownersDiffer(tenant, strays)

      // Privileges
      case .canCreateInShared(let schema, let creator): .canCreate(creator, inShared: schema)
      case .canCreateInTenants(let creator, let count, let first):
        .canCreate(creator, inTenants: count, first: first)
      case .canHookRegistry(let creator, let table): .canHook(creator, table)
      case .hookedRegistry(let hook): .hooked(hook)
      case .canWriteLedgers(let creator, let count, let first):
        .canWrite(creator, ledgers: count, first: first)
      case .powerfulConnection(let role, let power, let creators): .powerful(role, power, creators)

      // The server
      case .readOnly(let isStandby):
        Self(
          "read_only", "nothing can be written",
          isStandby ? "the server is a standby" : "default_transaction_read_only is on"
        ) { _ in ServerFailure.readOnlyAdvice }
      case .cannotCreateSchemas(let role, let database):
        Self("cannot_create_schemas", "the role cannot create schemas, and so no tenants", role) { _ in
          "GRANT CREATE ON DATABASE \(quoted(database)) TO \(quoted(role))"
        }
      case .pooler(let shares):
        Self("pooler", "the connection goes through a pooler", poolerSentence(shares)) { _ in
          "migrations with transaction:false need a direct connection to the server"
        }
      case .settingsLost:
        Self(
          "settings_lost", "the connection pooler does not keep a transaction on one connection",
          "SET LOCAL is lost, and with it the tenant's schema"
        ) { _ in "set its pool_mode to transaction, or connect to the server directly" }
      }
  }

  static let unreadableNameAdvice =
    "correct the row, and rename the schema, with psql and client_encoding SQL_ASCII"
  static func notEnterable(_ schema: SchemaName) -> String {
    schema.isTooLong
      ? "its name is longer than 63 bytes, which PostgreSQL would cut"
      : schema.isImpossible
        ? "its name is one of PostgreSQL's own"
        : "in search_path PostgreSQL treats its name as the current role's schema"
  }
}

private func poolerSentence(_ shares: Bool?) -> String {
  shares.map { $0 ? "it shares sessions between clients" : "each client has its own session" }
    ?? "how it shares sessions is unknown"
}
