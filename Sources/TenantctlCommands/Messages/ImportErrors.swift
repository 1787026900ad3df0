internal import Tenancy

extension ErrorReport {
  /// Files of another tool that cannot be imported, each with its place and a hint.
  init(importing problems: [ImportProblem]) {
    self.init(
      "import_refused", .refused,
      "\(counted(problems.count, "problem")) in the files; nothing was written\n"
        + problems.map { "  \($0)\n    \($0.hint)" }.joined(separator: "\n"),
      hint: "fix them in a copy of the folder, and import that")
  }

  /// Tenants with the same problem are named together.
  init(history problems: [HistoryProblem]) {
    let causes = Dictionary(grouping: problems, by: \.reason.sentence)
    let lines = causes.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.map {
      sentence, problems in
      "  \(named(problems.map(\.tenant))): \(sentence)"
    }
    self.init(
      "history_refused", .refused,
      "the history of \(counted(problems.count, "tenant")) cannot be imported; nothing was written\n"
        + lines.joined(separator: "\n"),
      hint: "fix it with the other tool, or omit the tenant with --exclude")
  }
}

extension HistoryProblem.Reason {
  fileprivate var sentence: String {
    switch self {
    case .missing(let table): "the tool's table \(table) does not exist"
    case .notTrusted(let table, let distrust):
      "the tool's table \(table) is not trusted: \(distrust.sentence)"
    case .unfinished(let version): "version \(version) is marked as failed"
    case .unknownVersion(let version): "version \(version) is recorded, but no file has it"
    case .edited(let path): "\(path) was edited after it was applied"
    case .unknownKind(let kind, let version):
      "version \(version) is of the kind \(kind), which cannot be imported"
    case .schema(let error): ErrorReport(error).message
    }
  }
}
