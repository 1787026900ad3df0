internal import SQLText
internal import Tenancy

/// What a hazard is, in sentences without a full stop: the rule as `migration check`, its manual page and SARIF show it.
struct HazardSentences {
  /// What is looked for.
  let what: String
  /// Why it is a hazard.
  let why: String
  /// What to write instead.
  let instead: String
}

extension Hazard {
  /// Why it is one.
  var reason: String { sentences.why }
  /// What to write instead.
  var rewrite: String { sentences.instead }

  /// Its paragraph in the manual page.
  var manual: String {
    let sentences = sentences
    return """
      \(rawValue) (\(severity.rawValue)): \(sentences.what). Why: \(sentences.why). Instead: \(sentences.instead).
      """
  }

  /// The table of all rules.
  var sentences: HazardSentences {
    switch self {
    case .schemaName, .schemaReference, .catalogLookup: ofNamedSchemas
    case .databaseObject, .extensionSchema, .searchPath, .functionSearchPath, .ledgerChange: ofTenancy
    case .sessionSetting, .setTransaction, .needsTransaction, .concurrently, .empty, .markerWords:
      ofTransaction
    default: ofTraffic
    }
  }

  private var ofNamedSchemas: HazardSentences {
    switch self {
    case .schemaName:
      HazardSentences(
        what: """
          a tenant's file creates, changes or drops an object of a named schema, or writes rows to it; IMPORT FOREIGN SCHEMA \
          names one, too
          """,
        why: "the file runs in every tenant's schema, but this names one schema for all of them",
        instead: "omit the schema; statements for all tenants together belong in shared/")
    case .schemaReference:
      HazardSentences(
        what: """
          a tenant's file refers to an object of a named schema: in a query, a type, a foreign key, a function's body, or \
          a string such as nextval('public.s') or the argument 'other.tanks' of any function; what files of shared/ create in public may be named
          """,
        why: "this names one object for all tenants, which may be another tenant's",
        instead:
          "omit the schema, or allow it with '-- tenantctl:allow schema-reference' if the object is shared")
    default:
      HazardSentences(
        what: """
          a tenant's file looks for an object in a system catalog by its name, without its schema, such as IF NOT EXISTS \
          (SELECT 1 FROM pg_constraint WHERE conname = 'c')
          """,
        why: "it also finds the object of another tenant, and then leaves the change out",
        instead: """
          name the table, as in conrelid = 'tanks'::regclass, or the schema, as in table_schema = current_schema(); or \
          use IF NOT EXISTS of the statement itself
          """)
    }
  }

  private var ofTenancy: HazardSentences {
    switch self {
    case .databaseObject:
      HazardSentences(
        what: """
          a tenant's file creates, alters or drops what a database or a server has once: a schema, role, extension, \
          server, publication, subscription, event trigger, cast, language, access method or foreign data wrapper, a \
          setting of the database, of a role or of the system, or default privileges without IN SCHEMA; gives or takes \
          memberships of roles, or privileges on such an object; comments on one; or works on all schemas, as ANALYZE and \
          VACUUM without a table do, REINDEX SCHEMA or DATABASE, and ALTER TABLE, INDEX or MATERIALIZED VIEW with ALL IN \
          TABLESPACE
          """,
        why: "it concerns all tenants at once: after the first tenant it fails, or does the same again",
        instead: "move it to shared/, which runs once")
    case .extensionSchema:
      HazardSentences(
        what: "a tenant's file has CREATE EXTENSION without SCHEMA",
        why:
          "without SCHEMA the extension is created in the first tenant's schema, and dropped with that tenant",
        instead: "CREATE EXTENSION IF NOT EXISTS ... SCHEMA public, in shared/")
    case .searchPath:
      HazardSentences(
        what: "a statement sets search_path, or resets it, as RESET ALL and DISCARD ALL do, too",
        why: "the statements after it run in another schema than the tenant's",
        instead: "remove it: the search path is already the tenant's")
    case .functionSearchPath:
      HazardSentences(
        what: "a tenant's function has a search_path with a schema in it, or sets one in its body",
        why: "the function works in that schema, whichever tenant it belongs to",
        instead: "SET search_path FROM CURRENT, which is the tenant's own, or no SET")
    default:
      HazardSentences(
        what: "a statement changes tenantctl's ledger",
        why: "the ledger says which migrations a tenant has; migrate refuses a file that changes it",
        instead: "remove it; 'tenantctl migration baseline' and 'repair' change the ledger")
    }
  }

