internal import Tenancy

/// A finding as a user meets it.
struct FindingReport: Sendable {
  /// For scripts; never changes.
  let code: String
  /// What is wrong with all findings of this code.
  let cause: String
  /// With what in particular.
  let subject: String
  /// What to do about it, with the command to run where there is one.
  let advice: String
  /// The same for several findings that differ in their subjects.
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
      case .schemaMissing(let tenant, let strays) where !strays.isEmpty:
        Self(
          "schema_missing", "the registry has the tenant, the database has no such schema",
          "\(tenant.name)", quoted(tenant.schema.rawValue)
        ) {
          """
          drop nothing yet: a schema that no tenant has may be this one, renamed; if so: ALTER SCHEMA \
          \(strays.count == 1 ? quoted(strays[0].rawValue) : "SCHEMA") RENAME TO \($0)
          """
        }
      case .schemaMissing(let tenant, _):
        Self(
          "schema_missing", "the registry has the tenant, the database has no such schema",
          "\(tenant.name)", tenant.name
        ) { "restore the schema from a backup, or remove the row with 'tenantctl drop \($0)'" }
      case .nameUnreadable(let tenant):
        Self(
          "name_unreadable",
          "the name of the tenant or of its schema is not UTF-8, so no command can name it",
          tenant.schema.rawValue == tenant.name.rawValue
            ? "\(tenant.name)" : "\(tenant.name) (\(tenant.schema))"
        ) { _ in "correct the row, and rename the schema, with psql and client_encoding SQL_ASCII" }
      case .schemaWithoutTenant(let schema, let resemblance, let bereft) where !bereft.isEmpty:
        Self(
          "schema_without_tenant", "the schema looks like a tenant's, and no tenant has it",
          "\(schema) (\(resemblance.sentence))", quoted(schema.rawValue)
        ) {
          """
          drop nothing yet: it may hold the data of a tenant without a schema (\(named(bereft.map(\.name)))); if so: \
          ALTER SCHEMA \($0) RENAME TO \(bereft.count == 1 ? quoted(bereft[0].schema.rawValue) : "NAME")
          """
        }
      case .schemaWithoutTenant(let schema, let resemblance, _):
        Self(
          "schema_without_tenant", "the schema looks like a tenant's, and no tenant has it",
          "\(schema) (\(resemblance.sentence))", quoted(schema.rawValue)
        ) { "look into it with psql; if it is a left-over: DROP SCHEMA \($0) CASCADE" }
      case .schemaShared(let schema, let tenants):
        Self(
          "schema_shared", "several tenants have one schema, and see each other's data",
          "\(schema) (\(named(tenants)))"
        ) { _ in "give all but one of them a schema of their own" }
      case .unsafeName(let tenant, let unquoted):
        Self(
          "unsafe_name", "without quotes, as flask-tenants writes it, the name does not mean this schema",
          "\(tenant.schema) (\(unquoted.sentence))", tenant.name
        ) { "'tenantctl rename \($0) NEW' gives it another name, unless your app quotes" }
      case .creationUnfinished(let schema):
        Self("creation_unfinished", "a create was interrupted, or is under way", "\(schema)", schema) {
          "'tenantctl create \($0)' starts over"
        }
      case .dropUnfinished(let name, _):
        Self(
          "drop_unfinished", "a drop was interrupted, or is under way: the row is gone, the schema is not",
          "\(name)", name
        ) { "'tenantctl drop \($0)' finishes it" }

      // Domains
      case .noDomain(let name):
        Self("no_domain", "the tenant has no domain", "\(name)", name) {
          "'tenantctl domain add \($0) HOST' gives it one"
        }
      case .noPrimaryDomain(let name, let domains):
        Self(
          "no_primary_domain", "none of the tenant's domains is the primary one",
          "\(name) (\(named(domains)))", domains.first?.rawValue ?? "HOST", or: "HOST"
        ) {
          domains.count == 1
            ? "it becomes the primary one" : "'tenantctl domain primary \($0)' makes it the one"
        }
      case .severalPrimaryDomains(let name, let domains):
        Self(
          "several_primary_domains", "several of the tenant's domains are primary",
          "\(name) (\(named(domains)))", domains.first?.rawValue ?? "HOST", or: "HOST"
        ) { "'tenantctl domain primary \($0)' leaves only this one" }
      case .domainNamesAnother(let domain, let name, let owner):
        Self(
          "domain_names_another", "the domain's row has another tenant's name than its key says",
          "\(domain) (\(name ?? "no name"), is \(owner)'s)"
        ) { _ in "the name is set to that of its tenant" }
      case .domainUnreadable(let domain, let owner):
        Self(
          "domain_unreadable", "the host name is not UTF-8, so no request can ask for it",
          "\(domain)\(owner.map { " (\($0))" } ?? "")"
        ) { _ in "correct the row with psql and client_encoding SQL_ASCII" }
      case .domainShared(let domain, let owners):
        Self(
          "domain_shared", "several rows have one host name, which can lead to one tenant only",
          "\(domain) (\(named(owners)))"
        ) { _ in onlyOneRow }
      case .domainWithoutTenant(let domain, let reference):
        Self(
          "domain_without_tenant", "the domain's row refers to a tenant that is not there",
          "\(domain) (\(reference ?? "no reference"))", domain, or: "HOST"
        ) { "'tenantctl domain remove \($0)' removes it" }

