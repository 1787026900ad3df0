internal import Tenancy

/// What a tenant's program wrote.
struct ProgramRun: Sendable {
  var stdout = ""
  var stderr = ""
}

/// A tenant's program that did not exit with status 0.
struct ProgramFailed: Error {
  let program: String
  let end: ProgramEnd
  let run: ProgramRun
}

extension ErrorReport {
  init(program error: ProgramFailed) {
    let sentence =
      switch error.end {
      case .exited(let status): "\(error.program) exited with status \(status)"
      case .killed(let signal): "\(error.program) was killed by signal \(signal)"
      }
    self.init("program_failed", .failed, sentence)
  }
}

/// What `run` says in the end.
enum RunSummary {
  static func command(passingOn signal: @escaping @Sendable (Int32) -> Void) -> FleetCommand<ProgramRun> {
    FleetCommand(
      name: "run", statuses: ["done"], status: { _ in "done" }, details: { Details($0) }, passingOn: signal)
  }

  static func result(_ end: FleetEnd<ProgramRun>, _ session: Session) -> CommandResult {
    var result = end.result(end.document, session) { _ in [] }
    result.streamed = [.text, .ndjson]
    result.notes = [end.counts.sentence("done for \(counted(end.counts["done"], "tenant"))")]
    return result
  }

  private struct Details: Encodable, Sendable {
    let exitStatus: Int32?
    let stdout, stderr: String

    init(_ outcome: FleetOutcome<ProgramRun>) {
      let failure = outcome.failure as? ProgramFailed
      let run = outcome.value ?? failure?.run ?? ProgramRun()
      (stdout, stderr) = (run.stdout, run.stderr)
      exitStatus = outcome.isDone ? 0 : failure?.end.status
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
