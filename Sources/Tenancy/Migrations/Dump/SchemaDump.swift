internal import SQLText
internal import TenancyPostgres

/// A tenant's schema that an app made, to become a migration: what pg_dump is asked for, and what is made of its answer.
package struct SchemaDump: Sendable {
  /// The server's major version; an older pg_dump refuses it.
  package let server: Int
  /// What pg_dump's session has to set, as the database has it otherwise, by which pg_dump would write each backslash twice, or
  /// quote the names in strings, too.
  package let settings: [String]
  /// pg_dump's arguments. The tables that record migrations, of this tool and of others, are left out; so are owners,
  /// privileges, tablespaces and security labels, which are the server's and not the migration's.
  package let arguments: [String]
  /// Other tools' records of migrations in the schema.
  package let histories: [MigrationHistory]
  /// Extensions that are installed into the schema: no migration of a dump creates them.
  package let extensions: [String]
  /// Roles that own objects of the schema and are not trusted: their code would run in every tenant, as whoever migrates.
  package let strangers: [String]
  let tenant: Tenant
  /// The schemas of the other tenants.
  let others: Set<String>
  let unqualified: Unqualified
  let paths: [RoutinePath]

  /// The migration's file, and where it still names the schema, or another tenant's.
  ///
  /// Throws ``NothingDumped`` if the schema has nothing of its own.
  package func migration(
    from dump: [UInt8]
  ) throws(NothingDumped) -> (text: String, mentions: [SchemaTextMention]) {
    // The lines of \restrict and the comments are not statements.
    let statements = SQLScript(dump).statements.filter { !isOfTheSession($0) && !isOfTheSchema($0) }
    if statements.allSatisfy(\.isSetting) { throw NothingDumped(tenant: tenant.name) }
    let keepsMethod = statements.contains { $0.setsAccessMethod && !SQLWords($0).contains("HEAP") }
    let kept = statements.filter { keepsMethod || !$0.setsAccessMethod }
    // pg_dump sorts functions before the tables that their bodies name.
    let parts =
      ["SET LOCAL check_function_bodies = false;"] + kept.map { unqualified.text($0.text) }
      + [RoutinePath.statement(paths)].compactMap { $0 }
    let text = "\(MigrationDirection.up.marker)\n\(parts.joined(separator: "\n\n"))\n"
    return (text, (unqualified.mentions(in: text) + references(in: text)).sorted { $0.line < $1.line })
  }

  /// Where a statement refers to an object of another tenant's.
  private func references(in text: String) -> [SchemaTextMention] {
    var mentions: [SchemaTextMention] = []
    for statement in SQLScript(Array(text.utf8)).statements {
      let words = SQLWords(statement)
      let names = words.schemaQualifiedNames + words.embedded.flatMap(\.schemaQualifiedNames)
      for name in names where others.contains(name.schema) {
        mentions.append(
          SchemaTextMention(
            line: statement.location(ofByte: name.offset).line,
            excerpt: statement.excerpt(ofByte: name.offset),
            schema: SchemaName(stored: name.schema)))
      }
    }
    return mentions.uniqued()
  }

  /// Whether it only sets the session up for a restore, which tenantctl does itself.
  private func isOfTheSession(_ statement: SQLStatement) -> Bool {
    statement.isSetting && !statement.setsAccessMethod
      || statement.leadingKeywords.first == "SELECT" && SQLWords(statement).contains("SET_CONFIG")
  }

  /// Whether it makes the schema itself, or is about it.
  private func isOfTheSchema(_ statement: SQLStatement) -> Bool {
    ["CREATE", "ALTER"].contains { statement.leadingKeywords.starts(with: [$0, "SCHEMA"]) }
      || statement.leadingKeywords.starts(with: ["COMMENT", "ON", "SCHEMA"])
  }
}

/// A schema that has nothing that a migration could create.
package struct NothingDumped: Error {
  /// Whose it is.
  package let tenant: TenantName
}

extension SQLStatement {
  fileprivate var isSetting: Bool { leadingKeywords.first == "SET" }
  fileprivate var setsAccessMethod: Bool {
    leadingKeywords.starts(with: ["SET", "DEFAULT_TABLE_ACCESS_METHOD"])
  }
}

