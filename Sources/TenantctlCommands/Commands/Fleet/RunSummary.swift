internal import Tenancy

/// What a tenant's program did.
struct ProgramRun: Sendable {
  var stdout = ""
  var stderr = ""
}

/// A tenant's program that did not end with status 0.
struct ProgramFailed: Error {
  let program: String
  let end: ProgramEnd
  let run: ProgramRun
}

extension ErrorReport {
  init(program error: ProgramFailed) {
    let sentence =
      switch error.end {
      case .exited(let status): "\(error.program) ended with status \(status)"
      case .killed(let signal): "\(error.program) was ended by signal \(signal)"
      }
    self.init("program_failed", .failed, sentence)
  }
}

/// What `run` says in the end.
struct RunSummary {
  private let report: FleetReport<ProgramRun>

  init(_ report: FleetReport<ProgramRun>) {
    self.report = report
  }

  func result(_ session: Session, outputFailure: OutputClosed?) -> CommandResult {
    let summary = Summary(report)
    var result = CommandResult(Document(tenants: report.tenants.map(Entry.init), summary: summary)) { _ in []
    }
    result.streamed = [.text, .ndjson]
    result.notes = report.causes(session.errorStyle) + [summary.sentence(report.duration)]
    result.status = report.status
    if let outputFailure { result.add(outputFailure, session) }
    return result
  }

  private struct Document: Encodable, Sendable {
    let tenants: [Entry]
    let summary: Summary
  }

  struct Entry: Encodable, Sendable {
    let name: TenantName
    let schema: SchemaName
    let status: String
    let exitStatus: Int32?
    let stdout, stderr: String
    let durationMs: Int
    let error: ErrorReport.Document?

    init(_ outcome: FleetOutcome<ProgramRun>) {
      let failure = outcome.failure as? ProgramFailed
      let run = outcome.value ?? failure?.run ?? ProgramRun()
      name = outcome.tenant.name
      schema = outcome.tenant.schema
      (stdout, stderr) = (run.stdout, run.stderr)
      durationMs = outcome.duration.inMilliseconds
      error = outcome.failure.map { ErrorReport($0).document(of: outcome.tenant.name) }
      (status, exitStatus) =
        switch outcome.status {
        case .done: ("done", 0)
        case .failed: ("failed", failure?.end.status)
        case .notRun: ("not_run", nil)
        }
    }
  }

  private struct Summary: Encodable, Sendable {
    let total, done, failed, notRun: Int
    let durationMs: Int

    init(_ report: FleetReport<ProgramRun>) {
      total = report.tenants.count
      done = report.tenants.count { $0.value != nil }
      failed = report.failures.count
      notRun = total - done - failed
      durationMs = report.duration.inMilliseconds
    }

    func sentence(_ duration: Duration) -> String {
      var parts = ["done for \(counted(done, "tenant"))"]
      if failed > 0 { parts.append("\(failed) failed") }
      if notRun > 0 { parts.append("\(notRun) not run") }
      return "\(parts.joined(separator: ", ")) in \(durationText(duration))"
    }
  }
}

extension ProgramEnd {
  /// As a shell reports it: 128 + n after signal n.
  fileprivate var status: Int32 {
    switch self {
    case .exited(let status): status
    case .killed(let signal): 128 + signal
    }
  }
}
