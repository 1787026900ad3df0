internal import SQLText

/// What does not go together with the transaction that a file runs in.
struct TransactionHazards {
  let words: SQLWords
  let isInTransaction: Bool
  /// Whether nothing but settings stands before it.
  let isOpening: Bool

  var hazards: [Hazard] {
    let checks: [(Hazard, Bool)] = [
      (.sessionSetting, isInTransaction && setsForSession), (.setTransaction, setsTransactionInVain),
      (.needsTransaction, isWithoutEffect),
      // DISCARD ALL is to be removed: it would reset the search path outside of a transaction, too.
      (.concurrently, isInTransaction && words.isRefusedInTransaction && !words.setsSearchPath),
    ]
    return checks.filter(\.1).map(\.0)
  }

  /// Whether its effect ends with its transaction, which is its own. Of SET TRANSACTION there is more to say.
  private var isWithoutEffect: Bool {
    guard !isInTransaction, let kind = words.transactionBound else { return false }
    return kind.hazard == .needsTransaction
  }

  private var setsForSession: Bool {
    guard let first = words.words.first, first.is("SET"), let second = words.words.dropFirst().first,
      !words.setsSearchPath, !words.setsTransaction
    else { return false }
    return !["LOCAL", "CONSTRAINTS"].contains(where: second.is) && !isOfDump
  }

  /// Whether it is one of the settings that pg_dump writes at the start of a script, for the script itself.
  private var isOfDump: Bool {
    guard words.words.count == 4, let value = words.words.last?.text else { return false }
    return Self.settingsOfDumps[words.words[1].name] == value.lowercased()
  }

  private static let settingsOfDumps = [
    "statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0",
    "transaction_timeout": "0", "client_encoding": "'utf8'", "standard_conforming_strings": "on",
    "check_function_bodies": "false", "xmloption": "content", "client_min_messages": "warning",
    "escape_string_warning": "off", "row_security": "off", "default_tablespace": "''",
    "default_table_access_method": "heap", "default_with_oids": "false",
  ]

  /// PostgreSQL takes it only before the first query, and nothing can be recorded in a transaction that is read-only.
  private var setsTransactionInVain: Bool {
    guard words.setsTransaction else { return false }
    return !isInTransaction || !isOpening && !isAccessMode || isReadOnly
  }

  private var isReadOnly: Bool {
    words.firstIndex(of: "READ", "ONLY") != nil
      || words.contains("TRANSACTION_READ_ONLY")
        && !words.words.contains { ["OFF", "'off'", "FALSE", "'false'", "0"].contains($0.text) }
  }

  private var isAccessMode: Bool {
    words.firstIndex(of: "READ", "WRITE") != nil && !words.contains("ISOLATION")
      || words.contains("TRANSACTION_READ_ONLY")
  }
}

extension SQLWords {
  /// Whether it sets or resets the search path, as a statement.
  var setsSearchPath: Bool {
    guard let first = words.first else { return false }
    if first.is("SELECT") || first.is("PERFORM") {
      return contains("SET_CONFIG") && words.contains { $0.text == "'search_path'" }
    }
    if first.is("RESET") || first.is("DISCARD"), words.count > 1, words[1].is("ALL") { return true }
    guard first.is("SET") || first.is("RESET") else { return false }
    return words.dropFirst().prefix(2).contains { $0.is("SEARCH_PATH") || $0.is("SCHEMA") }
  }
}