extension TenantDatabase {
  /// Prepares to make a migration of a tenant's schema. Nothing is dumped yet.
  ///
  /// Throws ``TenancyProblem``.
  package func schemaDump(of tenant: Tenant) async throws -> SchemaDump {
    let schema = tenant.schema
    let inspection = try await inspect([FleetMember(tenant: tenant, state: SchemaState(exists: true))])[
      schema]
    let path = try await frame().path
    let answers = try await connected { connection in
      try await connection.pipeline([
        """
        SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding') = 'SQL_ASCII'
        """, Self.names(in: schema),
        Self.excluded(recordsMigrations("c"), in: schema),
        """
        SELECT extname FROM pg_catalog.pg_extension
        WHERE extnamespace = to_regnamespace(\(schema.identifier.quoted)) ORDER BY 1
        """, Self.strangers(in: schema, trusted: self.ledgerTrust.owners),
        RoutinePath.query(schema, path),
        """
        SELECT s.name || '=' || w.value FROM pg_catalog.pg_settings s
        JOIN (VALUES ('standard_conforming_strings', 'on'), ('quote_all_identifiers', 'off')) AS w (name, value)
          ON w.name = s.name
        WHERE s.reset_val <> w.value ORDER BY 1
        """,
      ])
    }
    let others = try await tenants(in: FleetSelection(names: nil)).members.map(\.tenant.schema)
    let excluded = answers[2].compactMap { $0[0] }.map { "--exclude-table=\(schema.relation($0).quoted)" }
    let wait = limits.lock.map { ["--lock-wait-timeout=\($0.milliseconds)"] } ?? []
    let unqualified = Unqualified(schema: schema.rawValue, names: Set(answers[1].compactMap { $0[0] }))
    let (server, keepsBytes) = try answers[0][0].decode(Int.self, Bool.self)
    return SchemaDump(
      server: server, settings: answers[6].compactMap { $0[0] },
      arguments: [
        "--schema-only", "--no-owner", "--no-privileges", "--no-tablespaces", "--no-security-labels",
        // In a database of bytes of no encoding one such name, of whatever schema, would be an error of the whole dump.
        "--encoding=\(keepsBytes ? "SQL_ASCII" : "UTF8")", "--schema=\(schema.identifier.quoted)",
      ] + excluded + wait,
      histories: inspection?.histories ?? [], extensions: answers[3].compactMap { $0[0] },
      strangers: answers[4].compactMap { $0[0] }, tenant: tenant,
      others: Set(others.filter { $0 != schema && !settings.isShared($0) }.map(\.rawValue)),
      unqualified: unqualified, paths: try answers[5].map { try RoutinePath($0, unqualified) })
  }

  /// Of everything that SQL may name with its schema.
  private static func names(in schema: SchemaName) -> SQL {
    let catalogs: [(table: SQL, column: SQL)] = [
      ("pg_class", "rel"), ("pg_type", "typ"), ("pg_proc", "pro"), ("pg_collation", "coll"),
      ("pg_conversion", "con"), ("pg_ts_config", "cfg"), ("pg_ts_dict", "dict"), ("pg_ts_parser", "prs"),
      ("pg_ts_template", "tmpl"), ("pg_statistic_ext", "stx"), ("pg_opclass", "opc"), ("pg_opfamily", "opf"),
    ]
    let queries = catalogs.map { table, column -> SQL in
      """
      SELECT \(column)name FROM pg_catalog.\(table)
      WHERE \(column)namespace = to_regnamespace(\(schema.identifier.quoted))
      """
    }
    return SQL.joined(queries, by: "\nUNION ")
  }

  private static func strangers(in schema: SchemaName, trusted: SQL) -> SQL {
    """
    SELECT DISTINCT pg_get_userbyid(o.owner) FROM (
      SELECT relowner FROM pg_catalog.pg_class WHERE relnamespace = to_regnamespace(\(schema.identifier.quoted))
      UNION SELECT proowner FROM pg_catalog.pg_proc WHERE pronamespace = to_regnamespace(\(schema.identifier.quoted))
      UNION SELECT typowner FROM pg_catalog.pg_type WHERE typnamespace = to_regnamespace(\(schema.identifier.quoted))
    ) AS o (owner)
    WHERE o.owner NOT IN (\(trusted)) ORDER BY 1
    """
  }

  /// Tables and their sequences.
  /// - Parameter condition: on a row `c` of pg_class.
  private static func excluded(_ condition: SQL, in schema: SchemaName) -> SQL {
    """
    WITH tables AS (
      SELECT c.oid, c.relname FROM pg_catalog.pg_class c
      WHERE c.relnamespace = to_regnamespace(\(schema.identifier.quoted)) AND c.relkind IN ('r', 'p') AND \(condition))
    SELECT relname FROM tables UNION
    SELECT s.relname FROM tables t JOIN pg_catalog.pg_depend d ON d.refobjid = t.oid AND d.deptype IN ('a', 'i')
    JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S' AND d.classid = 'pg_catalog.pg_class'::regclass
    """
  }
}
