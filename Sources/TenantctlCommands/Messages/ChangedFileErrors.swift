internal import Tenancy

extension ErrorReport {
  /// Files that were edited after they were applied, or are others of the same version.
  static func checksumMismatch(
    _ files: [MigrationOccurrence], _ recorded: [MigrationVersion: String]
  ) -> ErrorReport {
    let version = files.first?.version.rawValue ?? "VERSION"
    return ErrorReport(
      "checksum_mismatch", .refused,
      files.map { file in
        let tenants = firstAndOthers(file.tenants)
        return recorded[file.version].map {
          "\(file.path) was not applied to \(tenants), which got version \(file.version) from another file, named '\($0)'"
        } ?? "\(file.path) was edited after it was applied to \(tenants)"
      }.joined(separator: "\n"),
      hint: recorded.isEmpty
        ? """
        restore the file and write a new migration for the change, or accept the edited file with \
        'tenantctl migration repair \(version)'; nothing was run
        """
        : """
        give the file a later version, and restore the other one; if it is the same migration, renamed and edited: \
        'tenantctl migration repair \(version)'; nothing was run
        """)
  }

  /// Files that got their statements after they were applied.
  static func emptyWasApplied(_ files: [MigrationOccurrence]) -> ErrorReport {
    ErrorReport(
      "empty_was_applied", .refused,
      files.map {
        "\($0.path) was empty when it was applied to \(firstAndOthers($0.tenants)): its statements never ran there"
      }.joined(separator: "\n"),
      hint: """
        move the statements to a new migration, write '-- tenantctl:allow empty' in this one, and accept that with \
        'tenantctl migration repair \(files.first?.version.rawValue ?? "VERSION")'; nothing was run
        """)
  }

  /// Files that no longer say how they have to be finished.
  static func begunStatementwise(_ files: [MigrationOccurrence]) -> ErrorReport {
    ErrorReport(
      "begun_statementwise", .refused,
      files.map {
        "\($0.path) is half done in \(firstAndOthers($0.tenants)): it ran outside of a transaction, and now says it is one"
      }.joined(separator: "\n"),
      hint: "write transaction:false after its -- migrate: marker again, so that it goes on where it stopped",
      assurance: .nothingChanged)
  }
}
