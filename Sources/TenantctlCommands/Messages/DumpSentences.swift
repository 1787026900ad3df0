internal import Tenancy

extension ErrorReport {
  /// A `pg_dump` that the server does not take.
  init(_ error: PostgresDump.Outdated) {
    self.init(
      "program", .failed,
      "pg_dump \(error.version) cannot dump a server of version \(error.server)",
      hint: "put a pg_dump of version \(error.server) or newer first on PATH; nothing was written")
  }

  /// A `pg_dump` that failed.
  init(_ error: PostgresDump.Failed) {
    self.init(
      "program", .failed, error.message.isEmpty ? "pg_dump failed" : error.message,
      hint: "nothing was written")
  }
}

extension ErrorReport {
  /// A dump that no migration file can have.
  init(_: PostgresDump.NotUTF8) {
    self.init(
      "program", .failed,
      "the schema has a name or a text that is not valid UTF-8, as a migration file must be",
      hint: "correct it with psql and client_encoding SQL_ASCII; nothing was written")
  }

  /// A tenant without tables.
  init(_ error: NothingDumped) {
    self.init(
      "schema_empty", .failed, "the schema of \(error.tenant) has nothing to create; nothing was written",
      hint: "name a tenant whose tables an app has created")
  }
}

extension SchemaDump {
  /// What must be known before the migration is used.
  var warnings: [String] {
    Set(histories.map(\.tool)).sorted { $0.rawValue < $1.rawValue }.map { tool in
      let tables = histories.filter { $0.tool == tool }.map(\.table).joined(separator: ", ")
      return """
        \(tool.rawValue) migrates this schema (\(tables), left out): if it goes on doing so, do not use this file; create \
        tenants with --no-migrations and let \(tool.rawValue) make their tables
        """
    }
      + strangers.map {
        """
        role \($0.onOneLine) owns objects of this schema: the code in them, such as a function or an index's expression, would \
        run in every tenant as the role that migrates; read the file before you use it
        """
      }
      + extensions.map {
        """
        the extension \($0) is installed in the tenant's schema, and no migration creates it; move it: \
        ALTER EXTENSION \(quotedTable($0)) SET SCHEMA public
        """
      }
  }
}

extension SchemaTextMention {
  /// That a line of a file names the schema.
  func warning(_ path: String, _ tenant: Tenant) -> String {
    let what =
      schema == tenant.schema
      ? "this text names the schema \(schema.rawValue)"
      : "this refers to the schema of another tenant, \(schema.rawValue)"
    return "\(path):\(line): \(what), in every tenant: \(excerpt[...].trimmingWhitespace())"
  }
}
