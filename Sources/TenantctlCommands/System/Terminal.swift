internal import Glibc

/// The three streams, and whether a person sits at them.
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

  /// Writes data to standard output: as it is, unless that is a terminal. Throws `OutputClosed` if it does not take it,
  /// as a full disk does not.
  func write(_ text: String) throws {
    try Self.write(stdoutIsTerminal ? HarmlessText.of(text) : text, to: STDOUT_FILENO)
  }

  /// Writes lines of data to standard output.
  func write(lines: [String]) throws { try write(lines: lines, to: Output(isTerminal: stdoutIsTerminal)) }

  /// Writes what people read to standard output. It is the same in a pipe, behind which there is often a terminal, or a
  /// log that will be shown on one.
  func show(lines: [String]) throws { try write(lines: lines, to: Output(isTerminal: true)) }

  private func write(lines: [String], to output: Output) throws {
    try Self.write(output) { output in
      for line in lines { output.write(line + "\n") }
    }
  }

  /// Writes to standard output in portions: what there is to say of ten thousand tenants is not copied as a whole.
  func write(_ body: (inout Output) -> Void) throws {
    try Self.write(Output(isTerminal: stdoutIsTerminal), body)
  }

  private static func write(_ output: Output, _ body: (inout Output) -> Void) throws {
    var output = output
    body(&output)
    output.flush()
    if let failure = output.failure { throw failure }
  }

  /// Writes a line to standard error. If even that fails there is nobody left to tell.
  /// - Parameter isMessage: whether what follows its first line is moved to the right: a value with a line break in it
  ///   cannot say what looks like a message of its own.
  func note(_ line: String, isMessage: Bool = true) {
    writeError(HarmlessText.of(isMessage ? HarmlessText.indented(line) : line) + "\n")
  }

  /// Writes to standard error what is all ours, control characters included.
  func draw(_ text: String) {
    writeError(HarmlessText.colored(text))
  }

  private func writeError(_ text: String) {
    try? Self.write(text, to: STDERR_FILENO)
  }

  /// Asks on the terminal and reads a line; `nil` at the end of input.
  func ask(_ question: String) -> String? {
    writeError(HarmlessText.of(question))
    return readLine()
  }

  private static func write(_ text: String, to descriptor: Int32) throws {
    var text = text
    try text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let start = rest.baseAddress, !rest.isEmpty {
        let count = Glibc.write(descriptor, start, rest.count)
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw OutputClosed(reason: String(cString: strerror(errno))) }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
    }
  }
}

extension Terminal {
  /// What is on its way to standard output.
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

/// Standard output did not take what was written. (A closed pipe ends the program by SIGPIPE before that.)
struct OutputClosed: Error {
  let reason: String
}
