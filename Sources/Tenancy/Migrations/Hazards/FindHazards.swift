internal import SQLText

extension MigrationSet {
  /// The hazards of all files, the shared ones first, in order. None of them keeps a file from running.
  ///
  /// A comment `-- tenantctl:allow HAZARD` silences a hazard: above a statement or in it for that statement, above the
  /// first one for the file.
  package var hazards: [HazardFinding] {
    Self.hazards(of: shared, isTenant: false) + Self.hazards(of: tenant, isTenant: true)
  }

  private static func hazards(of files: [MigrationFile], isTenant: Bool) -> [HazardFinding] {
    var tables: Set<String> = []
    return files.flatMap { file in
      if file.isEmptyByMistake {
        return [HazardFinding(hazard: .empty, path: file.path, location: .start, excerpt: "")]
      }
      let scripts = file.up.map { ($0, SQLWords($0)) }
      defer { for (_, words) in scripts { tables.note(words) } }
      let applying = scripts.flatMap { statement, words in
        file.findings(in: statement) {
          HazardRules(
            words: words, isTenant: isTenant, isInTransaction: file.upOptions.transaction,
            earlierTables: tables
          ).hazards
        }
      }
      // What undoes runs seldom, and then it has to run.
      let undoing = (file.down ?? []).flatMap { statement in
        file.findings(in: statement) {
          file.downOptions.transaction && SQLWords(statement).isRefusedInTransaction ? [.concurrently] : []
        }
      }
      return applying + undoing
    }
  }
}

extension MigrationFile {
  fileprivate func findings(in statement: SQLStatement, _ hazards: () -> [Hazard]) -> [HazardFinding] {
    hazards().filter { !allows($0, in: statement) }.map { hazard in
      HazardFinding(
        hazard: hazard, path: path, location: statement.location,
        excerpt: statement.excerpt(ofCharacter: 1))
    }
  }
}

extension Set<String> {
  /// Keeps up with the tables that a statement makes.
  fileprivate mutating func note(_ words: SQLWords) {
    guard words.words.first?.is("CREATE") ?? false, let index = words.firstIndex(of: "TABLE"), index <= 2,
      let name = words.name(at: index + 1)
    else { return }
    insert(name)
  }
}
