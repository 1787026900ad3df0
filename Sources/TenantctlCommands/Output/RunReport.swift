internal import Synchronization

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
    try Files.write(target.path, report.text)
    isWritten.withLock { $0 = true }
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
