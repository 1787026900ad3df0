internal import Tenancy

extension ErrorReport {
  /// Files of another tool's, each with its place and its way out.
  init(importing problems: [ImportProblem]) {
    self.init(
      "import_refused", .refused,
      "\(counted(problems.count, "problem")) in the files; nothing was written\n"
        + problems.map { "  \($0)\n    \($0.hint)" }.joined(separator: "\n"),
      hint: "mend them in a copy of the folder, and import that")
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
      "the history of \(counted(problems.count, "tenant")) cannot be taken over; nothing was written\n"
        + lines.joined(separator: "\n"),
      hint: "mend it with the other tool, or leave the tenant out with --exclude")
  }
}

extension HistoryProblem.Reason {
  fileprivate var sentence: String {
    switch self {
    case .missing(let table): "there is no table of the tool's: \(table)"
    case .unfinished(let version): "version \(version) failed half-way there, and is marked so"
    case .unknownVersion(let version): "it has version \(version), and no file has"
    case .edited(let path): "\(path) was edited after it had been applied"
    case .unknownKind(let kind, let version):
      "version \(version) is of the kind \(kind), which cannot be taken over"
    case .schema(let error): ErrorReport(error).message
    }
  }
}
