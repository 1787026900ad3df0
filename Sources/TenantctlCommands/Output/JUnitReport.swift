internal import Tenancy

/// The outcome of a run in JUnit's XML, which CI servers read as test results: each tenant is a test case, or each file.
struct JUnitReport {
  let text: String

  fileprivate struct Case {
    let name: String
    var duration = Duration.zero
    var result = Result.passed

    enum Result {
      case passed, skipped
      case failed(type: String, message: String, text: String)

      var isFailure: Bool { if case .failed = self { true } else { false } }
    }
  }

  init<Value>(_ report: FleetReport<Value>, of name: String) {
    self.init(name, report.duration, report.all.map(Case.init))
  }

  /// The findings of `migration check`: each file is a test case.
  init(_ findings: [HazardFinding], in paths: [String], of name: String) {
    let found = Dictionary(grouping: findings, by: \.path)
    self.init(name, .zero, paths.map { Case(path: $0, found[$0] ?? []) })
  }

  private init(_ name: String, _ duration: Duration, _ cases: [Case]) {
    let failures = cases.count(where: \.result.isFailure)
    let skipped = cases.count { if case .skipped = $0.result { true } else { false } }
    let counts = """
      name="tenantctl \(name)" tests="\(cases.count)" failures="\(failures)" errors="0" skipped="\(skipped)" \
      time="\(Self.seconds(duration))"
      """
    text = Self.suite(counts, cases.map { Self.testCase($0, name) }.joined())
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

  private static func testCase(_ test: Case, _ name: String) -> String {
    let start = """
      <testcase classname="tenantctl.\(name.replacing(" ", with: "."))" name="\(escaped(test.name))" time="\(seconds(test.duration))"
      """
    switch test.result {
    case .passed: return "\(start)/>\n"
    case .skipped: return "\(start)><skipped/></testcase>\n"
    case .failed(let type, let message, let text):
      let failure = """
        <failure type="\(escaped(type))" message="\(escaped(message))">\(escaped(text))</failure>
        """
      return "\(start)>\(failure)</testcase>\n"
    }
  }

  private static func seconds(_ duration: Duration) -> String { "\(Double(duration.inMilliseconds) / 1000)" }

  /// XML 1.0 has no way to write most control characters (2.2 "Characters"); a line break in an attribute is a space
  /// unless it is written as a reference (3.3.3).
  private static func escaped(_ text: String) -> String {
    var result = ""
    var rest = text.unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\n", "\t": result += "&#\(scalar.value);"
      case "\u{FFFE}", "\u{FFFF}": result += VisibleText.escape(scalar, before: rest)
      case _ where VisibleText.isControl(scalar): result += VisibleText.escape(scalar, before: rest)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension JUnitReport.Case {
  fileprivate init<Value>(_ outcome: FleetOutcome<Value>) {
    self.init(name: outcome.label, duration: outcome.duration)
    switch outcome.status {
    case .done: break
    case .notRun: result = .skipped
    case .unfinished:
      result = .failed(
        type: "unfinished", message: "started, but not finished", text: "started, but not finished")
    case .failed(let error):
      let report = ErrorReport(error)
      result = .failed(type: report.code, message: report.message, text: report.cause)
    }
  }

  fileprivate init(path: String, _ findings: [HazardFinding]) {
    self.init(name: path)
    guard let first = findings.first else { return }
    let lines = findings.map { "\($0)" }
    result = .failed(type: first.hazard.rawValue, message: lines[0], text: lines.joined(separator: "\n"))
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
