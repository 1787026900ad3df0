internal import Postgres

/// What SQL that is not ours may leave in a session: settings, a role, prepared statements, temporary tables, locks. The
/// connection is for the next tenant then, who must not meet any of it.
enum SessionTraces {
  /// Takes them away at the end of a transaction: the parts of `DISCARD ALL` (PostgreSQL manual, "DISCARD"), which
  /// PostgreSQL refuses there; so it is the right session also behind a pooler. The encoding is libpq's.
  static let removal: [SQL] = [
    "RESET SESSION AUTHORIZATION", "RESET ROLE", "CLOSE ALL", "RESET ALL",
    "SET client_encoding TO 'UTF8'", "DEALLOCATE ALL", "UNLISTEN *", "SELECT pg_advisory_unlock_all()",
    "DISCARD TEMP",
  ]
}

extension Connection {
  /// Takes away what a transaction leaves that was rolled back: its prepared statements and advisory locks.
  func forgetTraces() async {
    // In a task of its own: this one may be cancelled, and could not talk to the server any more.
    _ = await Task { try? await transaction(SessionTraces.removal) }.value
  }
}

extension SQLStatement {
  /// Whether it may leave traces in its session. What reads, makes, changes and fills tables does not, as long as no
  /// function that it calls does.
  var mayLeaveTraces: Bool {
    guard let first = leadingKeywords.first, Self.harmless.contains(first) else { return true }
    let words = SQLWords(self)
    return ["TEMP", "TEMPORARY", "SET_CONFIG"].contains(where: words.contains)
      || words.words.contains {
        ["pg_advisory_lock", "pg_try_advisory", "pg_temp"].contains(where: $0.name.hasPrefix)
      }
  }

  private static let harmless: Set<String> = [
    "SELECT", "WITH", "VALUES", "TABLE", "SHOW", "EXPLAIN",
    "INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "LOCK",
    "CREATE", "ALTER", "DROP", "COMMENT", "GRANT", "REVOKE", "REFRESH", "ANALYZE", "SECURITY",
  ]
}
