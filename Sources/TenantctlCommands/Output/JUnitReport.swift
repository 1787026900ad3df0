internal import Tenancy

/// The outcome of a run in JUnit's XML, which CI servers read as test results: each tenant is a test case.
struct JUnitReport {
  let text: String

  init<Value>(_ report: FleetReport<Value>, of name: String) {
    let outcomes = [report.shared].compactMap { $0 } + report.tenants
    let failures = outcomes.count { $0.failure != nil }
    let skipped = outcomes.count { !$0.isDone && $0.failure == nil }
    let counts = """
      name="tenantctl \(name)" tests="\(outcomes.count)" failures="\(failures)" errors="0" skipped="\(skipped)" \
      time="\(Self.seconds(report.duration))"
      """
    let suite = "<testsuite \(counts)>\n" + outcomes.map { Self.testCase($0, name) }.joined() + "</testsuite>"
    text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n\(suite)\n</testsuites>\n"
  }

  private static func testCase<Value>(_ outcome: FleetOutcome<Value>, _ name: String) -> String {
    let start = """
      <testcase classname="tenantctl.\(name)" name="\(escaped(outcome.label))" time="\(seconds(outcome.duration))"
      """
    switch outcome.status {
    case .done: return "\(start)/>\n"
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

/// `junit=FILE`, the file of a report.
struct ReportTarget: Sendable {
  let path: String

  init(parsing text: String) throws {
    let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
    guard parts.count == 2, parts[0] == "junit" else { throw Expected("junit=FILE") }
    path = parts[1]
  }
}
