internal import Tenancy

extension SchemaDifference {
  /// What differs, a line each, the first few of them.
  func sentences(from model: TenantName) -> [String] {
    let lines =
      missing.map { "  missing: \($0.sentence)" } + extra.map { "  not in \(model): \($0.sentence)" }
      + changed.map {
        "  \($0.item.heading): \(brief($0.item.definition)); in \(model): \(brief($0.expected))"
      }
    let shown = 10
    return lines.count <= shown ? lines : lines.prefix(shown - 1) + ["  and \(lines.count - shown + 1) more"]
  }
}

extension SchemaItem {
  fileprivate var heading: String { "\(kind.rawValue) \(path)" }

  fileprivate var sentence: String {
    switch kind {
    case .column, .constraint, .type: "\(heading) \(brief(definition))"
    default: heading
    }
  }
}

extension MigrationTool {
  /// `Alembic's`, `Rails'`.
  var possessive: String { rawValue.hasSuffix("s") ? "\(rawValue)'" : "\(rawValue)'s" }
}

/// A definition on one line, and not more than fits there.
private func brief(_ definition: String) -> String {
  let line = definition.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  return line.count <= 100 ? line : "\(line.prefix(97))..."
}
