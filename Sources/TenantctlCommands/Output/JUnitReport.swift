internal import Synchronization
internal import Tenancy

/// The outcome of a run in JUnit's XML, which CI servers read as test results: each tenant is a test case.
struct JUnitReport {
  let text: String

  init<Value>(_ report: FleetReport<Value>, of name: String) {
    let outcomes = [report.shared].compactMap { $0 } + report.tenants
    let failures = outcomes.count { $0.failure != nil || $0.isUnfinished }
    let skipped = outcomes.count { !$0.isDone && !$0.isUnfinished && $0.failure == nil }
    let counts = """
      name="tenantctl \(name)" tests="\(outcomes.count)" failures="\(failures)" errors="0" skipped="\(skipped)" \
      time="\(Self.seconds(report.duration))"
      """
    text = Self.suite(counts, outcomes.map { Self.testCase($0, name) }.joined())
  }

  /// The report of a command that was about one tenant, and no run over the fleet.
  init(of name: String) {
    let counts = """
      name="tenantctl \(name)" tests="1" failures="0" errors="0" skipped="0" time="0.0"
      """
    text = Self.suite(counts, "<testcase classname=\"tenantctl\" name=\"\(name)\" time=\"0.0\"/>\n")
  }

  /// The report of a command that failed before its run.
  init(_ error: ErrorReport, of name: String) {
    let counts = """
      name="tenantctl \(name)" tests="1" failures="0" errors="1" skipped="0" time="0.0"
      """
    let testCase = """
      <testcase classname="tenantctl" name="\(name)" time="0.0"><error type="\(Self.escaped(error.code))" \
      message="\(Self.escaped(error.message))">\(Self.escaped(error.cause))</error></testcase>

      """
    text = Self.suite(counts, testCase)
  }

  private static func suite(_ counts: String, _ cases: String) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites>
    <testsuite \(counts)>
    \(cases)</testsuite>
    </testsuites>

    """
  }

  private static func testCase<Value>(_ outcome: FleetOutcome<Value>, _ name: String) -> String {
    let start = """
      <testcase classname="tenantctl.\(name.replacing(" ", with: "."))" name="\(escaped(outcome.label))" time="\(seconds(outcome.duration))"
      """
    switch outcome.status {
    case .done: return "\(start)/>\n"
    case .unfinished:
      return "\(start)><failure type=\"unfinished\" message=\"started, but not finished\"/></testcase>\n"
    case .notRun: return "\(start)><skipped/></testcase>\n"
    case .failed(let error):
      let report = ErrorReport(error)
      let failure = """
        <failure type="\(escaped(report.code))" message="\(escaped(report.message))">\(escaped(report.cause))</failure>
        """
      return "\(start)>\(failure)</testcase>\n"
    }
  }

  private static func seconds(_ duration: Duration) -> String { "\(Double(duration.inMilliseconds) / 1000)" }

  /// XML 1.0 has no way to write most control characters (2.2 "Characters"); a line break in an attribute is a space
  /// unless it is written as a reference (3.3.3).
  private static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result += "&#\(scalar.value);"
      case "\u{FFFE}", "\u{FFFF}": result += VisibleText.escape(scalar)
      case _ where VisibleText.isControl(scalar): result += VisibleText.escape(scalar)
      default: result.unicodeScalars.append(scalar)
      }
    }
  }
}

/// The file that `--report` names. It always tells of this call of the command: what an earlier one has left there is
/// replaced, also where the run is refused.
final class RunReport: Sendable {
  private let target: ReportTarget?
  private let isWritten = Mutex(false)

  init(_ target: ReportTarget?) {
    self.target = target
  }

  /// Empties the file. Throws `FileProblem` if it cannot be written.
  func begin() throws(FileProblem) {
    if let target { try Files.write(target.path, "") }
  }

  /// Throws `FileProblem`.
  func write(_ report: JUnitReport) throws(FileProblem) {
    guard let target else { return }
    isWritten.withLock { $0 = true }
    try Files.write(target.path, report.text)
  }

  /// Writes that a command without a run is done.
  func complete(_ status: ExitStatus, of command: [String]) {
    guard target != nil, status == .done, !isWritten.withLock({ $0 }) else { return }
    try? write(JUnitReport(of: command.joined(separator: " ")))
  }

  /// Writes why there was no run. A failure to write it is ignored: the error itself is told.
  func fail(_ error: ErrorReport, of command: [String]) {
    guard target != nil, !isWritten.withLock({ $0 }) else { return }
    try? write(JUnitReport(error, of: command.joined(separator: " ")))
  }
}

/// `junit=FILE`, the file of a report.
struct ReportTarget: Sendable {
  let path: String

  init(parsing text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == "junit" else { throw Expected("junit=FILE") }
    path = parts[1]
  }
}
