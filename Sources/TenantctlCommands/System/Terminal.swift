internal import Glibc

/// The standard streams, and whether they are terminals.
struct Terminal: Sendable {
  let stdinIsTerminal = isatty(STDIN_FILENO) == 1
  let stdoutIsTerminal = isatty(STDOUT_FILENO) == 1
  let stderrIsTerminal = isatty(STDERR_FILENO) == 1

  /// The width of the terminal in columns; 80 without one.
  var width: Int {
    var size = winsize()
    for descriptor in [STDOUT_FILENO, STDERR_FILENO]
    where ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 {
      return Int(size.ws_col)
    }
    return 80
  }

  /// Writes data to standard output, escaped only on a terminal. Throws `OutputClosed` on failure, such as a full disk.
  func write(_ text: String) throws {
    try Self.write(stdoutIsTerminal ? HarmlessText.of(text) : text, to: STDOUT_FILENO)
  }

  /// Writes lines of data to standard output.
  func write(lines: [String]) throws { try write(lines: lines, to: Output(isTerminal: stdoutIsTerminal)) }

  /// Writes text for people to standard output. It is escaped in a pipe too, whose output often ends up on a terminal.
  func show(lines: [String]) throws { try write(lines: lines, to: Output(isTerminal: true)) }

  private func write(lines: [String], to output: Output) throws {
    try Self.write(output) { output in
      for line in lines { output.write(line + "\n") }
    }
  }

  /// Writes to standard output in batches: the output of 10,000 tenants is not copied as a whole.
  func write(_ body: (inout Output) -> Void) throws {
    try Self.write(Output(isTerminal: stdoutIsTerminal), body)
  }

  private static func write(_ output: Output, _ body: (inout Output) -> Void) throws {
    var output = output
    body(&output)
    output.flush()
    if let failure = output.failure { throw failure }
  }

  /// Writes a line to standard error. A failure is ignored: it could not be reported.
  /// - Parameter isMessage: whether all lines but the first are indented, so that a value with a line break cannot imitate
  ///   another message.
  func note(_ line: String, isMessage: Bool = true) {
    writeError(HarmlessText.of(isMessage ? HarmlessText.indented(line) : line) + "\n")
  }

  /// Writes text with trusted control characters to standard error.
  func draw(_ text: String) {
    writeError(HarmlessText.colored(text))
  }

  private func writeError(_ text: String) {
    try? Self.write(text, to: STDERR_FILENO)
  }

  /// Asks on the terminal and reads a line; `nil` at the end of input.
  func ask(_ question: String) -> String? {
    writeError(HarmlessText.of(question))
    let line = readLine(strippingNewline: false)
    // At the end of input the terminal has shown no line end, and what follows is not part of the question.
    if line?.last?.isNewline != true { writeError("\n") }
    return line.map { String($0.prefix { !$0.isNewline }) }
  }

  /// Drops what was typed and is not read yet.
  func forgetInput() { tcflush(STDIN_FILENO, TCIFLUSH) }

  private static func write(_ text: String, to descriptor: Int32) throws {
    if descriptor == STDOUT_FILENO { InterruptionNotice.noteOutput() }
    let code = Files.write(text, to: descriptor)
    if code != 0 {
      throw OutputClosed(reason: String(cString: strerror(code)), isPipe: code == EPIPE)
    }
  }
}

extension Terminal {
  /// Buffered text for standard output.
  struct Output: TextOutputStream {
    private let isTerminal: Bool
    private var waiting = ""
    fileprivate private(set) var failure: (any Error)?

    fileprivate init(isTerminal: Bool) {
      self.isTerminal = isTerminal
    }

    mutating func write(_ text: String) {
      waiting += isTerminal ? HarmlessText.of(text) : text
      if waiting.utf8.count >= 65_536 { flush() }
    }

    fileprivate mutating func flush() {
      guard failure == nil, !waiting.isEmpty else { return }
      do { try Terminal.write(waiting, to: STDOUT_FILENO) } catch { failure = error }
      waiting.removeAll(keepingCapacity: true)
    }
  }
}

/// A failed write to standard output. (A closed pipe ends the program by SIGPIPE before that, unless a run goes on to the
/// last tenant.)
struct OutputClosed: Error {
  let reason: String
  /// Whether the reader of a pipe has ended, as `head` does: nobody misses the rest.
  var isPipe = false
  /// Whether it ended a run that only reads.
  var endedRead = false
}