  private var ofTransaction: HazardSentences {
    switch self {
    case .sessionSetting:
      HazardSentences(
        what: "SET without LOCAL, except for the settings that pg_dump writes",
        why: "the setting ends with the file: a later file and the next tenant do not have it",
        instead: "SET LOCAL, which says so, in each file that needs the setting")
    case .setTransaction:
      HazardSentences(
        what: "SET TRANSACTION after another statement, in a file with transaction:false, or READ ONLY",
        why: """
          PostgreSQL takes it only before the first query of a transaction, and a migration cannot be recorded in a \
          transaction that is read-only
          """,
        instead: "put SET TRANSACTION ISOLATION LEVEL at the start of a file that is one transaction")
    case .needsTransaction:
      HazardSentences(
        what: """
          SET LOCAL, SET CONSTRAINTS, LOCK TABLE, SAVEPOINT, RELEASE, ROLLBACK TO, DECLARE without WITH HOLD or ON COMMIT \
          DROP, in a section with transaction:false
          """,
        why:
          "each statement has a transaction of its own there, so the effect ends before the next statement",
        instead: """
          write SET instead of SET LOCAL: it lasts until the section ends; move any other, with the statements that need it, \
          to a file without transaction:false
          """)
    case .concurrently:
      HazardSentences(
        what: "CONCURRENTLY, VACUUM or another statement that needs no transaction, in a file that is one",
        why: "PostgreSQL refuses this statement in a transaction",
        instead:
          "put it in its own file, with transaction:false after the section's '-- migrate:up' or '-- migrate:down'"
      )
    case .empty:
      HazardSentences(
        what: "a file without a statement that applies",
        why: "the file is recorded as applied, so statements that are added to it later never run",
        instead: "write its statements, or delete the file")
    default:
      HazardSentences(
        what: "a line '-- migrate:up' or '-- migrate:down' with words that are no options, such as a remark",
        why: "the words have no effect; an option has a colon and a value",
        instead: """
          write a remark on the next line; the options are transaction:false, lock_timeout:TIME and \
          statement_timeout:TIME
          """)
    }
  }

  private var ofTraffic: HazardSentences {
    switch self {
    case .notNull, .setNotNull, .columnType, .volatileDefault, .tableRewrite: ofColumns
    case .indexLock, .uniqueLock, .foreignKeyLock, .checkLock, .lockTable, .wholeTable: ofLocks
    default: ofNames
    }
  }

  private var ofColumns: HazardSentences {
    switch self {
    case .notNull:
      HazardSentences(
        what: "ADD COLUMN ... NOT NULL without a default",
        why: "it fails in every tenant whose table has a row",
        instead: "give it a DEFAULT, or ADD COLUMN without NOT NULL, fill it, and SET NOT NULL later")
    case .setNotNull:
      HazardSentences(
        what: "SET NOT NULL on a column without a valid CHECK (column IS NOT NULL)",
        why: "reads and writes of the table are blocked while all rows are checked",
        instead:
          "ADD CHECK (column IS NOT NULL) NOT VALID, VALIDATE CONSTRAINT in a later file, then SET NOT NULL")
    case .columnType:
      HazardSentences(
        what: "ALTER COLUMN TYPE, except to a longer varchar, to text and the like",
        why:
          "reads and writes of the table are blocked while it is rewritten, or its rows and indexes are checked",
        instead: "add a column of the new type, fill it in batches, let the app use it, then drop the old one"
      )
    case .volatileDefault:
      HazardSentences(
        what:
          "ADD COLUMN with a default that differs from row to row, an identity or a stored generated column",
        why: "reads of the table are blocked while the whole table is rewritten",
        instead: "ADD COLUMN without a default, then SET DEFAULT for new rows; fill existing rows in batches")
    default:
      HazardSentences(
        what: "VACUUM FULL, CLUSTER, SET LOGGED, SET TABLESPACE or SET ACCESS METHOD",
        why: "reads and writes of the table are blocked while it is rewritten",
        instead: "leave it to a maintenance window, or use pg_repack")
    }
  }