      // Ledgers
      case .noLedger(let tenant):
        Self("no_ledger", "the tenant has tables and no ledger", "\(tenant.name)", tenant.name) {
          "'tenantctl adopt \($0) --like ANOTHER' gives it one"
        }
      case .foreignLedger(let tenant, let tool):
        Self(
          "foreign_ledger", "the table that has the ledger's name is another tool's",
          "\(tenant.name)\(tool.map { " (\($0.possessive))" } ?? "")"
        ) { _ in tool.advice }
      case .ledgerNotTrusted(let tenant, let distrust):
        Self(
          "ledger_not_trusted", "the ledger is not trusted, so the tenant is not migrated",
          "\(tenant.name) (\(distrust.sentence))", tenant.schema, or: "SCHEMA"
        ) { distrust.hint($0) }
      case .schemaNotEnterable(let tenant):
        Self(
          "schema_not_enterable", "PostgreSQL takes the schema's name for the current role's schema",
          "\(tenant.name)", quoted(tenant.schema.rawValue), or: "SCHEMA"
        ) { "ALTER SCHEMA \($0) RENAME TO another name, and change the tenant's row with it" }
      case .ledgerUnreadable(let tenant, let error):
        Self(
          "ledger_unreadable", "the ledger cannot be read",
          "\(tenant.name) (\(ErrorReport(error).message.prefix { !$0.isNewline }))"
        ) { _ in "connect as its owner" }
      case .wrongHead(let tenant, let says, let has):
        Self(
          "wrong_head", "the comment on the ledger is not true, and migrate believes it",
          "\(tenant.name) (it says \(says.sentence); it has \(has.sentence))"
        ) { _ in "the comment is written anew" }
      case .migrationUnfinished(let tenant, let versions, let direction):
        Self(
          "migration_unfinished", "a migration outside of a transaction has stopped half-way, or is running",
          "\(tenant.name) (\(versions.map(\.rawValue).joined(separator: ", ")))", tenant.name
        ) { "'tenantctl \(direction == .up ? "migrate" : "rollback") \($0)' goes on with it" }

      // What is in the schemas
      case .invalidIndex(let tenant, let index, let kind):
        Self(
          "invalid_index", "the index is not valid: no query uses it, every write keeps it up",
          "\(tenant.schema).\(index)", tenant.name
        ) { kind.way($0) }
      case .extensionInTenant(let tenant, let name, let canMove):
        Self(
          "extension_in_tenant", "the extension lives in a tenant's schema, and goes when that is dropped",
          "\(tenant.schema).\(name)"
        ) { _ in canMove ? "it is moved to public" : "make it anew, in public: this one cannot be moved" }
      case .extensionOutOfReach(let found): .outOfReach(found)
      case .ownersDiffer(let tenant, let strays): .ownersDiffer(tenant, strays)

      // Privileges
      case .canCreateInShared(let schema, let creator): .canCreate(creator, inShared: schema)
      case .canCreateInTenants(let creator, let count, let first):
        .canCreate(creator, inTenants: count, first: first)
      case .canHookRegistry(let creator, let table): .canHook(creator, table)
      case .canWriteLedgers(let creator, let count, let first):
        .canWrite(creator, ledgers: count, first: first)
      case .powerfulConnection(let role, let power, let creators): .powerful(role, power, creators)

      // The server
      case .cannotCreateSchemas(let role, let database):
        Self("cannot_create_schemas", "the role may not create schemas, and so no tenants", role) { _ in
          "GRANT CREATE ON DATABASE \(quoted(database)) TO \(quoted(role))"
        }
      case .pooler(let shares):
        Self("pooler", "there is a connection pooler in between", poolerSentence(shares)) { _ in
          "migrations with transaction:false need the address of the server itself"
        }
      case .settingsLost:
        Self(
          "settings_lost", "the connection pooler does not keep a transaction together",
          "SET LOCAL is lost, and with it the tenant's schema"
        ) { _ in "set its pool_mode to transaction, or give the address of the server itself" }
      }
  }
}

/// What to do where several rows have one host name.
let onlyOneRow =
  "take out all but one of them with psql; 'tenantctl init --upgrade' adds the unique constraint, where it is missing"

/// A name in double quotes, as SQL takes it.
func quoted(_ name: String) -> String { "\"\(name.replacing("\"", with: "\"\""))\"" }

private func poolerSentence(_ shares: Bool?) -> String {
  shares.map { $0 ? "it shares sessions between clients" : "each client has a session of its own" }
    ?? "it is not known how it shares sessions"
}

extension Finding.InvalidIndex {
  fileprivate func way(_ tenant: String) -> String {
    switch self {
    case .unbuilt: "it is built anew, while the app reads and writes"
    case .leftover: "it is what a REINDEX has left behind, and is dropped"
    case .unfinishedMigration: "'tenantctl migrate \(tenant)' goes on with the migration that builds it"
    }
  }
}

extension MigrationTool? {
  /// What to do where the tool's table is in the ledger's place.
  var advice: String {
    self == .golangMigrate
      ? "'tenantctl migration import --from golang-migrate DIR --ledger' takes it over"
      : "give tenantctl a table of its own: ledger = \"tenantctl_migrations\" under [migrations] in tenantctl.toml"
  }
}

extension Finding.Resemblance {
  fileprivate var sentence: String {
    switch self {
    case .ledger: "it has a ledger"
    case .tables(let found, let common):
      "it has \(found) of the \(counted(common, "table")) that most tenants have"
    }
  }
}

extension Finding.UnquotedName {
  fileprivate var sentence: String {
    switch self {
    case .folded(let name): "becomes \(name)"
    case .refused: "a syntax error"
    }
  }
}
