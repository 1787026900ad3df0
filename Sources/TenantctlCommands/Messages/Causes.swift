internal import Tenancy

/// The failure of a tenant, or of the shared schema.
struct TenantFailure {
  let name: String
  /// `nil` if it is not known.
  let schema: SchemaName?
  let error: any Error

  init(_ name: String, _ schema: SchemaName?, _ error: any Error) {
    (self.name, self.schema, self.error) = (name, schema, error)
  }

  init?<Value>(_ outcome: FleetOutcome<Value>) {
    guard let error = outcome.failure else { return nil }
    self.init(outcome.label.onOneLine, outcome.schema, error)
  }

  /// The failures by their causes, the most frequent first. The server's messages name the schema: those that differ only
  /// by it are one cause.
  static func grouped(_ failures: [TenantFailure]) -> [(cause: String, failures: [TenantFailure])] {
    let schemas = Set(failures.compactMap { $0.schema.map { Array($0.rawValue.utf8) } })
    let told = failures.enumerated().map { index, failure in
      ToldFailure(index: index, failure: failure, cause: ErrorReport(inFleet: failure.error).cause)
    }
    let causes = Dictionary(grouping: told, by: \.cause).values.sorted { $0[0].index < $1[0].index }
    let groups = Dictionary(grouping: causes) { $0[0].outline(schemas) }.values.flatMap(ToldFailure.merged)
    return groups.sorted { ($1.count, $0[0].cause) < ($0.count, $1[0].cause) }.map { members in
      let isOne = members.allSatisfy { $0.cause == members[0].cause }
      let remark =
        isOne
        ? "" : "\n(the message of \(members[0].failure.name); those of the others have their schema in it)"
      return (members[0].cause + remark, members.map(\.failure))
    }
  }
}

/// A failure with its message, in which the schema's name may occur.
private struct ToldFailure {
  let index: Int
  let failure: TenantFailure
  let cause: String
  private let text: [UInt8]
  private let schema: [UInt8]

  init(index: Int, failure: TenantFailure, cause: String) {
    (self.index, self.failure, self.cause) = (index, failure, cause)
    text = Array(cause.utf8)
    schema = failure.schema.map { Array($0.rawValue.utf8) } ?? []
  }

  /// The message without the schema's name and without each word that is another's schema: equal for those that may have
  /// one cause, so that not each has to be compared with each.
  func outline(_ schemas: Set<[UInt8]>) -> [UInt8] {
    var outline: [UInt8] = []
    var place = 0
    while place < text.count {
      let word = Array(text[place...].prefix(while: Self.isPart))
      if namesSchema(at: place) {
        outline.append(0)
        place += schema.count
      } else if word.isEmpty {
        outline.append(text[place])
        place += 1
      } else {
        outline += schemas.contains(word) ? [0] : word
        place += word.count
      }
    }
    return outline
  }

  /// Whether each has its own schema's name wherever the messages differ. Where both have the same word, it is not the
  /// schema's name: a statement that both have sent may have a column that is called like one of the tenants.
  private func hasCause(of other: ToldFailure) -> Bool {
    var (place, otherPlace) = (0, 0)
    while place < text.count, otherPlace < other.text.count {
      if namesSchema(at: place), other.namesSchema(at: otherPlace) {
        place += schema.count
        otherPlace += other.schema.count
      } else if text[place] == other.text[otherPlace] {
        place += 1
        otherPlace += 1
      } else {
        return false
      }
    }
    return place == text.count && otherPlace == other.text.count
  }

  private func namesSchema(at place: Int) -> Bool {
    guard !schema.isEmpty, text[place...].starts(with: schema) else { return false }
    let end = place + schema.count
    return (place == 0 || !Self.isPart(text[place - 1])) && (end == text.count || !Self.isPart(text[end]))
  }

  /// Whether it is a part of a word: a letter, beyond ASCII too, a digit or `_`.
  private static func isPart(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...: true
    default: false
    }
  }

  /// Groups of equal messages, made one where they have one cause.
  static func merged(_ causes: [[ToldFailure]]) -> [[ToldFailure]] {
    var groups: [[ToldFailure]] = []
    for cause in causes {
      if let index = groups.firstIndex(where: { $0[0].hasCause(of: cause[0]) }) {
        groups[index] += cause
      } else {
        groups.append(cause)
      }
    }
    return groups.map { $0.sorted { $0.index < $1.index } }
  }
}

/// Failures grouped by their cause: 500 tenants with one cause are one thing to fix.
func failureCauses(_ failures: [TenantFailure], _ style: Style) -> [String] {
  TenantFailure.grouped(failures).flatMap { cause, failures in
    [style.red("failed on \(counted(failures.count, "tenant")) (\(named(failures.map(\.name), upTo: 50))):")]
      + cause.textLines.filter { !$0.isEmpty }.map { "  \($0)" }
  }
}

/// That a run goes on with fewer tenants at a time than it was told to.
func fewerJobs(_ jobs: Int, _ problem: TenancyProblem) -> String {
  let reason = if case .cannotConnect(let failure) = problem { failure.message } else { "\(problem)" }
  return
    "the server has no connection for \(jobs) tenants at a time, so fewer run at once: \(reason.firstLine)"
}

/// That fewer programs run at a time than they were told to.
func fewerPrograms(_ jobs: Int, _ most: Int) -> String {
  let rest = most == 1 ? "they run one after another" : "\(most) run at once"
  return "the server has no connections for \(jobs) programs at a time, so \(rest)"
}

/// A tenant in which nothing can be done, such as one whose ledger cannot be read, in JSON.
struct FleetFailure: Encodable, Sendable {
  let name: String
  let error: ErrorReport.Document

  static func all(_ problems: [TenantFailure]) -> [FleetFailure] {
    problems.map { FleetFailure(name: $0.name, error: ErrorReport($0.error).document()) }
  }
}

/// The first few names, and `...` if there are more.
func named(_ names: [some CustomStringConvertible], upTo limit: Int = 5) -> String {
  names.prefix(limit).map(\.description).joined(separator: ", ") + (names.count > limit ? ", ..." : "")
}

extension ErrorReport {
  /// Without the tenant's name, so that tenants with one cause can be grouped.
  init(inFleet error: any Error) {
    switch error {
    case TenancyProblem.nameUnreadable:
      self.init(
        "name_unreadable", .failed,
        "its name or that of its schema is not valid UTF-8, so no statement can use it",
        hint: "\(FindingReport.unreadableNameAdvice); --exclude leaves the tenant out")
    case TenancyProblem.schemaMissing:
      self.init(
        "schema_missing", .failed, "its schema does not exist",
        hint: "unless another session has just dropped or renamed the tenant: \(missingSchemaHint("NAME"))")
    case TenancyProblem.tenantExists:
      self.init(
        "tenant_exists", .refused, "it already exists",
        hint: "--if-not-exists leaves existing tenants as they are")
    default: self.init(error)
    }
  }
}