  private var ofLocks: HazardSentences {
    switch self {
    case .indexLock:
      HazardSentences(
        what: "CREATE INDEX or REINDEX without CONCURRENTLY",
        why: "writes to the table are blocked while the index is built",
        instead: "use CONCURRENTLY in a file of its own, with '-- migrate:up transaction:false'")
    case .uniqueLock:
      HazardSentences(
        what: "a UNIQUE, PRIMARY KEY or EXCLUDE constraint is added without USING INDEX",
        why: "reads and writes of the table are blocked while its index is built",
        instead: "CREATE UNIQUE INDEX CONCURRENTLY in a file before, then ADD CONSTRAINT ... USING INDEX")
    case .foreignKeyLock:
      HazardSentences(
        what: "a FOREIGN KEY is added without NOT VALID",
        why: "writes to both tables are blocked while all rows are checked",
        instead: "add it NOT VALID, and VALIDATE CONSTRAINT in a later file")
    case .checkLock:
      HazardSentences(
        what: "a CHECK is added without NOT VALID",
        why: "reads and writes of the table are blocked while all rows are checked",
        instead: "add it NOT VALID, and VALIDATE CONSTRAINT in a later file")
    case .lockTable:
      HazardSentences(
        what: "LOCK TABLE in a mode that stops reads or writes",
        why: "the lock lasts until the file's transaction ends",
        instead: "remove it, or lock only what the next statement needs")
    default:
      HazardSentences(
        what: "UPDATE or DELETE without WHERE",
        why: "every row is locked until the file's transaction ends, and the table grows by the old versions",
        instead: "change the rows in batches, with a script of 'tenantctl exec' or in the app")
    }
  }

  private var ofNames: HazardSentences {
    switch self {
    case .truncate:
      HazardSentences(
        what: "TRUNCATE",
        why: "all rows are deleted in every tenant, and reads are blocked until the file's transaction ends",
        instead: "delete the rows that are meant, or allow it if all are")
    case .rename:
      HazardSentences(
        what: "a table, view, column or enum value gets another name",
        why: "the running app uses the old name until it is deployed again",
        instead:
          "add the new one, let the app use both, then drop the old one; or leave a view with the old name")
    case .dropColumn:
      HazardSentences(
        what: "DROP COLUMN",
        why: "the running app may still read or write the column",
        instead: "deploy an app that does not use it first, then allow it")
    case .dropTable:
      HazardSentences(
        what: "DROP TABLE",
        why: "the running app may still use the table, and its rows are gone in every tenant",
        instead: "deploy an app that does not use it first, then allow it")
    default:
      HazardSentences(
        what: "DROP ... CASCADE",
        why:
          """
          it also drops whatever depends on it, such as views and foreign keys, which may differ between tenants; migrate \
          fails if that is outside of the tenant's schema
          """,
        instead: "drop what depends on it by name")
    }
  }
}

extension HazardFinding: CustomStringConvertible {
  /// `file:line:column: severity: hazard: reason`, as compilers write it.
  var description: String {
    "\(path):\(location.line):\(location.column): \(hazard.severity.rawValue): \(hazard.rawValue): \(hazard.reason)"
  }
}
