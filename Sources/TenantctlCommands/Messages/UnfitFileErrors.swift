internal import SQLText
internal import Tenancy

/// Files that can be read, but do not serve what they are to be used for.
extension ErrorReport {
  static func statementsWithoutEffect(_ statements: [StatementWithoutEffect]) -> ErrorReport {
    let locals = statements.contains { $0.kind == .setLocal }
    let others = statements.contains { $0.kind != .setLocal }
    let advice =
      (locals ? ["write SET instead of SET LOCAL: it lasts until the section ends"] : [])
      + (others
        ? [
          "remove \(locals ? "the other statements" : "it"), or move what belongs together to a file without transaction:false"
        ] : [])
    let version = statements.first?.version.rawValue ?? "VERSION"
    return ErrorReport(
      "needs_transaction", .usage,
      statements.map {
        """
        \($0.path):\($0.location.line):\($0.location.column): \($0.kind.rawValue) has no effect with transaction:false, as \
        each statement has a transaction of its own
        """
      }.joined(separator: "\n"),
      hint: """
        \(advice.joined(separator: "; ")). If tenants have the file already, 'tenantctl migration repair \(version)' accepts \
        the edited one; nothing was run
        """)
  }

  static func notReversible(_ versions: [UnknownVersion]) -> ErrorReport {
    ErrorReport(
      "not_reversible", .refused, "no down section to undo \(versions.withTenants)",
      hint: "write one under '-- migrate:down', or write a new migration instead; nothing was run")
  }

  static func filesMissing(_ versions: [UnknownVersion]) -> ErrorReport {
    ErrorReport(
      "file_missing", .notFound, "no file to undo \(versions.withTenants)",
      hint: "restore it from version control, or write a new migration instead; nothing was run")
  }
}
