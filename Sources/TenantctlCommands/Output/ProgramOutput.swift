internal import Synchronization
internal import Tenancy

/// Takes what a tenant's program writes: to print it line by line after the tenant's name, or to keep it for JSON.
final class ProgramOutput: Sendable {
  private let name: String
  private let session: Session
  private let progress: FleetProgress
  /// By stream: all of it, or the line that has not ended yet.
  private let pending = Mutex<[[UInt8]]>([[], []])

  init(of tenant: Tenant, _ session: Session, _ progress: FleetProgress) {
    // It begins each line.
    name = HarmlessText.withoutCommand("\(tenant.name)")
    self.session = session
    self.progress = progress
  }

  private var isKept: Bool { session.format == .json || session.format == .ndjson }

  func receive(_ stream: OutputStream, _ bytes: ArraySlice<UInt8>) {
    let whole = pending.withLock { pending -> [UInt8] in
      pending[stream.rawValue] += bytes
      guard !isKept, let end = bytes.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
      let rest = bytes.endIndex - end - 1
      let lines = pending[stream.rawValue].dropLast(rest)
      pending[stream.rawValue] = Array(pending[stream.rawValue].suffix(rest))
      return Array(lines)
    }
    if !whole.isEmpty { print(whole, to: stream) }
  }

  /// Ends lines that the program did not end, and returns what was kept.
  func finish() -> (stdout: String, stderr: String) {
    let rest = pending.withLock { pending in
      defer { pending = [[], []] }
      return pending
    }
    // Many readers of JSON take no NUL.
    let texts = rest.map {
      String(decoding: $0, as: UTF8.self).replacingScalars { $0 == "\0" ? "\u{FFFD}" : nil }
    }
    if isKept { return (texts[0], texts[1]) }
    for stream in [OutputStream.stdout, .stderr] where !rest[stream.rawValue].isEmpty {
      print(rest[stream.rawValue] + [UInt8(ascii: "\n")], to: stream)
    }
    return ("", "")
  }

  /// All the lines in one write, so that no other tenant's come between.
  private func print(_ lines: [UInt8], to stream: OutputStream) {
    let style = stream == .stdout ? session.style : session.errorStyle
    let dimmed = style.dim("\(name) |") + " "
    // What a program writes goes into a pipe as it is.
    let prefix =
      stream == .stdout && !session.terminal.stdoutIsTerminal ? HarmlessText.colored(dimmed) : dimmed
    let text = lines.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { "\(prefix)\(String(decoding: $0, as: UTF8.self))" }
    switch stream {
    case .stdout: progress.print(text.joined(separator: "\n") + "\n")
    case .stderr: progress.tell(lines: text)
    }
  }
}
